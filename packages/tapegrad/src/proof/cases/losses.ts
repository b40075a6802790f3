import * as tg from "@tapegrad/tensor";
import type { Reduction, Shape } from "@tapegrad/tensor";
import { crossed, op, within, type Case, type CaseInputs, type Family, type Tolerances } from "../case-list.ts";
import { list, of, type Input } from "../input.ts";
import { corners, everyDType, floats, strided } from "./operand-lists.ts";

type ClassOptions = { readonly reduction?: Reduction; readonly ignoreIndex?: number; readonly labelSmoothing?: number };

const classes = (shape: Shape, details: Partial<Input> = {}): Input => of(shape, { dtype: "int32", values: "index3", ...details });

/** Scores of classes [N, C, ...], targets [N, ...], and a weight for each class if asked. */
function scores(x: Shape, weighted = false, details: Partial<Input> = {}, target: Partial<Input> = {}): CaseInputs {
  const targets = x.length === 1 ? [] : [...x.slice(0, 1), ...x.slice(2)];
  const classCount = x[x.length === 1 ? 0 : 1] ?? 0;
  return { x: of(x, details), target: classes(targets, target), weight: weighted ? of([classCount], { values: "positive", dtype: details.dtype ?? "float32", constant: true }) : null };
}

const reductions: readonly ClassOptions[] = [{ reduction: "mean" }, { reduction: "sum" }, { reduction: "none" }];
const targetOf = (values: readonly number[], shape: Shape = [values.length]): Input => list(values, { dtype: "int32", shape });

/** Cases of the losses over classes; `smoothing` where the op knows it. */
function classCases(smoothing: readonly ClassOptions[]): readonly Case<ClassOptions>[] {
  return [
    ...crossed([scores([4, 3]), scores([4, 3], true), scores([3]), scores([2, 3, 2, 2]), scores([2, 3, 2], true), scores([1, 5]), scores([17, 5], true)], reductions),
    ...strided.flatMap((layout) => crossed([scores([4, 3], true, { layout }), scores([2, 3, 4], false, { layout, dtype: "float64" }, { layout })], [{}])),
    ...floats.flatMap((dtype) => crossed([...corners, "fine" as const].map((values) => scores([4, 3], true, { values, dtype })), [{}])),
    ...floats.flatMap((dtype) => crossed([scores([4, 3], false, { values: "specials", dtype })], [{ reduction: "none" }])),
    ...crossed([{ x: of([4, 3]), target: targetOf([0, -100, 2, -100]), weight: null }, { x: of([4, 3], { values: "specials" }), target: targetOf([-100, -100, 2, -100]), weight: of([3], { values: "positive", constant: true }) }], reductions),
    ...crossed([{ x: of([2, 3]), target: targetOf([-100, -100]), weight: null }], reductions),
    ...crossed([scores([4, 3]), scores([4, 3], true)], [{ ignoreIndex: 1 }, { ignoreIndex: 7 }, { ignoreIndex: 0, reduction: "sum" }]),
    ...crossed([{ x: of([3, 2]), target: targetOf([0, 5, 1]), weight: null }], [{ ignoreIndex: 5 }, { ignoreIndex: 4 }]),
    ...crossed([{ x: of([3, 2]), target: targetOf([0, 1, 1]), weight: list([0, 2], { constant: true }) }, { x: of([2, 2]), target: targetOf([0, 0]), weight: list([0, 2], { constant: true }) }, { x: list([-Infinity, 1, 2, -Infinity], { shape: [2, 2] }), target: targetOf([1, 0]), weight: null }, { x: list([-Infinity, 1, 2, 3], { shape: [2, 2] }), target: targetOf([0, 1]), weight: list([0, 2], { constant: true }) }], reductions),
    ...crossed([{ x: list([100, -100, 0, 1e4, -1e4, 5], { shape: [2, 3] }), target: targetOf([1, 0]), weight: null }, { x: list([100, -100, 0, 1e4, -1e4, 5], { shape: [2, 3], dtype: "float64" }), target: targetOf([0, 1]), weight: null }], reductions),
    ...crossed((["float32", "float64"] as const).map((dtype) => ({ x: list([10000, 10001, 10000.5, -5000, -5001, -5000.5], { shape: [2, 3], dtype }), target: targetOf([1, 0]), weight: null })), [{}, { reduction: "none" }]),
    ...crossed((["float32", "float64"] as const).map((dtype) => ({ x: list([1e7, 10000001, 10000002, -9999999, -1e7, -10000002], { shape: [2, 3], dtype }), target: targetOf([1, 0]), weight: null })), [{}, { reduction: "none" }]),
    ...crossed([{ x: of([0, 3]), target: classes([0]), weight: null }, { x: of([2, 3, 0]), target: classes([2, 0]), weight: null }], reductions),
    ...crossed((["int64", "uint8"] as const).flatMap((dtype) => [{ x: of([4, 3]), target: classes([4], { dtype }), weight: null }, scores([2, 3, 4], true, {}, { dtype })]), reductions),
    ...crossed([{ x: of([4, 3]), target: list([2, -100, 0, -100], { dtype: "int64" }), weight: null }, { x: of([2, 3]), target: list([0, 2 ** 40], { dtype: "int64" }), weight: null }], [{}]),
    // Refused: targets outside, shapes and dtypes that do not fit.
    ...crossed([{ x: of([2, 3]), target: targetOf([0, 3]), weight: null }, { x: of([2, 3]), target: targetOf([-1, 0]), weight: null }, { x: of([2, 3]), target: classes([3]), weight: null }, { x: of([]), target: classes([]), weight: null }, { x: of([2, 3]), target: classes([2, 1]), weight: null }, { x: of([2, 3]), target: classes([2]), weight: of([2], { constant: true }) }, { x: of([2, 3], { dtype: "int32" }), target: classes([2]), weight: null }], [{}]),
    ...crossed([scores([4, 3]), scores([4, 3], true), scores([3], true), scores([2, 3, 2], true, { dtype: "float64" }), scores([4, 3], true, { dtype: "float16" }), { x: of([4, 3]), target: targetOf([0, -100, 2, -100]), weight: of([3], { values: "positive", constant: true }) }], smoothing),
  ];
}

const smoothing: readonly ClassOptions[] = [{ labelSmoothing: 0.1 }, { labelSmoothing: 0.5, reduction: "sum" }, { labelSmoothing: 1, reduction: "none" }, { labelSmoothing: 0.2, ignoreIndex: 1 }, { labelSmoothing: 1.5 }, { labelSmoothing: -0.1 }];
const near: Partial<Tolerances> = { value: { ...within(8, 4), signedZeros: false }, gradient: within(12, 4, 1), second: within(16, 16, 2) };
const common = "weight, ignore_index=-100 if o.ignoreIndex is None else o.ignoreIndex, reduction='mean' if o.reduction is None else o.reduction";

/** Scores and probabilities of classes, which need not add up to 1. */
function likelihoods(x: Shape, weighted = false, details: Partial<Input> = {}, target: Partial<Input> = {}): CaseInputs {
  const classCount = x[x.length === 1 ? 0 : 1] ?? 0;
  return { x: of(x, details), target: of(x, { values: "positive", dtype: details.dtype ?? "float32", ...target }), weight: weighted ? of([classCount], { values: "positive", dtype: details.dtype ?? "float32", constant: true }) : null };
}

const probabilityCases: readonly Case<ClassOptions>[] = [
  ...crossed([likelihoods([4, 3]), likelihoods([4, 3], true, {}, { constant: true }), likelihoods([3]), likelihoods([3], true), likelihoods([2, 3, 2, 2]), likelihoods([2, 3, 2], true), likelihoods([1, 5]), likelihoods([17, 5], true), likelihoods([4, 3], false, { constant: true })], [...reductions, ...reductions.map((each) => ({ ...each, labelSmoothing: 0.1 })), { labelSmoothing: 1 }]),
  ...strided.flatMap((layout) => crossed([likelihoods([4, 3], true, { layout }), likelihoods([2, 3, 4], false, { layout, dtype: "float64" }, { layout })], [{}])),
  ...floats.flatMap((dtype) => crossed([...corners, "fine" as const].map((values) => likelihoods([4, 3], true, { values, dtype })), [{}])),
  ...floats.flatMap((dtype) => crossed((["zeros", "specials", "fine", "ties"] as const).map((values) => likelihoods([4, 3], true, { dtype }, { values })), [{ reduction: "none" }])),
  ...crossed((["float64", "float16"] as const).flatMap((dtype) => [likelihoods([4, 3], false, {}, { dtype }), likelihoods([4, 3], false, { dtype }, { dtype: "float32" }), { ...likelihoods([4, 3]), weight: of([3], { values: "positive", dtype, constant: true }) }]), [{}]),
  ...crossed([{ ...likelihoods([4, 3]), weight: list([0, 2, 1], { constant: true }) }, { ...likelihoods([4, 3], false, { values: "infinite" }), weight: list([0, 2, 0], { constant: true }) }, { ...likelihoods([4, 3], false, {}, { values: "specials" }), weight: list([0, 0, 1], { constant: true }) }], reductions),
  ...crossed([likelihoods([0, 3]), likelihoods([3, 0]), likelihoods([2, 3, 0])], reductions),
  ...crossed((["float32", "float64"] as const).map((dtype) => ({ ...likelihoods([2, 3], false, { dtype }), x: list([10000, 10001, 10000.5, -5000, -5001, -5000.5], { shape: [2, 3], dtype }) })), [{}]),
  // Refused.
  ...crossed([likelihoods([4, 3])], [{ ignoreIndex: 1 }, { ignoreIndex: -1 }, { labelSmoothing: 1.5 }]),
  ...crossed([...["int64", "int32", "uint8", "bool"].map((dtype) => likelihoods([4, 3], false, {}, { dtype: dtype as "int64" })), likelihoods([4, 3], false, { dtype: "int32" }, { dtype: "float32" }), { ...likelihoods([4, 3]), weight: of([4], { constant: true }) }, { ...likelihoods([4, 3]), target: of([4, 2]) }, { ...likelihoods([4, 3]), target: of([4]) }, likelihoods([])], [{}]),
];

type Pairs = { readonly reduction?: Reduction };
const pairs = (x: Shape, target: Shape = x, left: Partial<Input> = {}, right: Partial<Input> = left): CaseInputs => ({ x: of(x, left), target: of(target, right) });

export const lossFamily: Family = {
  name: "losses",
  ops: [
    op<ClassOptions>({
      name: "crossEntropy",
      torch: `F.cross_entropy(x, target.long(), ${common}, label_smoothing=0.0 if o.labelSmoothing is None else o.labelSmoothing)`,
      run: ({ x, target, weight }, options) => tg.crossEntropy(x, target, { weight, ...options }),
      tolerances: near,
      cases: classCases(smoothing),
    }),
    op<ClassOptions>({
      name: "nllLoss",
      torch: `F.nll_loss(x, target.long(), ${common})`,
      run: ({ x, target, weight }, options) => tg.nllLoss(x, target, { weight, ...options }),
      tolerances: { value: within(4, 2), gradient: within(4, 2) },
      cases: classCases([]),
    }),
    op<ClassOptions>({
      name: "crossEntropy of probabilities",
      torch: `F.cross_entropy(x, target, ${common}, label_smoothing=0.0 if o.labelSmoothing is None else o.labelSmoothing)`,
      run: ({ x, target, weight }, options) => tg.crossEntropy(x, target, { weight, ...options }),
      tolerances: near,
      cases: probabilityCases,
    }),
    op<Pairs>({
      name: "mseLoss",
      torch: "F.mse_loss(x, target, reduction='mean' if o.reduction is None else o.reduction)",
      run: ({ x, target }, options) => tg.mseLoss(x, target, options),
      tolerances: { value: within(4, 2), gradient: within(4, 2), second: within(4, 4) },
      cases: [
        ...crossed<Pairs>([pairs([]), pairs([1]), pairs([5]), pairs([33]), pairs([2, 3]), pairs([0]), pairs([2, 0])], [{}, { reduction: "sum" }, { reduction: "none" }]),
        ...strided.flatMap((layout) => crossed<Pairs>([pairs([3, 4], [3, 4], { layout }), pairs([3, 4], [3, 4], {}, { layout, dtype: "float32", constant: true })], [{}])),
        ...floats.flatMap((dtype) => crossed<Pairs>([...corners, "fine" as const].map((values) => pairs([9], [9], { dtype, values })), [{}, { reduction: "none" }])),
        ...crossed<Pairs>(everyDType.filter((dtype) => dtype !== "float32").flatMap((dtype) => [pairs([4], [4], {}, { dtype }), pairs([4], [4], { dtype })]), [{}]),
        ...crossed<Pairs>([pairs([2, 3], [3]), pairs([2, 1], [2]), pairs([3], []), pairs([], [2, 3]), pairs([1, 4], [3, 1], {}, { dtype: "float64" }), pairs([2, 3], [3], { layout: "transposed", values: "large" }, {}), pairs([0, 3], [3]), pairs([2, 1], [1, 0]), pairs([2], [3])], [{}, { reduction: "none" }, { reduction: "sum" }]),
      ],
    }),
  ],
};
