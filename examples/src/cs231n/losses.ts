import { arange, type Tensor } from "tapegrad";

/** Rows of zeros with a one at each label: labels [N] -> [N, classes]. */
function oneHot(labels: Tensor, x: Tensor): Tensor {
  return arange(x.size(1)).eq(labels.unsqueeze(1)).to(x.dtype);
}

/** Multiclass hinge loss of scores x [N, C] with margin 1, and its gradient. */
export function svmLoss(x: Tensor, labels: Tensor): [loss: Tensor, dX: Tensor] {
  const n = x.size(0);
  const right = oneHot(labels, x);
  const rightScore = x.mul(right).sum({ dim: 1, keepdim: true });
  const margins = x.sub(rightScore).add(1).clamp({ min: 0 }).mul(right.neg().add(1));
  const loss = margins.sum().div(n);

  const violates = margins.gt(0).to(x.dtype);
  const dX = violates.sub(right.mul(violates.sum({ dim: 1, keepdim: true }))).div(n);
  return [loss, dX];
}

/** Softmax loss of scores x [N, C], and its gradient. */
export function softmaxLoss(x: Tensor, labels: Tensor): [loss: Tensor, dX: Tensor] {
  const n = x.size(0);
  const right = oneHot(labels, x);
  const shifted = x.sub(x.amax({ dim: 1, keepdim: true }).detach());
  const logProbabilities = shifted.sub(shifted.exp().sum({ dim: 1, keepdim: true }).log());
  const loss = logProbabilities.mul(right).sum().div(-n);

  const dX = logProbabilities.exp().sub(right).div(n);
  return [loss, dX];
}
