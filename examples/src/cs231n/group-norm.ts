import type { Tensor } from "tapegrad";
import { normalizedRowsBackward } from "./layer-norm.ts";

export interface GroupNormCache {
  readonly gamma: Tensor;
  readonly deviation: Tensor;
  /** Normalised groups, [N G, C/G H W]. */
  readonly xHat: Tensor;
}

/** Each image normalised over groups of its channels: x [N, C, H, W], gamma [1, C, 1, 1], beta [1, C, 1, 1] -> [N, C, H, W]. */
export function groupNormForward(x: Tensor, gamma: Tensor, beta: Tensor, groups: number, eps = 1e-5): [out: Tensor, cache: GroupNormCache] {
  const rows = x.reshape([x.size(0) * groups, -1]);
  const centered = rows.sub(rows.mean({ dim: 1, keepdim: true }));
  const deviation = centered.square().mean({ dim: 1, keepdim: true }).add(eps).sqrt();
  const xHat = centered.div(deviation);
  const out = xHat.reshape(x.shape).mul(gamma).add(beta);
  return [out, { gamma, deviation, xHat }];
}

export function groupNormBackward(dOut: Tensor, { gamma, deviation, xHat }: GroupNormCache): [dX: Tensor, dGamma: Tensor, dBeta: Tensor] {
  const overImages = { dim: [0, 2, 3], keepdim: true };
  const dBeta = dOut.sum(overImages);
  const dGamma = dOut.mul(xHat.reshape(dOut.shape)).sum(overImages);
  const dRows = normalizedRowsBackward(dOut.mul(gamma).reshape(xHat.shape), deviation, xHat);
  return [dRows.reshape(dOut.shape), dGamma, dBeta];
}
