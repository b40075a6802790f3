import type { Tensor } from "tapegrad";
import { affineBackward, affineForward, type AffineCache } from "./affine.ts";
import { reluBackward, reluForward } from "./relu.ts";

export interface AffineReluCache {
  readonly affine: AffineCache;
  readonly relu: Tensor;
}

/** Two layers that often come together, as one. */
export function affineReluForward(x: Tensor, w: Tensor, b: Tensor): [out: Tensor, cache: AffineReluCache] {
  const [a, affine] = affineForward(x, w, b);
  const [out, relu] = reluForward(a);
  return [out, { affine, relu }];
}

export function affineReluBackward(dOut: Tensor, cache: AffineReluCache): [dX: Tensor, dW: Tensor, dB: Tensor] {
  const [dA] = reluBackward(dOut, cache.relu);
  return affineBackward(dA, cache.affine);
}
