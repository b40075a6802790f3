import { dtypeInfo, type DType } from "@tapegrad/kernels";
import { binaryOps } from "../compute/codes.ts";
import { toDType } from "../compute/cast.ts";
import { backend } from "../compute/chosen-backend.ts";
import { contiguousKernel } from "../compute/copy.ts";
import { int32Kernel, requireIntegers } from "../compute/indices.ts";
import { binaryKernel } from "../compute/pointwise.ts";
import { reduceKernel } from "../compute/reduce.ts";
import { arange, fullLike } from "../creation.ts";
import { IndexError, inTheNameOf, ShapeError } from "../errors.ts";
import { integersOf, targetsOf, type IntegerData, type TargetData } from "../integer-data.ts";
import { defineOp } from "../op.ts";
import { checkOptions } from "../options.ts";
import { formatShape, sameShape, type Shape } from "../shape.ts";
import { describe, emptyTensor, requireTensor, type Tensor } from "../tensor.ts";
import { add, div, mul, sub } from "./arithmetic.ts";
import { to } from "./cast.ts";
import { eq } from "./comparison.ts";
import { exp } from "./exponential.ts";
import { expandOrSame } from "./expand.ts";
import { gather, indexSelect } from "./gather.ts";
import { classificationLossRules, crossEntropyRules, type ClassificationLossOptions, type CrossEntropyOptions, type Reduction } from "./loss-options.ts";
import { narrow } from "./narrow.ts";
import { neg } from "./neg.ts";
import { permute } from "./permute.ts";
import { probabilityLoss } from "./probability-targets.ts";
import { reshapeOrSame } from "./reshape.ts";
import { logSoftmax } from "./softmax.ts";
import { squeeze, unsqueeze } from "./squeeze.ts";
import { sum } from "./sum.ts";
import { where } from "./where.ts";

interface CrossEntropyAttrs {
  readonly ignoreIndex: number;
  readonly labelSmoothing: number;
  readonly reduction: Reduction;
}

type BackwardSaves = readonly ["scale", "logits", "targets", "weight", "normalizers"];

const backwardOp = defineOp<readonly ["scale", "logits", "targets", "weight?", "normalizers"], CrossEntropyAttrs, BackwardSaves>({
  name: "crossEntropyBackward",
  inputs: ["scale", "logits", "targets", "weight?", "normalizers"],
  saves: ["scale", "logits", "targets", "weight", "normalizers"],
  infer: ([, logits, , , normalizers]) => ({ shape: logits.shape, dtype: normalizers.dtype }),
  scoped: true,
  forward: ([scale, logits, targets, weight, extremes], attrs, { shape, dtype }) => {
    const normalizers = contiguousKernel(extremes);
    const [source, classes, rowScale] = [contiguousKernel(toDType(logits, dtype)), contiguousKernel(targets), contiguousKernel(toDType(scale, dtype))];
    const weights = weight === null ? null : contiguousKernel(toDType(weight, dtype));
    const dLogits = emptyTensor(shape, dtype);
    if (dLogits.numel() === 0) return dLogits;
    backend.crossEntropyBackward(source, classes, weights, normalizers, rowScale, dLogits, attrs);
    return dLogits;
  },
  composite: ([scale, logits, targets, weight, normalizers], { ignoreIndex, labelSmoothing }) => {
    const classCount = logits.shape[1] as number;
    const { ignored, classes, kept } = keptOf(targets, weight, logits.dtype, ignoreIndex);
    const p = div(exp(sub(logits, narrow(normalizers, 1, 0, 1))), narrow(normalizers, 1, 1, 1));
    const isTarget = to(eq(unsqueeze(classes, 1), arange(classCount)), logits.dtype);
    const hard = mul(mul(sub(p, isTarget), unsqueeze(kept, 1)), 1 - labelSmoothing);
    const soft = mul(sub(mul(p, weight === null ? classCount : sum(weight)), weight ?? 1), labelSmoothing / classCount);
    return where(unsqueeze(ignored, 1), 0, mul(add(hard, soft), unsqueeze(scale, 1)));
  },
  createGraphByComposite: true,
  samples: () => {
    const attrs: CrossEntropyAttrs = { ignoreIndex: -100, labelSmoothing: 0, reduction: "mean" };
    const inputs = [{ shape: [3] }, { shape: [3, 4] }, { shape: [3], values: [1, 0, 3], dtype: "int32" }] as const;
    // The largest logit of each row, and its sum of exponentials.
    const normalizers = { shape: [3, 2], range: [1, 3] } as const;
    return [
      { inputs: [...inputs, null, normalizers], attrs },
      { inputs: [...inputs, { shape: [4], range: [0.5, 2] }, normalizers], attrs: { ...attrs, labelSmoothing: 0.2 } },
      { inputs: [...inputs, { shape: [4], range: [0.5, 2] }, normalizers], attrs: { ...attrs, ignoreIndex: 0 } },
    ];
  },
});

const definition = defineOp<readonly ["logits", "targets", "weight?"], CrossEntropyAttrs, readonly ["logits", "targets", "weight"]>({
  name: "crossEntropy",
  inputs: ["logits", "targets", "weight?"],
  saves: ["logits", "targets", "weight"],
  infer: ([logits], { reduction }) => ({ shape: reduction === "none" ? [logits.shape[0] as number] : [], dtype: logits.dtype }),
  scoped: true,
  forward: ([logits, targets, weight], attrs, spec, call) => {
    const [source, classes, weights] = [contiguousKernel(logits), contiguousKernel(targets), weight === null ? null : contiguousKernel(weight)];
    const [rows = 0] = logits.shape, { reduction } = attrs;
    const [losses, kept, normalizers] = [emptyTensor([rows], source.dtype), emptyTensor([rows], source.dtype), emptyTensor([rows, 2], source.dtype)];
    if (rows > 0) backend.crossEntropy(source, classes, weights, losses, kept, normalizers, attrs);
    const total = reduceKernel("sum", kept, [0], []);
    call.aux = [normalizers, total];
    if (reduction === "none") return losses;
    const summed = reduceKernel("sum", losses, [0], []);
    return reduction === "sum" ? summed : binaryKernel(binaryOps.div, summed, total, { shape: spec.shape, dtype: source.dtype }, source.dtype);
  },
  backward: {
    logits: (dOut, { logits, targets, weight, aux: [normalizers, total], attrs }) => {
      const rows = logits.shape.slice(0, 1);
      const scale = attrs.reduction === "mean" ? div(dOut, total as Tensor) : dOut;
      return backwardOp.run([expandOrSame(scale, rows), logits, targets, weight, normalizers as Tensor], attrs);
    },
    targets: null,
    weight: null,
  },
  composite: ([logits, targets, weight], attrs) => {
    // A row that takes no part must not reach its softmax, whose derivative would spread a NaN over it.
    const { out } = keptOf(targets, weight, logits.dtype, attrs.ignoreIndex);
    const excluded = attrs.labelSmoothing === 0 ? out : eq(targets, attrs.ignoreIndex);
    return nllOf(logSoftmax(where(unsqueeze(excluded, 1), 0, logits), 1), targets, weight, attrs);
  },
  createGraphByComposite: true,
  samples: () => {
    const plain: CrossEntropyAttrs = { ignoreIndex: -100, labelSmoothing: 0, reduction: "mean" };
    const targets = { shape: [3], values: [1, 0, 3], dtype: "int32" } as const;
    const weight = { shape: [4], range: [0.5, 2] } as const;
    return [
      { inputs: [{ shape: [3, 4] }, targets, null], attrs: plain },
      { inputs: [{ shape: [3, 4] }, targets, weight], attrs: { ...plain, labelSmoothing: 0.2 } },
      { inputs: [{ shape: [3, 4] }, targets, weight], attrs: { ...plain, ignoreIndex: 0, reduction: "sum" } },
      { inputs: [{ shape: [3, 4] }, targets, null], attrs: { ...plain, ignoreIndex: 3, labelSmoothing: 0.1, reduction: "none" } },
      { inputs: [{ shape: [1, 17] }, { shape: [1], values: [16], dtype: "int32" }, null], attrs: plain },
    ];
  },
});

interface Kept {
  readonly ignored: Tensor;
  /** The targets, 0 where they are ignored. */
  readonly classes: Tensor;
  /** The weight of each row, 0 where it is ignored. */
  readonly kept: Tensor;
  /** Whether it is 0. */
  readonly out: Tensor;
}

/** How much each row counts. */
function keptOf(targets: Tensor, weight: Tensor | null, dtype: DType, ignoreIndex: number): Kept {
  const ignored = eq(targets, ignoreIndex);
  const classes = where(ignored, 0, targets);
  const kept = where(ignored, 0, weight === null ? fullLike(targets, 1, { dtype }) : indexSelect(weight, 0, classes));
  return { ignored, classes, kept, out: weight === null ? ignored : eq(kept, 0) };
}

/** The loss of log-probabilities, in ordinary ops. What counts for nothing is cut off by `where`: 0 times infinity would be NaN. */
function nllOf(logp: Tensor, targets: Tensor, weight: Tensor | null, { ignoreIndex, labelSmoothing, reduction }: CrossEntropyAttrs): Tensor {
  const { ignored, classes, kept, out } = keptOf(targets, weight, logp.dtype, ignoreIndex);
  const own = where(out, 0, neg(squeeze(gather(logp, 1, unsqueeze(classes, 1)), 1)));
  const picked = weight === null ? own : mul(own, kept);
  let losses = picked;
  if (labelSmoothing !== 0) {
    const share = labelSmoothing / (logp.shape[1] as number);
    const spread = sum(neg(weight === null ? logp : mul(where(eq(weight, 0), 0, logp), weight)), { dim: 1 });
    const smoothed = where(ignored, 0, mul(spread, share));
    losses = labelSmoothing === 1 ? smoothed : add(mul(picked, 1 - labelSmoothing), smoothed);
  }
  if (reduction === "none") return losses;
  return reduction === "sum" ? sum(losses) : div(sum(losses), sum(kept));
}

/**
 * Softmax cross-entropy of logits and class indices, or class probabilities.
 *
 * Shapes    logits [N, C] with class indices [N], or [N, C, ...d] with [N, ...d], or [C] with []; or floating targets of the logits' shape:
 *           the probabilities of the classes -> [] or, unreduced, the shape of the indices
 * Gradient  dLogits = (softmax - target) times each row's share; dTargets = -logSoftmax times that, where they are probabilities
 * Throws    ShapeError `crossEntropy/shape`, `crossEntropy/weight`, `crossEntropy/ragged`; DTypeError `crossEntropy/targets`, `crossEntropy/probabilities`; IndexError
 *           `crossEntropy/target`, `crossEntropy/integer`, `crossEntropy/option`, `crossEntropy/ignore-index`; ArgumentError `crossEntropy/unknown-option`
 * Source    as PyTorch; NaN where every target is ignored, with gradient 0. An ignored row and a class of weight 0 as the target have no
 *           influence, whatever the logits are. With probabilities the mean is over the rows, not over their weights, and ignoreIndex has no
 *           meaning
 * @example
 * crossEntropy(tensor([[0, 0]]), [1]).item(); // 0.6931471824645996
 * crossEntropy(tensor([[0, 0]]), tensor([1], "int32")).item(); // 0.6931471824645996
 * crossEntropy(tensor([[0, 0]]), [[0.5, 0.5]]).item(); // 0.6931471824645996
 */
export function crossEntropy(logits: Tensor, targets: TargetData, options: CrossEntropyOptions = {}): Tensor {
  requireTensor("crossEntropy", "logits", logits);
  return crossEntropyOf(logits, targetsOf("crossEntropy", targets, logits), options);
}

function crossEntropyOf(logits: Tensor, targets: Tensor, options: CrossEntropyOptions): Tensor {
  checkOptions("crossEntropy", options, crossEntropyRules);
  const { labelSmoothing = 0, weight = null } = options;
  if (logits.ndim > 0 && sameShape(logits.shape, targets.shape)) {
    checkWeight("crossEntropy", weight, logits);
    return inTheNameOf("crossEntropy", () => probabilityLoss(logits, targets, options));
  }
  return classify("crossEntropy", "logits", logits, targets, options, (rows, classes, weight, attrs) => definition.run([rows, classes, weight], { ...attrs, labelSmoothing }));
}

/**
 * Negative log-likelihood of log-probabilities and class indices: `crossEntropy` after `logSoftmax`.
 *
 * Shapes    logp [N, C] with targets [N], or [N, C, ...d] with [N, ...d], or [C] with []; -> [] or, unreduced, targets' shape
 * Gradient  dLogp = -1 at the target, times each row's share
 * Throws    ShapeError `nllLoss/shape`, `nllLoss/weight`, `nllLoss/ragged`; DTypeError `nllLoss/targets`; IndexError `nllLoss/target`,
 *           `nllLoss/integer`, `nllLoss/option`; ArgumentError `nllLoss/unknown-option`
 * Source    as PyTorch
 * @example
 * nllLoss(tensor([[-1, -2]]), [1]).item(); // 2
 * nllLoss(tensor([[-1, -2]]), tensor([1], "int32")).item(); // 2
 */
export function nllLoss(logp: Tensor, targets: IntegerData, options: ClassificationLossOptions = {}): Tensor {
  requireTensor("nllLoss", "logp", logp);
  const classes = integersOf("nllLoss", "targets", targets);
  checkOptions("nllLoss", options, classificationLossRules);
  return classify("nllLoss", "logp", logp, classes, options, (rows, labels, weight, attrs) => nllOf(rows, labels, weight, { ...attrs, labelSmoothing: 0 }));
}

type RowLoss = (rows: Tensor, targets: Tensor, weight: Tensor | null, attrs: { ignoreIndex: number; reduction: Reduction }) => Tensor;

/** Brings all accepted shapes to rows of classes, checks the targets, and gives unreduced losses the targets' shape. */
function classify(op: string, name: string, x: Tensor, targets: Tensor, options: ClassificationLossOptions, loss: RowLoss): Tensor {
  const { weight = null, ignoreIndex = -100, reduction = "mean" } = options;
  const expected: Shape = x.ndim === 1 ? [] : [...x.shape.slice(0, 1), ...x.shape.slice(2)];
  if (x.ndim === 0 || !sameShape(targets.shape, expected)) {
    throw new ShapeError({
      op,
      fact:
        x.ndim === 0
          ? `${name} must be [C] or [N, C, ...], not 0-d`
          : `targets ${formatShape(targets.shape)} must have shape ${formatShape(expected)}: one class index for each row of ${name} ${formatShape(x.shape)}`,
      details: [describe(name, x), describe("targets", targets)],
      ...shapeHint(op, name, x, targets),
      code: `${op}/shape`,
      data: { x: x.shape, targets: targets.shape },
    });
  }
  const classCount = checkWeight(op, weight, x);
  const classes = checkedTargets(op, reshapeOrSame(targets, [targets.numel()]), classCount, ignoreIndex);
  const rows = x.ndim === 1 ? unsqueeze(x, 0) : x.ndim === 2 ? x : reshapeOrSame(permute(x, [0, ...x.shape.slice(2).map((_, i) => i + 2), 1]), [-1, classCount]);
  const out = inTheNameOf(op, () => loss(rows, classes, weight === null ? null : to(weight, x.dtype), { ignoreIndex, reduction }));
  return reduction === "none" ? reshapeOrSame(out, expected) : out;
}

/** The number of classes, for each of which there must be a weight if there are any. */
function checkWeight(op: string, weight: Tensor | null, x: Tensor): number {
  const classCount = x.shape[x.ndim === 1 ? 0 : 1] as number;
  if (weight === null || sameShape(weight.shape, [classCount])) return classCount;
  throw new ShapeError({ op, fact: `weight ${formatShape(weight.shape)} must have one entry for each of the ${classCount} classes`, code: `${op}/weight`, data: { weight: weight.shape } });
}

function shapeHint(op: string, name: string, x: Tensor, targets: Tensor): { readonly hint?: string } {
  if (x.ndim > 2 && sameShape(targets.shape, x.shape.slice(0, -1))) return { hint: `classes are dimension 1: ${name}.permute(${formatShape(classesSecond(x.ndim))})` };
  if (op === "crossEntropy" && dtypeInfo[targets.dtype].isFloating && x.ndim > 0) return { hint: `class probabilities have the shape of ${name}` };
  return {};
}

/** The order of dimensions that puts the last one where classes are. */
const classesSecond = (rank: number): number[] => [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)];

function checkedTargets(op: string, targets: Tensor, classCount: number, ignoreIndex: number): Tensor {
  // They are read before any op sees them.
  requireTensor(op, "targets", targets);
  requireIntegers(op, "targets", targets, "targets");
  const classes = int32Kernel(targets);
  if (classes.numel() === 0) return classes;
  const bad = backend.invalidTarget(classes, classCount, ignoreIndex);
  if (bad < 0) return classes;
  const target = Number(targets.toTypedArray()[bad]);
  throw new IndexError({
    op,
    fact: `target ${target} at position ${bad} is outside [0, ${classCount - 1}]`,
    details: [describe("targets", targets)],
    code: `${op}/target`,
    data: { target, position: bad, classes: classCount },
  });
}
