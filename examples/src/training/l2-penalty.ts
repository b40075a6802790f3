import type { Tensor } from "tapegrad";

/** 0.5 * strength * the sum of all squared weights. */
export function l2Penalty(weights: readonly Tensor[], strength: number): Tensor {
  return weights.map((weight) => weight.square().sum()).reduce((total, squares) => total.add(squares)).mul(0.5 * strength);
}
