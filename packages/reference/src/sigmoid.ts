import { map } from "./broadcast.ts";
import { type NdArray, ndarray, requireShape } from "./nd-array.ts";

export interface SigmoidCache {
  readonly out: NdArray;
}

/** 1 / (1 + exp(-x)), taken from the side where exp cannot overflow. */
function logistic(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const exponential = Math.exp(x);
  return exponential / (1 + exponential);
}

export function sigmoidForward(x: NdArray): { out: NdArray; cache: SigmoidCache } {
  const out = map(logistic, x);
  return { out, cache: { out } };
}

/** Gradient  dX = dOut * out * (1 - out). */
export function sigmoidBackward(dOut: NdArray, cache: SigmoidCache): { dX: NdArray } {
  const { out } = cache;
  requireShape("sigmoidBackward", "dOut", dOut, out.shape);
  return { dX: ndarray(dOut.data.map((upstream, i) => upstream * out.data[i]! * (1 - out.data[i]!)), out.shape) };
}
