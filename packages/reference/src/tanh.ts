import { map } from "./broadcast.ts";
import { type NdArray, ndarray, requireShape } from "./nd-array.ts";

export interface TanhCache {
  readonly out: NdArray;
}

export function tanhForward(x: NdArray): { out: NdArray; cache: TanhCache } {
  const out = map(Math.tanh, x);
  return { out, cache: { out } };
}

/** Gradient  dX = dOut * (1 - out²). */
export function tanhBackward(dOut: NdArray, cache: TanhCache): { dX: NdArray } {
  const { out } = cache;
  requireShape("tanhBackward", "dOut", dOut, out.shape);
  return { dX: ndarray(dOut.data.map((upstream, i) => upstream * (1 - out.data[i]! ** 2)), out.shape) };
}
