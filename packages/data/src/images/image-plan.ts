import { rand, type Generator } from "@tapegrad/tensor";

/**
 * What is to become of the images of a batch, before any of them is touched: each transform writes its part here, and
 * one loop (`render-images.ts`) then does all of it.
 *
 * Output pixel (i, j) of image n is source pixel (row[n] + i, column[n] + step[n] * j), or padding where the source has
 * none; its value is scale[c] * value + shift[c].
 */
export interface ImagePlan {
  readonly count: number;
  readonly channels: number;
  /** Size of the output so far. */
  height: number;
  width: number;
  readonly row: Int32Array;
  readonly column: Int32Array;
  /** 1, or -1 for an image that is mirrored. */
  readonly step: Int32Array;
  readonly scale: Float64Array;
  readonly shift: Float64Array;
  /** The value of padding, by channel. */
  readonly padding: Float64Array;
}

export interface ImageSize {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** The plan that only scales. */
export function newImagePlan(count: number, { channels, height, width }: ImageSize, scale: number): ImagePlan {
  return {
    count,
    channels,
    height,
    width,
    row: new Int32Array(count),
    column: new Int32Array(count),
    step: new Int32Array(count).fill(1),
    scale: new Float64Array(channels).fill(scale),
    shift: new Float64Array(channels),
    padding: new Float64Array(channels),
  };
}

/** Uniform numbers in [0, 1) on the host. */
export function uniforms(count: number, generator: Generator): ArrayLike<number> {
  const drawn = rand([count], { dtype: "float64", generator });
  const values = drawn.toTypedArray();
  drawn.storage.free();
  return values;
}
