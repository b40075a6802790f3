import { describe, expect, test } from "vitest";
import { ArgumentError, Generator, IndexError, ones, showValue } from "@tapegrad/tensor";
import { thrownBy } from "@tapegrad/test-support";
import { BatchNorm1d, BatchNorm2d } from "./batch-norm.ts";
import { Conv2d } from "./conv2d.ts";
import { Dropout } from "./dropout.ts";
import { LayerNorm } from "./layer-norm.ts";
import { Linear } from "./linear.ts";
import { LocalResponseNorm } from "./local-response-norm.ts";
import { CrossEntropyLoss, MSELoss, NLLLoss } from "./loss.ts";
import { AvgPool2d, MaxPool2d } from "./pooling.ts";

/** What an option takes, up to its closed limits, and what lies next to them outside. */
interface Limits {
  readonly must: string;
  readonly taken: readonly unknown[];
  readonly refused: readonly unknown[];
}

const above1 = 1 + Number.EPSILON;
const noNumber = [NaN, "0.1", null, true, [0.1], {}, Infinity, -Infinity];

const boolean: Limits = { must: "true or false", taken: [true, false], refused: [0, 1, null, "true", NaN] };
const dtype: Limits = { must: "float32, float64, float16 or bfloat16", taken: ["float32", "float64", "float16", "bfloat16"], refused: ["int32", "bool", "float", "Float32", 32, null] };
const generator: Limits = { must: "a Generator", taken: [new Generator(1)], refused: [1, "seed", null, {}, Math.random] };
const finite: Limits = { must: "a finite number", taken: [0, -Number.MAX_VALUE, Number.MAX_VALUE], refused: noNumber };
const nonNegative: Limits = { must: "a finite number, 0 or more", taken: [0, Number.MIN_VALUE, Number.MAX_VALUE], refused: [-Number.MIN_VALUE, -1, ...noNumber] };
const share: Limits = { must: "a number from 0 to 1", taken: [0, 0.5, 1], refused: [-Number.MIN_VALUE, above1, 5, ...noNumber] };
const momentum: Limits = { must: "a number from 0 to 1, or null", taken: [0, 1, null], refused: [-Number.MIN_VALUE, above1, 5, ...noNumber.filter((value) => value !== null)] };
const positiveInteger: Limits = { must: "a positive integer", taken: [1, 2], refused: [0, -1, 1.5, ...noNumber] };
const sides = (least: number): Limits => ({
  must: `an integer or a pair of integers, ${least} or more`,
  taken: [least, [least, least], [least, least + 3]],
  refused: [least - 1, [least - 1, least], [least, least - 1], least + 0.5, [least], [least, least, least], [], "valid", ...noNumber],
});
const padding: Limits = { ...sides(0), must: 'an integer or a pair of integers, 0 or more, or "same" or "valid"', taken: [...sides(0).taken, "same", "valid"], refused: [...sides(0).refused.filter((value) => value !== "valid"), "full"] };
const reduction: Limits = { must: '"none" or "mean" or "sum"', taken: ["none", "mean", "sum"], refused: ["avg", "", null, 0] };
const weight: Limits = { must: "a tensor or null", taken: [null, ones([3])], refused: [[1, 2, 3], 1, "ones"] };
const ignoreIndex: Limits = { must: "an integer", taken: [0, -100, 2], refused: [0.5, ...noNumber] };
const divisor: Limits = { must: "an integer other than 0", taken: [1, -1], refused: [0, 0.5, ...noNumber] };

const batchNorm = { eps: nonNegative, momentum, affine: boolean, trackRunningStats: boolean, dtype };

/** Options as programs in JavaScript write them. */
type Make = (options: never) => unknown;

const layers: Readonly<Record<string, readonly [make: Make, options: Readonly<Record<string, Limits>>]>> = {
  Linear: [(options) => new Linear(2, 3, options), { dtype, generator, bias: boolean }],
  Conv2d: [(options) => new Conv2d(2, 2, 3, options), { stride: sides(1), padding, dilation: sides(1), groups: positiveInteger, dtype, generator, bias: boolean }],
  BatchNorm1d: [(options) => new BatchNorm1d(3, options), batchNorm],
  BatchNorm2d: [(options) => new BatchNorm2d(3, options), batchNorm],
  LayerNorm: [(options) => new LayerNorm(3, options), { eps: nonNegative, elementwiseAffine: boolean, dtype }],
  LocalResponseNorm: [(options) => new LocalResponseNorm(3, options), { alpha: finite, beta: finite, k: finite }],
  Dropout: [(options) => new Dropout(0.5, options), { generator }],
  MaxPool2d: [(options) => new MaxPool2d(2, options), { stride: sides(1), padding: sides(0), ceilMode: boolean, dilation: sides(1) }],
  AvgPool2d: [(options) => new AvgPool2d(2, options), { stride: sides(1), padding: sides(0), ceilMode: boolean, countIncludePad: boolean, divisorOverride: divisor }],
  CrossEntropyLoss: [(options) => new CrossEntropyLoss(options), { weight, ignoreIndex, reduction, labelSmoothing: share }],
  NLLLoss: [(options) => new NLLLoss(options), { weight, ignoreIndex, reduction }],
  MSELoss: [(options) => new MSELoss(options), { reduction }],
};

const shown = (value: unknown): string => (typeof value === "string" ? JSON.stringify(value) : showValue(value));

describe.each(Object.entries(layers))("%s", (layer, [make, options]) => {
  test("has these options", () => {
    const error = thrownBy(() => make({ nonsense: 1 } as never));
    expect(error).toBeInstanceOf(ArgumentError);
    const names = error.data["known"] as string[];
    expect([...names].sort()).toEqual(Object.keys(options).sort());
    expect(error.message).toBe(`${layer}: there is no option "nonsense"; there ${names.length === 1 ? "is" : "are"} ${names.join(", ")}\n  code: ${layer}/unknown-option`);
  });

  describe.each(Object.entries(options))("%s", (name, { must, taken, refused }) => {
    test.each([...taken, undefined].map((value) => [shown(value), value]))("may be %s", (_text, value) => {
      make({ [name]: value } as never);
    });

    test.each(refused.map((value) => [shown(value), value]))("may not be %s", (text, value) => {
      const error = thrownBy(() => make({ [name]: value } as never));
      expect(error).toBeInstanceOf(IndexError);
      expect(error.message).toBe(`${layer}: ${name} ${text} must be ${must}\n  code: ${layer}/option`);
    });
  });
});

describe("arguments that have places of their own", () => {
  test.each([0, 1, 0.5])("Dropout of %d", (p) => expect(new Dropout(p).p).toBe(p));

  test.each([
    ['"3"', () => new Linear("3" as never, 2), "Linear: inFeatures \"3\" must be a positive integer\n  code: Linear/size"],
    ["undefined", () => new Linear(3, undefined as never), "Linear: outFeatures undefined must be a positive integer\n  code: Linear/size"],
    ["three sides", () => new Conv2d(1, 1, [3, 3, 3] as never), "Conv2d: kernelSize [3,3,3] must be an integer or a pair of integers, 1 or more\n  code: Conv2d/option"],
    ["no window", () => new MaxPool2d(0), "MaxPool2d: kernelSize 0 must be an integer or a pair of integers, 1 or more\n  code: MaxPool2d/option"],
    ["half a window", () => new AvgPool2d([2, 0.5]), "AvgPool2d: kernelSize [2,0.5] must be an integer or a pair of integers, 1 or more\n  code: AvgPool2d/option"],
    ["more than certain", () => new Dropout(2), "Dropout: p 2 must be a probability: from 0 (keep all) to 1 (drop all)\n  code: Dropout/option"],
    ["a text as shape", () => new LayerNorm("3" as never), "LayerNorm: normalizedShape[0] \"3\" must be a positive integer\n  code: LayerNorm/size"],
    ["no options at all", () => new Linear(1, 1, null as never), "Linear: options must be an object, not null\n  code: Linear/options"],
    ["a number as options", () => new Linear(1, 1, 4 as never), "Linear: options must be an object, not 4\n  code: Linear/options"],
  ])("%s", (_name, call, message) => {
    expect(thrownBy(call).message).toBe(message);
  });
});

describe("a wrong name is told the right one", () => {
  test.each([
    [() => new Linear(1, 1, { Bias: false } as never), "bias"],
    [() => new BatchNorm1d(1, { momentun: 0.1 } as never), "momentum"],
    [() => new BatchNorm1d(1, { track_running_stats: false } as never), "trackRunningStats"],
    [() => new Conv2d(1, 1, 1, { strides: 2 } as never), "stride"],
    [() => new CrossEntropyLoss({ label_smoothing: 0.1 } as never), "labelSmoothing"],
  ])("%#", (call, meant) => {
    expect(thrownBy(call).message).toContain(`\n  hint: did you mean ${meant}?\n`);
  });
});
