import { type NdArray, requireShape, zeros, zerosLike } from "./nd-array.ts";
import { type Lanes, lanesOf } from "./offsets.ts";

export interface LogsumexpCache {
  readonly x: NdArray;
  readonly out: NdArray;
  readonly lanes: Lanes;
}

export interface LogsumexpOptions {
  /** Dimensions to reduce; all of them when absent. */
  readonly dims?: number | readonly number[];
  readonly keepdim?: boolean;
}

/**
 * log(sum of exp(x)) over some dimensions, the maximum subtracted first; -inf when every element is.
 *
 * Shapes    x [...] -> the dimensions kept (or, with keepdim, all of them, the reduced ones with length 1)
 */
export function logsumexpForward(x: NdArray, options: LogsumexpOptions = {}): { out: NdArray; cache: LogsumexpCache } {
  const lanes = lanesOf("logsumexp", x.shape, options.dims);
  const out = zeros(options.keepdim === true ? lanes.keepdimShape : lanes.keptShape);
  lanes.offsets.forEach((lane, position) => {
    const largest = lane.reduce((best, i) => Math.max(best, x.data[i]!), -Infinity);
    // An infinite maximum must not be subtracted: inf - inf is NaN.
    const shift = Math.abs(largest) === Infinity ? 0 : largest;
    let total = 0;
    for (const i of lane) total += Math.exp(x.data[i]! - shift);
    out.data[position] = shift + Math.log(total);
  });
  return { out, cache: { x, out, lanes } };
}

/** Gradient  dX = dOut * exp(x - out); 0 where every element was -inf. */
export function logsumexpBackward(dOut: NdArray, cache: LogsumexpCache): { dX: NdArray } {
  const { x, out, lanes } = cache;
  requireShape("logsumexpBackward", "dOut", dOut, out.shape);
  const dX = zerosLike(x);
  lanes.offsets.forEach((lane, position) => {
    const total = out.data[position]!;
    if (total === -Infinity) return;
    for (const i of lane) dX.data[i] = dOut.data[position]! * Math.exp(x.data[i]! - total);
  });
  return { dX };
}
