import { type NdArray, requireShape, zeros } from "./nd-array.ts";
import { forEachWindow, type Pool2dOptions, type PoolWindow, type PoolWindows, poolWindows } from "./pool-windows.ts";
import type { Pair, WindowAxis } from "./window-axis.ts";

export interface AvgPool2dOptions extends Pool2dOptions {
  /** Count the padding as elements that are 0; true by default. */
  readonly countIncludePad?: boolean;
  /** Divide every sum by this number. */
  readonly divisorOverride?: number;
}

export interface AvgPool2dCache {
  readonly windows: PoolWindows;
  readonly divisorOf: (window: PoolWindow) => number;
}

/** How many taps of a window lie on the padded input; the overhang that ceilMode brings is not part of it. */
function tapsOnPaddedInput(axis: WindowAxis, place: number): number {
  const start = place * axis.stride - axis.before;
  return Math.min(start + axis.kernel, axis.input + axis.after) - start;
}

/**
 * The mean of the elements under each window.
 *
 * Shapes    x [N, C, H, W] -> [N, C, OH, OW]
 * Throws    RangeError as poolWindows, and for divisorOverride 0
 * Source    as PyTorch
 */
export function avgPool2dForward(x: NdArray, kernel: Pair, options: AvgPool2dOptions = {}): { out: NdArray; cache: AvgPool2dCache } {
  const { countIncludePad = true, divisorOverride } = options;
  if (divisorOverride === 0) throw new RangeError("avgPool2d: divisorOverride = 0 must not be 0");
  const windows = poolWindows("avgPool2d", x, kernel, options);
  const divisorOf = ({ row, column, inputs }: PoolWindow): number => {
    if (divisorOverride !== undefined) return divisorOverride;
    if (!countIncludePad) return inputs.length;
    return tapsOnPaddedInput(windows.vertical, row) * tapsOnPaddedInput(windows.horizontal, column);
  };
  const out = zeros(windows.outShape);
  forEachWindow(windows, (window) => {
    const sum = window.inputs.reduce((total, i) => total + x.data[i]!, 0);
    out.data[window.outIndex] = sum / divisorOf(window);
  });
  return { out, cache: { windows, divisorOf } };
}

/** Gradient  each dOut, divided like its window, goes to all the elements under the window. */
export function avgPool2dBackward(dOut: NdArray, cache: AvgPool2dCache): { dX: NdArray } {
  const { windows, divisorOf } = cache;
  requireShape("avgPool2dBackward", "dOut", dOut, windows.outShape);
  const dX = zeros(windows.xShape);
  forEachWindow(windows, (window) => {
    for (const i of window.inputs) dX.data[i]! += dOut.data[window.outIndex]! / divisorOf(window);
  });
  return { dX };
}
