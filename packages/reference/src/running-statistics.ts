import { type NdArray, ndarray, requireShape } from "./nd-array.ts";

export interface RunningStatistics {
  readonly mean: NdArray;
  readonly variance: NdArray;
  /** How many batches have been counted: PyTorch's num_batches_tracked. */
  readonly batches: number;
}

/**
 * Moves running statistics towards those of a batch: running = (1 - momentum) * running + momentum * batch.
 *
 * The batch normalises with the biased variance, but the unbiased one is kept. With momentum null, every batch counts alike.
 *
 * Shapes    means and variances [D]; `count` is the number of values per feature in the batch
 * Throws    RangeError for statistics of different shapes, or a batch of one value per feature
 * Source    as PyTorch (CS231n's momentum is the complement of this one, and it keeps the biased variance)
 */
export function updateRunningStatistics(
  running: RunningStatistics,
  batch: { readonly mean: NdArray; readonly variance: NdArray },
  count: number,
  momentum: number | null = 0.1,
): RunningStatistics {
  if (count < 2) throw new RangeError(`updateRunningStatistics: count = ${count} must be at least 2`);
  requireShape("updateRunningStatistics", "batch.mean", batch.mean, running.mean.shape);
  requireShape("updateRunningStatistics", "batch.variance", batch.variance, running.variance.shape);
  const batches = running.batches + 1;
  const share = momentum ?? 1 / batches;
  const mix = (old: NdArray, now: NdArray, correction: number): NdArray =>
    ndarray(old.data.map((value, d) => (1 - share) * value + share * correction * now.data[d]!), old.shape);
  return {
    mean: mix(running.mean, batch.mean, 1),
    variance: mix(running.variance, batch.variance, count / (count - 1)),
    batches,
  };
}
