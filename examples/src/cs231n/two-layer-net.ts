import type { Tensor } from "tapegrad";
import { affineBackward, affineForward } from "./affine.ts";
import { affineReluBackward, affineReluForward } from "./affine-relu.ts";
import { softmaxLoss } from "./losses.ts";

/** Weights of affine - relu - affine - softmax. */
export type TwoLayerParameters = readonly [w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor];

/** Class scores of x [N, D]. */
export function twoLayerScores(x: Tensor, [w1, b1, w2, b2]: TwoLayerParameters): Tensor {
  const [hidden] = affineReluForward(x, w1, b1);
  const [scores] = affineForward(hidden, w2, b2);
  return scores;
}

/** Loss with an L2 penalty of 0.5 reg (|W1|² + |W2|²), and the gradients of the parameters, all by hand. */
export function twoLayerLoss(x: Tensor, labels: Tensor, [w1, b1, w2, b2]: TwoLayerParameters, reg: number): [loss: Tensor, gradients: TwoLayerParameters] {
  const [hidden, hiddenCache] = affineReluForward(x, w1, b1);
  const [scores, scoresCache] = affineForward(hidden, w2, b2);
  const [dataLoss, dScores] = softmaxLoss(scores, labels);
  const penalty = w1.square().sum().add(w2.square().sum()).mul(0.5 * reg);

  const [dHidden, dW2, dB2] = affineBackward(dScores, scoresCache);
  const [, dW1, dB1] = affineReluBackward(dHidden, hiddenCache);
  return [dataLoss.add(penalty), [dW1.add(w1.mul(reg)), dB1, dW2.add(w2.mul(reg)), dB2]];
}
