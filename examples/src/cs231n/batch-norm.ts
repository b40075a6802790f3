import { zeros, type Tensor } from "tapegrad";

/** What a batch norm keeps between its calls. */
export interface BatchNormParam {
  mode: "train" | "test";
  runningMean: Tensor;
  runningVar: Tensor;
  /** Share of the old value in the new one: the complement of what PyTorch calls momentum. */
  readonly momentum: number;
  readonly eps: number;
}

export function newBatchNormParam(features: number): BatchNormParam {
  const nothing = (): Tensor => zeros([features], { dtype: "float64" });
  return { mode: "train", runningMean: nothing(), runningVar: nothing(), momentum: 0.9, eps: 1e-5 };
}

/** Every node of the computation graph that the backward pass needs. */
export interface BatchNormCache {
  readonly gamma: Tensor;
  readonly centered: Tensor;
  readonly deviation: Tensor;
  readonly inverse: Tensor;
  readonly xHat: Tensor;
}

/** Features with mean 0 and variance 1, then scale and shift: x [N, D], gamma [D], beta [D] -> [N, D]. */
export function batchNormForward(x: Tensor, gamma: Tensor, beta: Tensor, param: BatchNormParam): [out: Tensor, cache: BatchNormCache] {
  const training = param.mode === "train";
  const mean = training ? x.mean({ dim: 0 }) : param.runningMean;
  const centered = x.sub(mean);
  const variance = training ? centered.square().mean({ dim: 0 }) : param.runningVar;
  const deviation = variance.add(param.eps).sqrt();
  const inverse = deviation.reciprocal();
  const xHat = centered.mul(inverse);
  const out = gamma.mul(xHat).add(beta);
  if (training) {
    const mix = (old: Tensor, batch: Tensor): Tensor => old.mul(param.momentum).add(batch.detach().mul(1 - param.momentum));
    param.runningMean = mix(param.runningMean, mean);
    param.runningVar = mix(param.runningVar, variance);
  }
  return [out, { gamma, centered, deviation, inverse, xHat }];
}

/** Back through the computation graph of the training mode, a node at a time. */
export function batchNormBackward(dOut: Tensor, cache: BatchNormCache): [dX: Tensor, dGamma: Tensor, dBeta: Tensor] {
  const { gamma, centered, deviation, inverse, xHat } = cache;
  const n = dOut.size(0);
  // out = gamma * xHat + beta
  const dBeta = dOut.sum({ dim: 0 });
  const dGamma = dOut.mul(xHat).sum({ dim: 0 });
  const dXHat = dOut.mul(gamma);
  // xHat = centered * inverse
  const dInverse = dXHat.mul(centered).sum({ dim: 0 });
  let dCentered = dXHat.mul(inverse);
  // inverse = 1 / deviation, deviation = sqrt(variance + eps)
  const dDeviation = dInverse.neg().mul(inverse.square());
  const dVariance = dDeviation.div(deviation.mul(2));
  // variance = mean(centered²)
  dCentered = dCentered.add(centered.mul(dVariance).mul(2 / n));
  // centered = x - mean, mean = mean(x)
  const dMean = dCentered.sum({ dim: 0 }).neg();
  const dX = dCentered.add(dMean.div(n));
  return [dX, dGamma, dBeta];
}

/** The same, simplified on paper to one formula. */
export function batchNormBackwardSimplified(dOut: Tensor, { gamma, deviation, xHat }: BatchNormCache): [dX: Tensor, dGamma: Tensor, dBeta: Tensor] {
  const n = dOut.size(0);
  const dBeta = dOut.sum({ dim: 0 });
  const dGamma = dOut.mul(xHat).sum({ dim: 0 });
  const dX = dOut.mul(n).sub(dBeta).sub(xHat.mul(dGamma)).mul(gamma.div(deviation.mul(n)));
  return [dX, dGamma, dBeta];
}
