import { type NdArray, ndarray, requireShape } from "./nd-array.ts";

export interface DropoutCache {
  /** The factor of every element: 0 where it was dropped, 1 / (1 - p) where it was kept. */
  readonly factors: NdArray;
}

/**
 * Inverted dropout with a given mask, so that the result is not random: 1 keeps an element, 0 drops it.
 *
 * Shapes    x [...], mask [...] -> [...]
 * Throws    RangeError for p outside [0, 1], or a mask of another shape
 * Source    as PyTorch: p is the probability to drop (CS231n's p is the probability to keep)
 */
export function dropoutForward(x: NdArray, mask: NdArray, p: number): { out: NdArray; cache: DropoutCache } {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`dropout: p = ${p} must lie from 0 to 1`);
  requireShape("dropout", "mask", mask, x.shape);
  const scale = p === 1 ? 0 : 1 / (1 - p);
  const factors = ndarray(mask.data.map((keep) => keep * scale), x.shape);
  return { out: ndarray(x.data.map((value, i) => value * factors.data[i]!), x.shape), cache: { factors } };
}

/** Gradient  dX = dOut * factors. */
export function dropoutBackward(dOut: NdArray, cache: DropoutCache): { dX: NdArray } {
  const { factors } = cache;
  requireShape("dropoutBackward", "dOut", dOut, factors.shape);
  return { dX: ndarray(dOut.data.map((upstream, i) => upstream * factors.data[i]!), factors.shape) };
}
