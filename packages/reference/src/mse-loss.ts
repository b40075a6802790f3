import type { Reduction } from "./class-targets.ts";
import { reduceLosses, upstreamOf } from "./loss-reduction.ts";
import { type NdArray, ndarray, requireShape, zerosLike } from "./nd-array.ts";

export interface MseLossCache {
  readonly difference: NdArray;
  readonly reduction: Reduction;
}

/**
 * Squared difference.
 *
 * Shapes    x [...], target [...] -> [] or, unreduced, [...]
 * Throws    RangeError when the shapes differ
 */
export function mseLossForward(x: NdArray, target: NdArray, reduction: Reduction = "mean"): { out: NdArray; cache: MseLossCache } {
  requireShape("mseLoss", "target", target, x.shape);
  const difference = ndarray(x.data.map((value, i) => value - target.data[i]!), x.shape);
  const losses = ndarray(difference.data.map((value) => value * value), x.shape);
  return { out: reduceLosses(losses, reduction, x.data.length), cache: { difference, reduction } };
}

/** Gradient  dX = 2 dOut (x - target), dTarget = -dX. */
export function mseLossBackward(dOut: NdArray, cache: MseLossCache): { dX: NdArray; dTarget: NdArray } {
  const { difference, reduction } = cache;
  const upstream = upstreamOf("mseLossBackward", dOut, difference.shape, reduction, difference.data.length);
  const dX = zerosLike(difference);
  const dTarget = zerosLike(difference);
  difference.data.forEach((value, i) => {
    dX.data[i] = 2 * value * upstream(i);
    dTarget.data[i] = -2 * value * upstream(i);
  });
  return { dX, dTarget };
}
