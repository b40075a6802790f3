import { type NdArray, sizeOf } from "./nd-array.ts";

export type Reduction = "mean" | "sum" | "none";

export interface ClassLossOptions {
  /** How the losses of the targets become one number; "mean" by default. */
  readonly reduction?: Reduction;
  /** One factor per class. */
  readonly weight?: ArrayLike<number>;
  /** A target of this value counts for nothing, and may lie outside the classes. */
  readonly ignoreIndex?: number;
}

/** A target that counts: its class, weight, and where its scores lie: x[base + c * stride] for class c. */
export interface KeptTarget {
  readonly position: number;
  readonly label: number;
  readonly weight: number;
  readonly base: number;
}

/** Scores x [N, C, ...] and the targets that choose one class for each of the [N, ...] places. */
export interface ClassTargets {
  readonly classes: number;
  readonly stride: number;
  readonly placesShape: readonly number[];
  readonly kept: readonly KeptTarget[];
  readonly keptWeight: number;
  readonly reduction: Reduction;
}

/**
 * Throws    RangeError for scores without a class dimension, a number of targets or of weights that does not fit, and a
 *           target outside 0..C-1 that is not ignoreIndex
 */
export function readClassTargets(op: string, x: NdArray, targets: ArrayLike<number>, options: ClassLossOptions): ClassTargets {
  const [examples, classes, ...places] = x.shape;
  if (examples === undefined || classes === undefined) {
    throw new RangeError(`${op}: x.shape = [${x.shape.join(", ")}] must be [N, C, ...]`);
  }
  const { reduction = "mean", weight, ignoreIndex = -100 } = options;
  const stride = sizeOf(places);
  if (targets.length !== examples * stride) {
    throw new RangeError(`${op}: ${targets.length} targets given, x.shape = [${x.shape.join(", ")}] needs ${examples * stride}`);
  }
  if (weight !== undefined && weight.length !== classes) {
    throw new RangeError(`${op}: ${weight.length} class weights given for ${classes} classes`);
  }
  const kept: KeptTarget[] = [];
  for (let position = 0; position < targets.length; position++) {
    const label = targets[position]!;
    if (label === ignoreIndex) continue;
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      throw new RangeError(`${op}: targets[${position}] = ${label} must be an integer from 0 to ${classes - 1}`);
    }
    const base = Math.floor(position / stride) * classes * stride + (position % stride);
    kept.push({ position, label, weight: weight === undefined ? 1 : weight[label]!, base });
  }
  const keptWeight = kept.reduce((sum, target) => sum + target.weight, 0);
  return { classes, stride, placesShape: [examples, ...places], kept, keptWeight, reduction };
}
