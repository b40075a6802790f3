import {
  allclose, amax, amin, argmax, argmin, avgPool2d, batchNorm, clamp, conv2d, crossEntropy, dropout, logsumexp, maxPool2d, mean, mseLoss, mul, nllLoss, ones,
  prod, rand, randint, randn, randperm, showValue, std, sum, tensor, variance, zeros, type ErrorSample,
} from "@tapegrad/tensor";
import { grad } from "../backward.ts";
import { gradcheck } from "../gradcheck.ts";
import { leaf } from "./error-calls.ts";

/** What an option may be, as errors say it, and values next to that. */
type Refused = readonly [must: string, ...values: unknown[]];

const boolean: Refused = ["true or false", 1, null, "yes"];
const dims: Refused = ["a number or a list of numbers", "1", null, ["0"]];
const dim: Refused = ["a number", "1", null, [0]];
const nonNegative: Refused = ["a finite number, 0 or more", -Number.MIN_VALUE, NaN, "0.1", null, Infinity];
const share: Refused = ["a number from 0 to 1", -Number.MIN_VALUE, 1 + Number.EPSILON, NaN, "0.1"];
const probability: Refused = ["a probability: from 0 (keep all) to 1 (drop all)", -Number.MIN_VALUE, 1 + Number.EPSILON, NaN, "0.1", null];
const sides = (least: number): Refused => [
  `an integer or a pair of integers, ${least} or more`, least - 1, least + 0.5, [least], [least, least - 1], [1, 1, 1], NaN, "1", null,
];
const padding: Refused = ['an integer or a pair of integers, 0 or more, or "same" or "valid"', -1, [0, -1], "full", NaN];
const tensorOrNull: Refused = ["a tensor or null", 1, "weight", [1, 2]];
const reduction: Refused = ['"none" or "mean" or "sum"', "avg", null];
const integer: Refused = ["an integer", 0.5, NaN, "0"];
const generator: Refused = ["a Generator", 1, {}, null];
const bound: Refused = ["a number", "1", null];
const random = {
  dtype: ["one of float32, float64, float16, bfloat16, int64, int32, uint8, bool", "float", 32, null] as const,
  requiresGrad: boolean,
  generator,
};
const reduce = { dim: dims, keepdim: boolean };
const pool = { stride: sides(1), padding: sides(0), ceilMode: boolean };

/** The options of each function, in the order in which errors list them. Whatever it takes stands here: another one is unknown. */
const functions: readonly (readonly [op: string, call: (options: never) => unknown, options: Readonly<Record<string, Refused>>])[] = [
  ["sum", (options) => sum(ones([2]), options), reduce],
  ["mean", (options) => mean(ones([2]), options), reduce],
  ["prod", (options) => prod(ones([2]), options), reduce],
  ["amax", (options) => amax(ones([2]), options), reduce],
  ["amin", (options) => amin(ones([2]), options), reduce],
  ["logsumexp", (options) => logsumexp(ones([2]), options), reduce],
  ["argmax", (options) => argmax(ones([2]), options), { dim, keepdim: boolean }],
  ["argmin", (options) => argmin(ones([2]), options), { dim, keepdim: boolean }],
  ["var", (options) => variance(ones([2]), options), { ...reduce, correction: ["a finite number", NaN, "1", null] }],
  ["std", (options) => std(ones([2]), options), { ...reduce, correction: ["a finite number", NaN, "1", null] }],
  ["clamp", (options) => clamp(ones([2]), options), { min: bound, max: bound }],
  ["allclose", (options) => allclose(ones([2]), ones([2]), options), { rtol: nonNegative, atol: nonNegative, equalNan: boolean }],
  ["conv2d", (options) => conv2d(ones([1, 1, 3, 3]), ones([1, 1, 2, 2]), null, options), { stride: sides(1), padding, dilation: sides(1), groups: ["a positive integer", 0, 1.5, NaN, "1"] }],
  ["maxPool2d", (options) => maxPool2d(ones([1, 1, 3, 3]), 2, options), { ...pool, dilation: sides(1) }],
  ["avgPool2d", (options) => avgPool2d(ones([1, 1, 3, 3]), 2, options), { ...pool, countIncludePad: boolean, divisorOverride: ["an integer other than 0", 0, 0.5, NaN, "1"] }],
  [
    "batchNorm",
    (options) => batchNorm(ones([2, 2]), options),
    { weight: tensorOrNull, bias: tensorOrNull, runningMean: tensorOrNull, runningVar: tensorOrNull, training: boolean, momentum: share, eps: nonNegative },
  ],
  ["dropout", (options) => dropout(ones([2]), options), { p: probability, training: boolean, generator }],
  ["crossEntropy", (options) => crossEntropy(zeros([1, 2]), tensor([0], { dtype: "int32" }), options), { weight: tensorOrNull, ignoreIndex: integer, reduction, labelSmoothing: share }],
  ["nllLoss", (options) => nllLoss(zeros([1, 2]), tensor([0], { dtype: "int32" }), options), { weight: tensorOrNull, ignoreIndex: integer, reduction }],
  ["mseLoss", (options) => mseLoss(ones([2]), ones([2]), options), { reduction }],
  ["rand", (options) => rand([2], options), random],
  ["randn", (options) => randn([2], options), random],
  ["randint", (options) => randint(0, 2, [2], options), random],
  ["randperm", (options) => randperm(3, options), { generator }],
  ["backward", (options) => mul(leaf([1]), 2).backward(null, options), { retainGraph: boolean, createGraph: boolean }],
  [
    "grad",
    (options) => grad([mul(leaf([1]), 2)], [leaf([1])], options),
    { retainGraph: boolean, createGraph: boolean, gradOutputs: ["a list of tensors and nulls", null, 1], allowUnused: boolean },
  ],
  [
    "gradcheck",
    (options) => gradcheck((x) => x, [leaf([1])], options),
    { rtol: nonNegative, atol: nonNegative, step: ["a finite number above 0", 0, -1, NaN, Infinity, "1"], report: boolean },
  ],
];

/** Options that do not exist, and values that an option cannot have, for every function with options. */
export const errorsOfOptions: readonly ErrorSample[] = [
  ...functions.flatMap(([op, call, options]): ErrorSample[] => {
    const names = Object.keys(options);
    return [
      {
        call: () => call({ nonsense: 1 } as never),
        error: "ArgumentError",
        message: `${op}: there is no option "nonsense"; there ${names.length === 1 ? "is" : "are"} ${names.join(", ")}\n  code: ${op}/unknown-option`,
      },
      {
        call: () => call(null as never),
        error: "ArgumentError",
        message: `${op}: options must be an object, not null\n  code: ${op}/options`,
      },
      ...Object.entries(options).flatMap(([name, [must, ...values]]) =>
        values.map((value): ErrorSample => ({
          call: () => call({ [name]: value } as never),
          error: "IndexError",
          message: `${op}: ${name} ${showValue(value)} must be ${must}\n  code: ${op}/option`,
        })),
      ),
    ];
  }),
  {
    call: () => sum(ones([2]), { keep_dim: true } as never),
    error: "ArgumentError",
    message: 'sum: there is no option "keep_dim"; there are dim, keepdim\n  hint: did you mean keepdim?\n  code: sum/unknown-option',
  },
  ...([0, [1, 0], [1], 1.5, NaN, "2", undefined] as const).flatMap((kernel) =>
    ([["maxPool2d", maxPool2d], ["avgPool2d", avgPool2d]] as const).map(([op, pooling]): ErrorSample => ({
      call: () => pooling(ones([1, 1, 3, 3]), kernel as never),
      error: "IndexError",
      message: `${op}: kernelSize ${showValue(kernel)} must be an integer or a pair of integers, 1 or more\n  code: ${op}/option`,
    })),
  ),
];
