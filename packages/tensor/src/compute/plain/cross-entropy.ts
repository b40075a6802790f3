import type { NumberArray } from "@tapegrad/kernels";
import type { Tensor } from "../../tensor.ts";
import type { LabelOptions } from "../backend.ts";
import { numbersOf, roundingOf } from "./elements.ts";
import { sumOfExp, topOf } from "./softmax.ts";

/** Position of the first target that is neither a class nor ignored, or -1. */
export function invalidTarget(targets: Tensor, classes: number, ignoreIndex: number): number {
  return numbersOf(targets).findIndex((target) => (target < 0 || target >= classes) && target !== ignoreIndex);
}

const weightOf = (weights: NumberArray | null, j: number): number => (weights === null ? 1 : (weights[j] as number));

/**
 * With t the target, s the smoothing and lse = logsumexp(x), a row's loss is
 *
 *   (1 - s) w_t (lse - x_t)  +  s / C sum_j w_j (lse - x_j)
 *
 * A term whose factor is 0 counts as 0, whatever the other one is. lse is never one number: beside a large maximum, the logarithm of the
 * sum would be lost.
 */
export function crossEntropy(
  logits: Tensor, targets: Tensor, weight: Tensor | null, losses: Tensor, kept: Tensor, normalizers: Tensor, { ignoreIndex, labelSmoothing }: LabelOptions,
): void {
  const [rows = 0, classes = 0] = logits.shape;
  const x = numbersOf(logits), labels = numbersOf(targets), weights = weight === null ? null : numbersOf(weight);
  const toLosses = numbersOf(losses), toKept = numbersOf(kept), toNormalizers = numbersOf(normalizers), round = roundingOf(logits.dtype);
  for (let row = 0; row < rows; row++) {
    const target = labels[row] as number, begin = row * classes;
    if (target === ignoreIndex) {
      toLosses[row] = toKept[row] = 0;
      // Nobody looks at these; 0 and 1 are harmless.
      [toNormalizers[2 * row], toNormalizers[2 * row + 1]] = [0, 1];
      continue;
    }
    const top = topOf(x, begin, classes, 1), total = sumOfExp(x, begin, classes, 1, top, round);
    const distance = (j: number): number => top - (x[begin + j] as number) + Math.log(total);
    const own = weightOf(weights, target), hard = (1 - labelSmoothing) * own;
    let loss = hard === 0 ? 0 : hard * distance(target);
    if (labelSmoothing !== 0) {
      let spread = 0;
      for (let j = 0; j < classes; j++) if (weightOf(weights, j) !== 0) spread += weightOf(weights, j) * distance(j);
      loss += (labelSmoothing / classes) * spread;
    }
    [toLosses[row], toKept[row]] = [loss, own];
    [toNormalizers[2 * row], toNormalizers[2 * row + 1]] = [top, total];
  }
}

/** d/dx_j = scale ((1 - s) w_t (p_j - [j = t]) + s / C (p_j sum(w) - w_j)). */
export function crossEntropyBackward(
  logits: Tensor, targets: Tensor, weight: Tensor | null, normalizers: Tensor, scale: Tensor, dLogits: Tensor, { ignoreIndex, labelSmoothing }: LabelOptions,
): void {
  const [rows = 0, classes = 0] = logits.shape;
  const x = numbersOf(logits), labels = numbersOf(targets), weights = weight === null ? null : numbersOf(weight);
  const normal = numbersOf(normalizers), scales = numbersOf(scale), to = numbersOf(dLogits);
  let weightSum = 0, isAnyWeight = false;
  for (let j = 0; j < classes; j++) {
    weightSum += weightOf(weights, j);
    isAnyWeight ||= weightOf(weights, j) !== 0;
  }
  for (let row = 0; row < rows; row++) {
    const target = labels[row] as number, begin = row * classes;
    const factor = target === ignoreIndex ? 0 : (1 - labelSmoothing) * weightOf(weights, target);
    const hasSmoothing = target !== ignoreIndex && labelSmoothing !== 0 && isAnyWeight;
    // What has no part in the loss gets 0, also where x or the scale is no number.
    const hard = factor === 0 ? 0 : factor * (scales[row] as number);
    const soft = hasSmoothing ? (labelSmoothing / classes) * (scales[row] as number) : 0;
    const top = normal[2 * row] as number, total = normal[2 * row + 1] as number;
    for (let j = 0; j < classes; j++) {
      if (factor === 0 && !hasSmoothing) to[begin + j] = 0;
      else {
        const p = Math.exp((x[begin + j] as number) - top) / total;
        const smooth = hasSmoothing ? soft * weightOf(weights, j) : 0;
        to[begin + j] = p * (hard + soft * weightSum) - smooth - (j === target ? hard : 0);
      }
    }
  }
}
