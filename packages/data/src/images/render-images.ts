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
    const values = valuesOf(plan, source, channel, out);
    for (let image = 0; image < count; image++)
      renderChannel(plan, source, image, channel, values, out, (image * channels + channel) * height * width);
  }
}

/**
 * The values of a channel: floats are reckoned, bytes looked up. Which of the two is settled here, because asking
 * `instanceof` for every row takes a third of the time.
 */
interface ChannelValues {
  readonly bytes: Uint8Array | null;
  readonly floats: Floats;
  readonly table: Floats;
  readonly scale: number;
  readonly shift: number;
  readonly padding: number;
}

function valuesOf(plan: ImagePlan, { pixels }: ImageSource, channel: number, out: Floats): ChannelValues {
  const scale = plan.scale[channel] as number;
  const shift = plan.shift[channel] as number;
  const padding = plan.padding[channel] as number;
  const table = out instanceof Float32Array ? new Float32Array(256) : new Float64Array(256);
  if (!(pixels instanceof Uint8Array)) return { bytes: null, floats: pixels, table, scale, shift, padding };
  for (let value = 0; value < 256; value++) table[value] = scale * value + shift;
  return { bytes: pixels, floats: table, table, scale, shift, padding };
}

function renderChannel(
  { height, width, row, column, step }: ImagePlan,
  source: ImageSource,
  image: number,
  channel: number,
  values: ChannelValues,
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
  pad(out, values.padding, start, start + top * width);
  pad(out, values.padding, start + bottom * width, start + height * width);
  if (right - left === width && width === source.width && direction === 1) {
    const from = plane + (firstRow + top) * width;
    return mapPixels(values, from, 1, out, start + top * width, start + bottom * width);
  }
  for (let i = top; i < bottom; i++) {
    const from = plane + (firstRow + i) * source.width + firstColumn + direction * left;
    const to = start + i * width;
    pad(out, values.padding, to, to + left);
    mapPixels(values, from, direction, out, to + left, to + right);
    pad(out, values.padding, to + right, to + width);
  }
}

/** The part of [0, size) that lies in [begin, begin + length). */
function overlap(begin: number, length: number, size: number): [from: number, to: number] {
  const from = Math.min(size, Math.max(0, begin));
  return [from, Math.max(from, Math.min(size, begin + length))];
}

/** A loop, as `fill` is slow for a few elements, and on shared memory for many. */
function pad(out: Floats, value: number, to: number, end: number): void {
  for (let at = to; at < end; at++) out[at] = value;
}

function mapPixels(values: ChannelValues, from: number, direction: number, out: Floats, to: number, end: number): void {
  const { bytes, floats, table, scale, shift } = values;
  if (bytes !== null) return lookUp(bytes, from, direction, table, out, to, end);
  for (let at = to, pixel = from; at < end; at++, pixel += direction) out[at] = scale * (floats[pixel] as number) + shift;
}

/** Four at a time: half of what the plain loop does is going round. */
function lookUp(bytes: Uint8Array, from: number, direction: number, table: Floats, out: Floats, to: number, end: number): void {
  let at = to;
  let pixel = from;
  for (; at + 3 < end; at += 4, pixel += 4 * direction) {
    out[at] = table[bytes[pixel] as number] as number;
    out[at + 1] = table[bytes[pixel + direction] as number] as number;
    out[at + 2] = table[bytes[pixel + 2 * direction] as number] as number;
    out[at + 3] = table[bytes[pixel + 3 * direction] as number] as number;
  }
  for (; at < end; at++, pixel += direction) out[at] = table[bytes[pixel] as number] as number;
}
