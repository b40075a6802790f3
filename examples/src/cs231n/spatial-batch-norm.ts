import type { Tensor } from "tapegrad";
import { batchNormBackwardSimplified, batchNormForward, type BatchNormCache, type BatchNormParam } from "./batch-norm.ts";

/** [N, C, H, W] -> [N H W, C]: each pixel is an example, each channel a feature. */
function toRows(x: Tensor): Tensor {
  return x.permute([0, 2, 3, 1]).reshape([-1, x.size(1)]);
}

function fromRows(rows: Tensor, like: Tensor): Tensor {
  const [n = 0, c = 0, h = 0, w = 0] = like.shape;
  return rows.reshape([n, h, w, c]).permute([0, 3, 1, 2]);
}

/** Batch norm of images, statistics by channel: x [N, C, H, W], gamma [C], beta [C] -> [N, C, H, W]. */
export function spatialBatchNormForward(x: Tensor, gamma: Tensor, beta: Tensor, param: BatchNormParam): [out: Tensor, cache: BatchNormCache] {
  const [rows, cache] = batchNormForward(toRows(x), gamma, beta, param);
  return [fromRows(rows, x), cache];
}

export function spatialBatchNormBackward(dOut: Tensor, cache: BatchNormCache): [dX: Tensor, dGamma: Tensor, dBeta: Tensor] {
  const [dRows, dGamma, dBeta] = batchNormBackwardSimplified(toRows(dOut), cache);
  return [fromRows(dRows, dOut), dGamma, dBeta];
}
