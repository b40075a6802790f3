import type { Tensor } from "tapegrad";

export interface LayerNormCache {
  readonly gamma: Tensor;
  readonly deviation: Tensor;
  readonly xHat: Tensor;
}

/** Batch norm turned on its side, each example normalised over its own features: x [N, D], gamma [D], beta [D] -> [N, D]. */
export function layerNormForward(x: Tensor, gamma: Tensor, beta: Tensor, eps = 1e-5): [out: Tensor, cache: LayerNormCache] {
  const centered = x.sub(x.mean({ dim: 1, keepdim: true }));
  const deviation = centered.square().mean({ dim: 1, keepdim: true }).add(eps).sqrt();
  const xHat = centered.div(deviation);
  return [gamma.mul(xHat).add(beta), { gamma, deviation, xHat }];
}

export function layerNormBackward(dOut: Tensor, { gamma, deviation, xHat }: LayerNormCache): [dX: Tensor, dGamma: Tensor, dBeta: Tensor] {
  const dBeta = dOut.sum({ dim: 0 });
  const dGamma = dOut.mul(xHat).sum({ dim: 0 });
  const dX = normalizedRowsBackward(dOut.mul(gamma), deviation, xHat);
  return [dX, dGamma, dBeta];
}

/** Gradient of rows [R, D] that were normalised, from that of the normalised rows. */
export function normalizedRowsBackward(dXHat: Tensor, deviation: Tensor, xHat: Tensor): Tensor {
  const mean = (rows: Tensor): Tensor => rows.mean({ dim: 1, keepdim: true });
  return dXHat.sub(mean(dXHat)).sub(xHat.mul(mean(dXHat.mul(xHat)))).div(deviation);
}
