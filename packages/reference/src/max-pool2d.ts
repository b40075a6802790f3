import { type NdArray, requireShape, zeros } from "./nd-array.ts";
import { forEachWindow, type Pool2dOptions, poolWindows } from "./pool-windows.ts";
import type { Pair } from "./window-axis.ts";

export interface MaxPool2dOptions extends Pool2dOptions {
  readonly dilation?: Pair;
}

export interface MaxPool2dCache {
  readonly xShape: readonly number[];
  readonly indices: NdArray;
}

/**
 * The largest element under each window.
 *
 * The first of equal elements wins, NaN propagates (the last one in a window gives the position), padding counts as -inf. `indices` says where each output came from,
 * counted within its plane [H, W]; -1 for a window whose taps all miss the input, which only dilation can bring about.
 *
 * Shapes    x [N, C, H, W] -> out and indices [N, C, OH, OW]
 * Throws    RangeError as poolWindows
 * Source    as PyTorch
 */
export function maxPool2dForward(
  x: NdArray,
  kernel: Pair,
  options: MaxPool2dOptions = {},
): { out: NdArray; indices: NdArray; cache: MaxPool2dCache } {
  const windows = poolWindows("maxPool2d", x, kernel, options);
  const out = zeros(windows.outShape);
  const indices = zeros(windows.outShape);
  forEachWindow(windows, ({ planeStart, outIndex, inputs }) => {
    let best = inputs.findLast((i) => Number.isNaN(x.data[i])) ?? inputs[0];
    for (const i of inputs) if (best !== undefined && x.data[i]! > x.data[best]!) best = i;
    out.data[outIndex] = best === undefined ? -Infinity : x.data[best]!;
    indices.data[outIndex] = best === undefined ? -1 : best - planeStart;
  });
  return { out, indices, cache: { xShape: windows.xShape, indices } };
}

/** Gradient  each dOut goes to the element that won; one that won several windows gets their sum. */
export function maxPool2dBackward(dOut: NdArray, cache: MaxPool2dCache): { dX: NdArray } {
  const { xShape, indices } = cache;
  requireShape("maxPool2dBackward", "dOut", dOut, indices.shape);
  const [, , height = 0, width = 0] = xShape;
  const [, , outHeight = 0, outWidth = 0] = indices.shape;
  const dX = zeros(xShape);
  dOut.data.forEach((upstream, i) => {
    const plane = Math.floor(i / (outHeight * outWidth));
    const index = indices.data[i]!;
    if (index >= 0) dX.data[plane * height * width + index]! += upstream;
  });
  return { dX };
}
