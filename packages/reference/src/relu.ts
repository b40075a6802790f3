import { map } from "./broadcast.ts";
import { type NdArray, ndarray, requireShape } from "./nd-array.ts";

export interface ReluCache {
  readonly x: NdArray;
}

/** Negative numbers become 0; NaN stays NaN, and -0 stays -0. */
export function reluForward(x: NdArray): { out: NdArray; cache: ReluCache } {
  return { out: map((value) => (value < 0 ? 0 : value), x), cache: { x } };
}

/** Gradient  dX = dOut where x > 0, else 0; so 0 at the kink. */
export function reluBackward(dOut: NdArray, cache: ReluCache): { dX: NdArray } {
  const { x } = cache;
  requireShape("reluBackward", "dOut", dOut, x.shape);
  return { dX: ndarray(dOut.data.map((upstream, i) => (x.data[i]! > 0 ? upstream : 0)), x.shape) };
}
