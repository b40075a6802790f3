/**
 * Sums that Winograd's transforms cannot tell. They add up terms that cancel: where every product of a sum is zero, they leave a rest of
 * rounding, which a ReLU takes for positive and Adam for a gradient; and an infinity comes out as NaN, next to where it belongs too. So
 * every sum that is so small beside what it was made of that it may be such a rest, or is not a number, is computed anew as it is defined.
 */
import { getInt } from "./control";
import { CHANNELS, HEIGHT, IMAGES, LEFT, OUT_HEIGHT, OUT_WIDTH, OUTPUTS, TOP, WIDTH } from "./conv-job";
import { multiplyAdd } from "./multiply-add";

/**
 * A sum below 2^-15 (float64: 2^-44) of the norm of the 16 sums that it was made of. Rests of rounding are some 2^-22 of it; of random sums, one in
 * ten thousand is below.
 */
// @ts-ignore: decorator
@inline export function squaredTolerance<T>(): T {
  return sizeof<T>() == 8 ? <T>3.2311742677852644e-27 : <T>9.313225746154785e-10;
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
