import { readClassTargets } from "./class-targets.ts";
import { type NdArray, ndarray, requireShape, zerosLike } from "./nd-array.ts";

export interface SvmLossCache {
  readonly x: NdArray;
  readonly labels: readonly number[];
  readonly margin: number;
}

/** How far the score of a wrong class comes within the margin of the right one; 0 when it stays away. */
function violation(x: NdArray, row: number, label: number, other: number, margin: number): number {
  return Math.max(0, x.data[row + other]! - x.data[row + label]! + margin);
}

/**
 * Multiclass hinge loss: over the wrong classes, sum of max(0, score - right score + margin); mean over the examples.
 *
 * Shapes    x [N, C], labels [N] -> []
 * Throws    RangeError for x that is not 2-d, and as readClassTargets
 * Source    CS231n, assignment 1 (PyTorch's MultiMarginLoss divides by C as well)
 */
export function svmLossForward(x: NdArray, labels: ArrayLike<number>, margin = 1): { out: NdArray; cache: SvmLossCache } {
  const [examples = 0, classes = 0] = x.shape;
  requireShape("svmLoss", "x", x, [examples, classes]);
  readClassTargets("svmLoss", x, labels, { ignoreIndex: NaN });
  const cache = { x, labels: Array.from(labels), margin };
  let sum = 0;
  cache.labels.forEach((label, n) => {
    for (let c = 0; c < classes; c++) if (c !== label) sum += violation(x, n * classes, label, c, margin);
  });
  return { out: ndarray([sum / examples], []), cache };
}

/** Gradient  dOut / N for each class that violates the margin, and its negative for the right class; 0 at the kink. */
export function svmLossBackward(dOut: NdArray, cache: SvmLossCache): { dX: NdArray } {
  const { x, labels, margin } = cache;
  requireShape("svmLossBackward", "dOut", dOut, []);
  const [examples = 0, classes = 0] = x.shape;
  const upstream = dOut.data[0]! / examples;
  const dX = zerosLike(x);
  labels.forEach((label, n) => {
    const row = n * classes;
    for (let c = 0; c < classes; c++) {
      if (c === label || violation(x, row, label, c, margin) === 0) continue;
      dX.data[row + c]! += upstream;
      dX.data[row + label]! -= upstream;
    }
  });
  return { dX };
}
