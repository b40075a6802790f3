import type { ImagePlan, ImageSize } from "./image-plan.ts";

/** Images of bytes or floats, each channel-major and without gaps. */
export interface ImageSource extends ImageSize {
  readonly pixels: Uint8Array | Float32Array | Float64Array;
  /** Where each image begins. */
  readonly starts: ArrayLike<number>;
}

/** Carries out a plan: fills `out`, which has the plan's size, image by image and channel by channel. */
export function renderImages(plan: ImagePlan, source: ImageSource, out: Float32Array | Float64Array): void {
  if (source.pixels instanceof Uint8Array) renderBytes(plan, source, source.pixels, out);
  else renderFloats(plan, source, source.pixels, out);
}

/** A byte has 256 values: what becomes of them is worked out once per channel. */
function renderBytes(plan: ImagePlan, source: ImageSource, pixels: Uint8Array, out: Float32Array | Float64Array): void {
  const table = out instanceof Float32Array ? new Float32Array(256) : new Float64Array(256);
  for (let channel = 0; channel < plan.channels; channel++) {
    const scale = plan.scale[channel] as number;
    const shift = plan.shift[channel] as number;
    for (let value = 0; value < 256; value++) table[value] = scale * value + shift;
    forEachRow(plan, source, channel, out, (to, end, from, step) => {
      for (let at = to, pixel = from; at < end; at++, pixel += step) out[at] = table[pixels[pixel] as number] as number;
    });
  }
}

function renderFloats(
  plan: ImagePlan,
  source: ImageSource,
  pixels: Float32Array | Float64Array,
  out: Float32Array | Float64Array,
): void {
  for (let channel = 0; channel < plan.channels; channel++) {
    const scale = plan.scale[channel] as number;
    const shift = plan.shift[channel] as number;
    forEachRow(plan, source, channel, out, (to, end, from, step) => {
      for (let at = to, pixel = from; at < end; at++, pixel += step) out[at] = scale * (pixels[pixel] as number) + shift;
    });
  }
}

type FillRow = (to: number, end: number, from: number, step: number) => void;

/** Pads, and calls `fill` for the part of each output row that the source has. */
function forEachRow(
  { count, channels, height, width, row, column, step, padding }: ImagePlan,
  source: ImageSource,
  channel: number,
  out: Float32Array | Float64Array,
  fill: FillRow,
): void {
  const pad = padding[channel] as number;
  for (let image = 0; image < count; image++) {
    const direction = step[image] as number;
    const firstColumn = column[image] as number;
    // The output columns whose source column lies in [0, source.width).
    const edge = direction === 1 ? -firstColumn : firstColumn - source.width + 1;
    const left = Math.min(width, Math.max(0, edge));
    const right = Math.max(left, Math.min(width, edge + source.width));
    const plane = (source.starts[image] as number) + channel * source.height * source.width;
    let to = (image * channels + channel) * height * width;
    for (let i = 0; i < height; i++, to += width) {
      const sourceRow = (row[image] as number) + i;
      if (sourceRow < 0 || sourceRow >= source.height || left === right) {
        out.fill(pad, to, to + width);
        continue;
      }
      if (left > 0) out.fill(pad, to, to + left);
      if (right < width) out.fill(pad, to + right, to + width);
      fill(to + left, to + right, plane + sourceRow * source.width + firstColumn + direction * left, direction);
    }
  }
}
