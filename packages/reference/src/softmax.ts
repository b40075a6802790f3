import { type NdArray, requireShape, zerosLike } from "./nd-array.ts";
import { type Lanes, lanesOf } from "./offsets.ts";

export interface SoftmaxCache {
  readonly out: NdArray;
  readonly lanes: Lanes;
}

/**
 * exp(x) / sum of exp(x) along one dimension, the maximum subtracted first so that large logits stay finite.
 *
 * Shapes    x [...] -> [...]; a lane of nothing but -inf gives NaN
 * Throws    RangeError for a dimension out of range
 */
export function softmaxForward(x: NdArray, dim: number): { out: NdArray; cache: SoftmaxCache } {
  const out = zerosLike(x);
  const lanes = lanesOf("softmax", x.shape, dim);
  for (const lane of lanes.offsets) {
    const largest = largestOf(x, lane);
    let total = 0;
    for (const i of lane) total += Math.exp(x.data[i]! - largest);
    for (const i of lane) out.data[i] = Math.exp(x.data[i]! - largest) / total;
  }
  return { out, cache: { out, lanes } };
}

/** Gradient  dX = out * (dOut - sum of dOut * out along the lane). */
export function softmaxBackward(dOut: NdArray, cache: SoftmaxCache): { dX: NdArray } {
  const { out, lanes } = cache;
  requireShape("softmaxBackward", "dOut", dOut, out.shape);
  const dX = zerosLike(out);
  for (const lane of lanes.offsets) {
    let weighted = 0;
    for (const i of lane) weighted += dOut.data[i]! * out.data[i]!;
    for (const i of lane) dX.data[i] = out.data[i]! * (dOut.data[i]! - weighted);
  }
  return { dX };
}

/** The logarithm of softmax, x - max - log(sum of exp(x - max)), exact where softmax itself underflows. */
export function logSoftmaxForward(x: NdArray, dim: number): { out: NdArray; cache: SoftmaxCache } {
  const out = zerosLike(x);
  const lanes = lanesOf("logSoftmax", x.shape, dim);
  for (const lane of lanes.offsets) {
    const largest = largestOf(x, lane);
    let total = 0;
    for (const i of lane) total += Math.exp(x.data[i]! - largest);
    for (const i of lane) out.data[i] = x.data[i]! - largest - Math.log(total);
  }
  return { out, cache: { out, lanes } };
}

/** Gradient  dX = dOut - exp(out) * sum of dOut along the lane. */
export function logSoftmaxBackward(dOut: NdArray, cache: SoftmaxCache): { dX: NdArray } {
  const { out, lanes } = cache;
  requireShape("logSoftmaxBackward", "dOut", dOut, out.shape);
  const dX = zerosLike(out);
  for (const lane of lanes.offsets) {
    let total = 0;
    for (const i of lane) total += dOut.data[i]!;
    for (const i of lane) dX.data[i] = dOut.data[i]! - Math.exp(out.data[i]!) * total;
  }
  return { dX };
}

function largestOf(x: NdArray, lane: Int32Array): number {
  return lane.reduce((largest, i) => Math.max(largest, x.data[i]!), -Infinity);
}
