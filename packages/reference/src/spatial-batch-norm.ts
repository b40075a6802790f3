import {
  type BatchNormCache,
  type BatchNormForward,
  type BatchNormGradients,
  batchNormBackwardSimplified,
  batchNormForward,
} from "./batch-norm.ts";
import { type NdArray, requireRank4, requireShape, reshape } from "./nd-array.ts";
import { permute } from "./permute.ts";

export interface SpatialBatchNormCache {
  readonly shape: readonly [number, number, number, number];
  readonly rows: BatchNormCache;
}

export interface SpatialBatchNormForward extends Omit<BatchNormForward, "cache"> {
  readonly cache: SpatialBatchNormCache;
}

/** [N, C, H, W] -> [N H W, C]: every pixel of every image becomes an example. */
function toRows(x: NdArray): NdArray {
  const [n, c, h, w] = requireRank4("spatialBatchNorm", "x", x);
  return reshape(permute(x, [0, 2, 3, 1]), [n * h * w, c]);
}

/** [N H W, C] -> [N, C, H, W]. */
function fromRows(rows: NdArray, [n, c, h, w]: SpatialBatchNormCache["shape"]): NdArray {
  return permute(reshape(rows, [n, h, w, c]), [0, 3, 1, 2]);
}

/**
 * Batch normalisation of images in training: statistics per channel, over batch, height and width.
 *
 * Shapes    x [N, C, H, W], gamma [C], beta [C] -> [N, C, H, W]
 * Throws    RangeError for x that is not 4-d, and as batchNormForward
 */
export function spatialBatchNormForward(x: NdArray, gamma: NdArray, beta: NdArray, eps = 1e-5): SpatialBatchNormForward {
  const shape = requireRank4("spatialBatchNorm", "x", x);
  const { out, cache, mean, variance } = batchNormForward(toRows(x), gamma, beta, eps);
  return { out: fromRows(out, shape), cache: { shape, rows: cache }, mean, variance };
}

export function spatialBatchNormBackward(dOut: NdArray, cache: SpatialBatchNormCache): BatchNormGradients {
  requireShape("spatialBatchNormBackward", "dOut", dOut, cache.shape);
  const { dX, dGamma, dBeta } = batchNormBackwardSimplified(toRows(dOut), cache.rows);
  return { dX: fromRows(dX, cache.shape), dGamma, dBeta };
}
