import { dtypeInfo, isHalf } from "@tapegrad/kernels";
import { DTypeError, IndexError } from "../errors.ts";
import { commonType } from "../promote.ts";
import { sizeOf } from "../shape.ts";
import { describe, type Tensor } from "../tensor.ts";
import { add, div, mul } from "./arithmetic.ts";
import { to } from "./cast.ts";
import { eq } from "./comparison.ts";
import type { CrossEntropyOptions } from "./loss-options.ts";
import { neg } from "./neg.ts";
import { reshapeOrSame } from "./reshape.ts";
import { logSoftmax } from "./softmax.ts";
import { sum } from "./sum.ts";
import { where } from "./where.ts";

/**
 * The cross-entropy of logits and probabilities of each class, both [C] or [N, C, ...]. The mean is that over the rows, whatever their
 * classes weigh; where a class weighs nothing, its logit and its probability have no part in the sum (`where` cuts them off: 0 times infinity
 * would be NaN).
 */
export function probabilityLoss(logits: Tensor, targets: Tensor, options: CrossEntropyOptions): Tensor {
  refuseIndices(targets, options);
  const { weight = null, labelSmoothing = 0, reduction = "mean" } = options;
  const dim = logits.ndim === 1 ? 0 : 1;
  const classCount = logits.shape[dim] as number;
  const dtype = commonType([logits.dtype, targets.dtype, ...(weight === null ? [] : [weight.dtype])]);
  // 16 bits are rounded to once, at the end.
  const logp = logSoftmax(widened(logits), dim);
  const wanted = labelSmoothing === 0 ? widened(targets) : add(mul(widened(targets), 1 - labelSmoothing), labelSmoothing / classCount);
  const losses = neg(sum(weight === null ? mul(logp, wanted) : weighted(logp, wanted, weight, dim), { dim }));
  if (reduction === "none") return to(losses, dtype);
  const total = sum(losses);
  return to(reduction === "sum" ? total : div(total, sizeOf(logits.shape) / classCount), dtype);
}

const widened = (x: Tensor): Tensor => (isHalf(x.dtype) ? to(x, "float32") : x);

function weighted(logp: Tensor, wanted: Tensor, weight: Tensor, dim: number): Tensor {
  const factors = reshapeOrSame(widened(weight), logp.shape.slice(dim).map((size, i) => (i === 0 ? size : 1)));
  const isOut = eq(factors, 0);
  return mul(mul(where(isOut, 0, logp), where(isOut, 0, wanted)), factors);
}

function refuseIndices(targets: Tensor, { ignoreIndex }: CrossEntropyOptions): void {
  if (!dtypeInfo[targets.dtype].isFloating) {
    throw new DTypeError({
      op: "crossEntropy",
      fact: `targets of the logits' shape are class probabilities: their dtype ${targets.dtype} must be floating`,
      details: [describe("targets", targets)],
      hint: 'for probabilities targets.to("float32"); for class indices one for each row of logits',
      code: "crossEntropy/probabilities",
      data: { dtype: targets.dtype },
    });
  }
  // PyTorch's default, which no program can mean, may be given by name.
  if (ignoreIndex === undefined || ignoreIndex < 0) return;
  throw new IndexError({
    op: "crossEntropy",
    fact: `ignoreIndex ${ignoreIndex} names a class index; targets that are class probabilities have none`,
    details: [describe("targets", targets)],
    code: "crossEntropy/ignore-index",
    data: { ignoreIndex },
  });
}
