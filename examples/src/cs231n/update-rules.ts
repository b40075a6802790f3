import type { Tensor } from "tapegrad";

/** SGD with momentum, the velocity holding the rate. */
export function sgdMomentum(w: Tensor, dW: Tensor, velocity: Tensor, { learningRate, momentum }: { learningRate: number; momentum: number }): [w: Tensor, velocity: Tensor] {
  const next = velocity.mul(momentum).sub(dW.mul(learningRate));
  return [w.add(next), next];
}

/** Steps divided by a running mean of the gradient's size. */
export function rmsprop(w: Tensor, dW: Tensor, cache: Tensor, { learningRate, decayRate, epsilon }: { learningRate: number; decayRate: number; epsilon: number }): [w: Tensor, cache: Tensor] {
  const next = cache.mul(decayRate).add(dW.square().mul(1 - decayRate));
  return [w.sub(dW.mul(learningRate).div(next.sqrt().add(epsilon))), next];
}

export interface AdamMoments {
  readonly m: Tensor;
  readonly v: Tensor;
  /** Steps taken. */
  readonly t: number;
}

/** Adam with beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8. */
export function adam(w: Tensor, dW: Tensor, moments: AdamMoments, learningRate: number): [w: Tensor, moments: AdamMoments] {
  const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];
  const t = moments.t + 1;
  const m = moments.m.mul(beta1).add(dW.mul(1 - beta1));
  const v = moments.v.mul(beta2).add(dW.square().mul(1 - beta2));
  const mUnbiased = m.div(1 - beta1 ** t);
  const vUnbiased = v.div(1 - beta2 ** t);
  return [w.sub(mUnbiased.mul(learningRate).div(vUnbiased.sqrt().add(epsilon))), { m, v, t }];
}
