import type { ImagePlan, ImageSize } from "./image-plan.ts";

type Floats = Float32Array | Float64Array;

/** Images of bytes or floats, each channel-major and without gaps. */
export interface ImageSource extends ImageSize {
  readonly pixels: Uint8Array | Floats;
  /** Where each image begins. */
  readonly starts: ArrayLike<number>;
}

/** Carries out a plan: fills `out`, which has the plan's size, channel by channel and image by image. */
export function renderImages(plan: ImagePlan, source: ImageSource, out: Floats): void {
  const { count, channels, height, width } = plan;
  for (let channel = 0; channel < channels; channel++) {
    const values = valueMap(plan, channel, out);
    for (let image = 0; image < count; image++)
      renderChannel(plan, source, image, channel, values, out, (image * channels + channel) * height * width);
  }
}

/** What becomes of a value: of a float by arithmetic, of a byte by looking it up. */
interface ValueMap {
  readonly scale: number;
  readonly shift: number;
  readonly padding: number;
  readonly ofBytes: Floats;
}

function valueMap(plan: ImagePlan, channel: number, out: Floats): ValueMap {
  const scale = plan.scale[channel] as number;
  const shift = plan.shift[channel] as number;
  const ofBytes = out instanceof Float32Array ? new Float32Array(256) : new Float64Array(256);
  for (let value = 0; value < 256; value++) ofBytes[value] = scale * value + shift;
  return { scale, shift, padding: plan.padding[channel] as number, ofBytes };
}

function renderChannel(
  { height, width, row, column, step }: ImagePlan,
  source: ImageSource,
  image: number,
  channel: number,
  values: ValueMap,
  out: Floats,
  start: number,
): void {
  const direction = step[image] as number;
  const firstRow = row[image] as number;
  const firstColumn = column[image] as number;
  const plane = (source.starts[image] as number) + channel * source.height * source.width;
  // The output rows and columns whose pixels the source has; the others are padding.
  const [top, bottom] = overlap(-firstRow, source.height, height);
  const [left, right] = overlap(direction === 1 ? -firstColumn : firstColumn - source.width + 1, source.width, width);
  if (right - left < width || bottom - top < height) out.fill(values.padding, start, start + height * width);
  if (right - left === width && width === source.width && direction === 1) {
    const from = plane + (firstRow + top) * width;
    return mapValues(source.pixels, from, 1, values, out, start + top * width, start + bottom * width);
  }
  for (let i = top; i < bottom; i++) {
    const from = plane + (firstRow + i) * source.width + firstColumn + direction * left;
    mapValues(source.pixels, from, direction, values, out, start + i * width + left, start + i * width + right);
  }
}

/** The part of [0, size) that lies in [begin, begin + length). */
function overlap(begin: number, length: number, size: number): [from: number, to: number] {
  const from = Math.min(size, Math.max(0, begin));
  return [from, Math.max(from, Math.min(size, begin + length))];
}

function mapValues(
  pixels: ImageSource["pixels"],
  from: number,
  direction: number,
  { scale, shift, ofBytes }: ValueMap,
  out: Floats,
  to: number,
  end: number,
): void {
  if (pixels instanceof Uint8Array)
    for (let at = to, pixel = from; at < end; at++, pixel += direction) out[at] = ofBytes[pixels[pixel] as number] as number;
  else
    for (let at = to, pixel = from; at < end; at++, pixel += direction) out[at] = scale * (pixels[pixel] as number) + shift;
}
