import { type ClassLossOptions, type ClassTargets, readClassTargets } from "./class-targets.ts";
import { reduceLosses, upstreamOf } from "./loss-reduction.ts";
import { type NdArray, zeros } from "./nd-array.ts";

export interface NllLossCache {
  readonly xShape: readonly number[];
  readonly targets: ClassTargets;
}

/**
 * Negative log-likelihood: minus the log-probability of each target class, times the weight of that class.
 *
 * Shapes    x [N, C, ...] log-probabilities, targets [N, ...] flat -> [] or, unreduced, [N, ...]
 * Throws    RangeError as readClassTargets
 * Source    as PyTorch
 */
export function nllLossForward(
  x: NdArray,
  labels: ArrayLike<number>,
  options: ClassLossOptions = {},
): { out: NdArray; cache: NllLossCache } {
  const targets = readClassTargets("nllLoss", x, labels, options);
  const losses = zeros(targets.placesShape);
  for (const { position, label, weight, base } of targets.kept) {
    losses.data[position] = -weight * x.data[base + label * targets.stride]!;
  }
  return { out: reduceLosses(losses, targets.reduction, targets.keptWeight), cache: { xShape: x.shape, targets } };
}

/** Gradient  dX = -weight * dOut at the target class, else 0. */
export function nllLossBackward(dOut: NdArray, cache: NllLossCache): { dX: NdArray } {
  const { xShape, targets } = cache;
  const upstream = upstreamOf("nllLossBackward", dOut, targets.placesShape, targets.reduction, targets.keptWeight);
  const dX = zeros(xShape);
  for (const { position, label, weight, base } of targets.kept) {
    dX.data[base + label * targets.stride] = -weight * upstream(position);
  }
  return { dX };
}
