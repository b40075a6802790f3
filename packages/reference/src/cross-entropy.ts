import { type ClassLossOptions, type ClassTargets, type KeptTarget, readClassTargets } from "./class-targets.ts";
import { reduceLosses, upstreamOf } from "./loss-reduction.ts";
import { type NdArray, zeros, zerosLike } from "./nd-array.ts";
import { logSoftmaxForward } from "./softmax.ts";

export interface CrossEntropyOptions extends ClassLossOptions {
  /** Share of each target that is spread evenly over all the classes; 0 by default. */
  readonly labelSmoothing?: number;
}

export interface CrossEntropyCache {
  readonly logProbabilities: NdArray;
  readonly targets: ClassTargets;
  /** The probability wanted for a class at a target, times that class's weight. */
  readonly wanted: (target: KeptTarget, label: number) => number;
}

/**
 * Softmax loss: the cross-entropy between softmax(x) and the target classes, -sum over c of wanted(c) * logSoftmax(x)(c).
 *
 * Shapes    x [N, C, ...], targets [N, ...] flat -> [] or, unreduced, [N, ...]
 * Throws    RangeError as readClassTargets, and for labelSmoothing outside [0, 1]
 * Source    as PyTorch: the mean divides by the weights of the targets that are kept, so it is NaN when none is; an
 *           ignored target has no smoothed part either
 *
 * @example
 * crossEntropyForward(zeros([2, 10]), [3, 7]).out; // log 10
 */
export function crossEntropyForward(
  x: NdArray,
  labels: ArrayLike<number>,
  options: CrossEntropyOptions = {},
): { out: NdArray; cache: CrossEntropyCache } {
  const { labelSmoothing = 0, weight } = options;
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new RangeError(`crossEntropy: labelSmoothing = ${labelSmoothing} must lie from 0 to 1`);
  }
  const targets = readClassTargets("crossEntropy", x, labels, options);
  const { classes, stride } = targets;
  const wanted = (target: KeptTarget, label: number): number =>
    (label === target.label ? (1 - labelSmoothing) * target.weight : 0) +
    (labelSmoothing / classes) * (weight === undefined ? 1 : weight[label]!);

  const logProbabilities = logSoftmaxForward(x, 1).out;
  const losses = zeros(targets.placesShape);
  for (const target of targets.kept) {
    let loss = 0;
    for (let c = 0; c < classes; c++) {
      const share = wanted(target, c);
      // A class that is not wanted at all may have probability 0, whose logarithm times 0 is NaN.
      if (share !== 0) loss -= share * logProbabilities.data[target.base + c * stride]!;
    }
    losses.data[target.position] = loss;
  }
  return { out: reduceLosses(losses, targets.reduction, targets.keptWeight), cache: { logProbabilities, targets, wanted } };
}

/** Gradient  dX(c) = dOut * (softmax(x)(c) * sum of wanted - wanted(c)); 0 for every ignored target. */
export function crossEntropyBackward(dOut: NdArray, cache: CrossEntropyCache): { dX: NdArray } {
  const { logProbabilities, targets, wanted } = cache;
  const { classes, stride } = targets;
  const upstream = upstreamOf("crossEntropyBackward", dOut, targets.placesShape, targets.reduction, targets.keptWeight);
  const dX = zerosLike(logProbabilities);
  for (const target of targets.kept) {
    let total = 0;
    for (let c = 0; c < classes; c++) total += wanted(target, c);
    for (let c = 0; c < classes; c++) {
      const i = target.base + c * stride;
      dX.data[i] = upstream(target.position) * (Math.exp(logProbabilities.data[i]!) * total - wanted(target, c));
    }
  }
  return { dX };
}
