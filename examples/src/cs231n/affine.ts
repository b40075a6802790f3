import type { Tensor } from "tapegrad";

export interface AffineCache {
  readonly x: Tensor;
  readonly w: Tensor;
}

/** x [N, d1, ..., dk], w [d1 * ... * dk, M], b [M] -> [N, M]. */
export function affineForward(x: Tensor, w: Tensor, b: Tensor): [out: Tensor, cache: AffineCache] {
  const out = x.flatten(1).matmul(w).add(b);
  return [out, { x, w }];
}

export function affineBackward(dOut: Tensor, { x, w }: AffineCache): [dX: Tensor, dW: Tensor, dB: Tensor] {
  const dX = dOut.matmul(w.T).reshape(x.shape);
  const dW = x.flatten(1).T.matmul(dOut);
  const dB = dOut.sum({ dim: 0 });
  return [dX, dW, dB];
}
