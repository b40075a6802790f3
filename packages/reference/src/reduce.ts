import { type NdArray, ndarray } from "./nd-array.ts";
import { lanesOf } from "./offsets.ts";

export type ReductionKind =
  | "sum" | "mean" | "prod" | "var" | "std"
  | "max" | "min" | "amax" | "amin" | "argmax" | "argmin";

export interface ReduceOptions {
  /** Dimensions to reduce; all of them when absent or empty. */
  readonly dims?: number | readonly number[];
  /** Keep the reduced dimensions with length 1. */
  readonly keepdim?: boolean;
  /** What var and std subtract from the count in their divisor; 1 by default (Bessel's correction). */
  readonly correction?: number;
}

function sum(lane: Float64Array): number {
  return lane.reduce((total, value) => total + value, 0);
}

function mean(lane: Float64Array): number {
  return sum(lane) / lane.length;
}

/** Two passes, as E[x²] - E[x]² would cancel. */
function variance(lane: Float64Array, correction: number): number {
  const center = mean(lane);
  return sum(lane.map((value) => (value - center) ** 2)) / Math.max(0, lane.length - correction);
}

/** The first index that no other element beats; a NaN beats everything. */
function firstBest(lane: Float64Array, beats: (candidate: number, best: number) => boolean): number {
  const nan = lane.findIndex((value) => Number.isNaN(value));
  if (nan >= 0) return nan;
  let best = 0;
  for (let i = 1; i < lane.length; i++) if (beats(lane[i]!, lane[best]!)) best = i;
  return best;
}

const argmax = (lane: Float64Array): number => firstBest(lane, (candidate, best) => candidate > best);
const argmin = (lane: Float64Array): number => firstBest(lane, (candidate, best) => candidate < best);
const max = (lane: Float64Array): number => lane[argmax(lane)]!;
const min = (lane: Float64Array): number => lane[argmin(lane)]!;

const reductions: Record<ReductionKind, (lane: Float64Array, correction: number) => number> = {
  sum,
  mean,
  prod: (lane) => lane.reduce((product, value) => product * value, 1),
  var: variance,
  std: (lane, correction) => Math.sqrt(variance(lane, correction)),
  max,
  min,
  amax: max,
  amin: min,
  argmax,
  argmin,
};

const needElements: ReadonlySet<ReductionKind> = new Set(["max", "min", "amax", "amin", "argmax", "argmin"]);

/**
 * Reduces over some dimensions. Of nothing, the sum is 0, the product 1, the mean NaN.
 *
 * Shapes    x [...] -> the dimensions kept (or, with keepdim, all of them, the reduced ones with length 1)
 * Throws    RangeError for the largest or smallest of nothing, for a dimension out of range or named twice
 * Source    as PyTorch: NaN propagates, ties go to the first; argmax over several dimensions counts in their row-major order
 *
 * @example
 * reduce("sum", ndarray([1, 2, 3, 4], [2, 2]), { dims: 1, keepdim: true }); // [[3], [7]]
 */
export function reduce(kind: ReductionKind, x: NdArray, options: ReduceOptions = {}): NdArray {
  const lanes = lanesOf(`reduce ${kind}`, x.shape, options.dims);
  if (lanes.laneSize === 0 && needElements.has(kind)) {
    throw new RangeError(`reduce ${kind}: no value over the 0 elements of dims [${lanes.dims.join(", ")}] in [${x.shape.join(", ")}]`);
  }
  const values = lanes.offsets.map((offsets) =>
    reductions[kind](Float64Array.from(offsets, (offset) => x.data[offset]!), options.correction ?? 1),
  );
  return ndarray(values, options.keepdim === true ? lanes.keepdimShape : lanes.keptShape);
}
