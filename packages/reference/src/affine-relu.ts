import { type AffineCache, affineBackward, affineForward } from "./affine.ts";
import type { NdArray } from "./nd-array.ts";
import { type ReluCache, reluBackward, reluForward } from "./relu.ts";

export interface AffineReluCache {
  readonly affine: AffineCache;
  readonly relu: ReluCache;
}

/** Shapes    x [N, ...] with D numbers per example, w [D, M], b [M] -> [N, M] */
export function affineReluForward(x: NdArray, w: NdArray, b: NdArray): { out: NdArray; cache: AffineReluCache } {
  const affine = affineForward(x, w, b);
  const relu = reluForward(affine.out);
  return { out: relu.out, cache: { affine: affine.cache, relu: relu.cache } };
}

export function affineReluBackward(dOut: NdArray, cache: AffineReluCache): { dX: NdArray; dW: NdArray; dB: NdArray } {
  return affineBackward(reluBackward(dOut, cache.relu).dX, cache.affine);
}
