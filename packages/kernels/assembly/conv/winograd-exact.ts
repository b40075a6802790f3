/**
 * Sums that Winograd's transforms cannot tell. They add up terms that cancel: where every product of a sum is zero, they leave a rest of
 * rounding, which a ReLU takes for positive and Adam for a gradient; and an infinity comes out as NaN, next to where it belongs too. So
 * every sum that is so small beside what it was made of that it may be such a rest, or is not a number, is computed anew as it is defined.
 */
import { multiplyAdd } from "../math/multiply-add";
import { getInt } from "../runtime/control";
import { CHANNELS, HEIGHT, IMAGES, LEFT, OUT_HEIGHT, OUT_WIDTH, OUTPUTS, TOP, WIDTH } from "./job";

/**
 * Which part of the norm of the 16 sums that it was made of, squared, a sum must exceed to be told from a rest of rounding. Rests of n terms are up to
 * 2^-24.5 sqrt(n) (float64: 2^-53.5 sqrt(n)); the tolerance is more than ten times as much, but 2^-15 (2^-44) at most, for terms that are added up in parts.
 */
export function squaredTolerance<T>(terms: i32): T {
  const single = min(9.313225746154785e-10, 2.2737367544323206e-13 * <f64>max(16, terms));
  return sizeof<T>() == 8 ? <T>(single * 3.469446951953614e-18) : <T>single;
}

/**
 * One pixel of one output plane, without the bias, as the sum of all its products. Steps of the weights in elements as in `correlate`.
 * Products with the padding are left out.
 */
export function exactOutput<T>(
  source: usize, weights: usize, outputStep: i32, channelStep: i32, tapStep: i32, image: i32, output: i32, y: i32, x: i32,
): T {
  const channels = getInt(CHANNELS), height = getInt(HEIGHT), width = getInt(WIDTH);
  const top = y - getInt(TOP), left = x - getInt(LEFT);
  const firstY = max(0, -top), lastY = min(3, height - top), firstX = max(0, -left), lastX = min(3, width - left);
  let plane = source + <usize>(image * channels * height) * <usize>width * sizeof<T>(), sum: f64 = 0;
  let taps = weights + <usize>(output * outputStep) * sizeof<T>();
  for (let c = 0; c < channels; c++) {
    for (let ky = firstY; ky < lastY; ky++) {
      for (let kx = firstX; kx < lastX; kx++) {
        const pixel = load<T>(plane + <usize>((top + ky) * width + left + kx) * sizeof<T>());
        sum += <f64>pixel * <f64>load<T>(taps + <usize>((3 * ky + kx) * tapStep) * sizeof<T>());
      }
    }
    // It stays one.
    if (sum != sum) break;
    plane += <usize>(height * width) * sizeof<T>();
    taps += <usize>channelStep * sizeof<T>();
  }
  return <T>sum;
}

/** A gradient that is not zero, in the list of those of one output. */
@unmanaged class Gradient {
  image: i32;
  y: i32;
  x: i32;
  value: f64;
}
/** A list has no more; it lies in the scratch. */
export const MOST_GRADIENTS: i32 = 4096;
export const GRADIENT_BYTES: i32 = <i32>offsetof<Gradient>();

/** How many gradients of an output are not zero; more than `MOST_GRADIENTS` only means too many. */
export function countGradients<T>(dOut: usize, output: i32): i32 {
  const outputs = getInt(OUTPUTS), pixels = getInt(OUT_HEIGHT) * getInt(OUT_WIDTH);
  let count = 0;
  for (let image = 0; image < getInt(IMAGES) && count <= MOST_GRADIENTS; image++) {
    const plane = dOut + <usize>(image * outputs + output) * <usize>pixels * sizeof<T>();
    for (let i = 0; i < pixels; i++) count += i32(load<T>(plane + <usize>i * sizeof<T>()) != 0);
  }
  return count;
}

/** Writes the list of an output's gradients. */
export function listGradients<T>(dOut: usize, output: i32, list: usize): void {
  const outputs = getInt(OUTPUTS), height = getInt(OUT_HEIGHT), width = getInt(OUT_WIDTH);
  for (let image = 0; image < getInt(IMAGES); image++) {
    let at = dOut + <usize>(image * outputs + output) * <usize>(height * width) * sizeof<T>();
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const value = load<T>(at);
        at += sizeof<T>();
        if (value == 0) continue;
        const gradient = changetype<Gradient>(list);
        gradient.image = image; gradient.y = y; gradient.x = x; gradient.value = <f64>value;
        list += GRADIENT_BYTES;
      }
    }
  }
}

/** `exactWeight` by the list of the output's gradients, where all pixels are finite: the zeros add nothing. */
export function exactWeightOf<T>(list: usize, count: i32, x: usize, channel: i32, ky: i32, kx: i32): T {
  const channels = getInt(CHANNELS), height = getInt(HEIGHT), width = getInt(WIDTH), top = ky - getInt(TOP), left = kx - getInt(LEFT);
  let sum: f64 = 0;
  for (let i = 0; i < count; i++) {
    const gradient = changetype<Gradient>(list + <usize>(i * GRADIENT_BYTES)), row = gradient.y + top, column = gradient.x + left;
    if (<u32>row >= <u32>height || <u32>column >= <u32>width) continue;
    sum += gradient.value * <f64>load<T>(x + (<usize>((gradient.image * channels + channel) * height + row) * <usize>width + <usize>column) * sizeof<T>());
  }
  return <T>sum;
}

/** One element of the weight gradient: the sum over all images and pixels, but those whose tap meets the padding. */
export function exactWeight<T>(dOut: usize, x: usize, output: i32, channel: i32, ky: i32, kx: i32): T {
  const lanes = <i32>(16 / sizeof<T>()), channels = getInt(CHANNELS), outputs = getInt(OUTPUTS);
  const height = getInt(HEIGHT), width = getInt(WIDTH), outHeight = getInt(OUT_HEIGHT), outWidth = getInt(OUT_WIDTH);
  const top = ky - getInt(TOP), left = kx - getInt(LEFT);
  const firstY = max(0, -top), lastY = min(outHeight, height - top), firstX = max(0, -left), count = min(outWidth, width - left) - firstX;
  let sum: f64 = 0;
  for (let image = 0; image < getInt(IMAGES) && sum == sum; image++) {
    const gradients = dOut + <usize>((image * outputs + output) * outHeight) * <usize>outWidth * sizeof<T>();
    const pixels = x + <usize>((image * channels + channel) * height) * <usize>width * sizeof<T>();
    let some = v128.splat<T>(0);
    for (let y = firstY; y < lastY; y++) {
      const a = gradients + <usize>(y * outWidth + firstX) * sizeof<T>(), b = pixels + <usize>((y + top) * width + firstX + left) * sizeof<T>();
      let i = 0;
      for (; i + lanes <= count; i += lanes) some = multiplyAdd<T>(some, v128.load(a + <usize>i * sizeof<T>()), v128.load(b + <usize>i * sizeof<T>()));
      for (; i < count; i++) sum += <f64>load<T>(a + <usize>i * sizeof<T>()) * <f64>load<T>(b + <usize>i * sizeof<T>());
    }
    sum += <f64>v128.extract_lane<T>(some, 0) + <f64>v128.extract_lane<T>(some, 1);
    if (sizeof<T>() == 4) sum += <f64>v128.extract_lane<T>(some, 2) + <f64>v128.extract_lane<T>(some, 3);
  }
  return <T>sum;
}
