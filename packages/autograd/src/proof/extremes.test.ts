import { describe, expect, test } from "vitest";
import {
  add, amax, amin, arange, crossEntropy, logsumexp, logSoftmax, max, mean, min, mul, nllLoss, norm, softmax, std, sum, tensor, variance, type DType, type NestedArray,
  type Tensor,
} from "@tapegrad/tensor";
import { grad } from "../backward.ts";
import { numbersOf } from "./expect-values.ts";
import { fromValues } from "./operands.ts";

/** The gradient of the sum of f, and the gradient of that one's product with 1, 2, 3, ...; recorded and not, the gradient is the same. */
function derivatives(f: (x: Tensor) => Tensor, x: Tensor): { first: NestedArray; second: NestedArray } {
  const leaf = x.detach().requiresGrad_();
  const [plain] = grad([sum(f(leaf))], [leaf]);
  const [first] = grad([sum(f(leaf))], [leaf], { createGraph: true });
  const scale = Math.max(1, ...numbersOf(plain).map(Math.abs));
  numbersOf(plain).forEach((value, i) => {
    const other = numbersOf(first)[i] as number;
    if (!Object.is(value, other)) expect(Math.abs(other - value) / scale, `gradient ${i}, recorded`).toBeLessThan(x.dtype === "float16" ? 4e-3 : 1e-6);
  });
  const weights = add(arange(x.numel()), 1).to(x.dtype).reshape(x.shape);
  const total = sum(mul(first, weights));
  const second = total.requiresGrad ? grad([total], [leaf], { allowUnused: true })[0] : null;
  return { first: plain.toArray(), second: second?.toArray() ?? [] };
}

const values = (f: (x: Tensor) => Tensor, data: NestedArray, dtype: DType): number => sum(f(tensor(data, { dtype }))).item();

describe("large logits: adding one number to all of them changes no derivative", () => {
  const targets = tensor([2, 0], { dtype: "int32" });
  const weight = tensor([0.5, 2, 1], { dtype: "float64" });
  const losses: Readonly<Record<string, (x: Tensor) => Tensor>> = {
    crossEntropy: (x) => crossEntropy(x, targets),
    "crossEntropy, summed": (x) => crossEntropy(x, targets, { reduction: "sum" }),
    "crossEntropy, weighted": (x) => crossEntropy(x, targets, { weight }),
    "crossEntropy, smoothed": (x) => crossEntropy(x, targets, { labelSmoothing: 0.25 }),
    "crossEntropy, both": (x) => crossEntropy(x, targets, { weight, labelSmoothing: 0.25, reduction: "none" }),
    "crossEntropy of images": (x) => crossEntropy(x.t().reshape([1, 3, 2]), targets.reshape([1, 2])),
    "nllLoss of logSoftmax": (x) => nllLoss(logSoftmax(x, 1), targets),
    "logSoftmax, rows": (x) => mul(logSoftmax(x, 1), arange(3)),
    "logSoftmax, columns": (x) => mul(logSoftmax(x, 0), arange(2).reshape([2, 1])),
    "softmax, rows": (x) => mul(softmax(x, 1), arange(3)),
    "softmax, columns": (x) => mul(softmax(x, 0), arange(2).reshape([2, 1])),
    "logsumexp, rows": (x) => logsumexp(x, { dim: 1 }),
    "logsumexp, columns": (x) => logsumexp(x, { dim: 0 }),
    "logsumexp, all": (x) => logsumexp(x),
  };
  // In steps of 2^10, so that the largest is exact in float32.
  const near = [[1, 3, 2], [0, 0, 1]] as const;
  test.each(Object.keys(losses))("%s", (name) => {
    const f = losses[name] as (x: Tensor) => Tensor;
    const at = (shift: number, step: number, dtype: DType) => derivatives(f, fromValues(near.flat().map((v) => v * step + shift), [2, 3], dtype));
    for (const shift of [16384, 2 ** 22, -(2 ** 22)]) expect(at(shift, 1, "float32")).toEqual(at(0, 1, "float32"));
    for (const shift of [2 ** 30, 2 ** 33]) expect(at(shift, 1024, "float32")).toEqual(at(0, 1024, "float32"));
    for (const shift of [2 ** 22, 2 ** 51]) expect(at(shift, 1, "float64")).toEqual(at(0, 1, "float64"));
    expect(at(1024, 1, "float16")).toEqual(at(0, 1, "float16"));
  });
  test("equal ones share the probability, however large", () => {
    for (const logit of [1e8, -1e8, 1e30, 3e38]) {
      expect(derivatives((x) => crossEntropy(x, tensor([1], { dtype: "int32" })), tensor([[logit, logit]])).first).toEqual([[0.5, -0.5]]);
      expect(values((x) => crossEntropy(x, tensor([1], { dtype: "int32" })), [[logit, logit]], "float32")).toBeCloseTo(Math.LN2, 6);
      expect(derivatives(logsumexp, tensor([logit, logit])).first).toEqual([0.5, 0.5]);
    }
    expect(derivatives((x) => crossEntropy(x, tensor([1], { dtype: "int32" })), tensor([[1e17, 1e17]], { dtype: "float64" })).first).toEqual([[0.5, -0.5]]);
  });
});

describe("logsumexp to the end of the range", () => {
  test("is the maximum where that is all that counts", () => {
    expect(values(logsumexp, [1e308], "float64")).toBe(1e308);
    expect(values(logsumexp, [1e308, -1e308], "float64")).toBe(1e308);
    expect(values(logsumexp, [Number.MAX_VALUE, 0], "float64")).toBe(Number.MAX_VALUE);
    expect(values(logsumexp, [3.4e38, 0], "float32")).toBe(Math.fround(3.4e38));
    expect(values(logsumexp, [60000], "float16")).toBe(60000);
    expect(derivatives(logsumexp, tensor([2 ** 100, 2 ** 100], { dtype: "bfloat16" })).first).toEqual([0.5, 0.5]);
    expect(values(logsumexp, [-1e308, -Infinity], "float64")).toBe(-1e308);
    expect(values(logsumexp, [Infinity, 0], "float32")).toBe(Infinity);
  });
  test("all -inf: -inf, and no derivative of any order", () => {
    expect(derivatives((x) => logsumexp(x, { dim: 1 }), tensor([[-Infinity, -Infinity], [0, 0]]))).toEqual({ first: [[0, 0], [0.5, 0.5]], second: [[0, 0], [-0.25, 0.25]] });
  });
});

describe("std and norm to the ends of the range", () => {
  test.each([
    ["float32", [1e38, 2e38]], ["float32", [3e38, -3e37]], ["float32", [3e38, 3.1e38]], ["float32", [1e30, 2e30, 4e30]], ["float32", [1e-30, 2e-30]], ["float32", [1e-38, 5e-38]],
    ["float32", [400, 800]], ["float16", [400, 800]], ["float16", [60000, -2000]], ["float16", [1e-4, 4e-4]], ["float64", [1e150, 3e150]], ["float64", [1e-150, 3e-150]],
  ] as const)("%s %j", (dtype, data) => {
    const exact = [...numbersOf(tensor([...data], { dtype }))];
    const scale = Math.max(...exact.map(Math.abs));
    const scaled = exact.map((v) => v / scale);
    const average = scaled.reduce((a, b) => a + b, 0) / scaled.length;
    const spread = scale * Math.sqrt(scaled.reduce((a, v) => a + (v - average) ** 2, 0) / (scaled.length - 1));
    const length = scale * Math.hypot(...scaled);
    const bound = dtype === "float64" ? 1e-14 : dtype === "float32" ? 2e-6 : 1e-3;
    const ofRow = (f: typeof std) => (x: Tensor) => f(x.reshape([1, -1]), { dim: 1 });
    for (const f of [std, ofRow(std), (x: Tensor) => std(x.reshape([1, -1, 1]), { dim: [0, 1] }), (x: Tensor) => std(x.reshape([-1, 1]), { dim: 0 })]) expect(Math.abs(values(f, exact, dtype) / spread - 1)).toBeLessThan(bound);
    for (const f of [norm, ofRow(norm), (x: Tensor) => norm(x.reshape([1, 1, -1]), { dim: [0, 2] }), (x: Tensor) => norm(x.reshape([-1, 1]), { dim: 0 })]) {
      const found = values(f, exact, dtype);
      if (dtype === "float32" && length > 3.4e38) expect(found).toBe(Infinity);
      else expect(Math.abs(found / length - 1)).toBeLessThan(bound);
    }
    if (dtype === "float32" && length > 3.4e38) return;
    const direction = derivatives(norm, tensor(exact, { dtype })).first as number[];
    direction.forEach((v, i) => expect(Math.abs(v - (exact[i] as number) / length)).toBeLessThan(bound));
    // As in PyTorch, the mean of numbers beyond half the range overflows in a gradient.
    if (exact.reduce((a, b) => a + b, 0) > 3.4e38 && dtype === "float32") return;
    const slope = derivatives(std, tensor(exact, { dtype })).first as number[];
    slope.forEach((v, i) => expect(Math.abs(v - (exact[i] as number - average * scale) / spread / (exact.length - 1))).toBeLessThan(2 * bound));
  });
  test("rows that need it and rows that do not, in one tensor", () => {
    const rows = [[3, 4], [3e30, 4e30], [3e-30, 4e-30], [0, 0], [3e-42, 4e-42]];
    const found = norm(tensor(rows), { dim: 1 }).toArray() as number[];
    [5, 5e30, 5e-30, 0, 5e-42].forEach((expected, i) => expect(Math.abs((found[i] as number) - expected)).toBeLessThanOrEqual(expected * 1e-3));
    const spreads = std(tensor(rows), { dim: 1, correction: 0 }).toArray() as number[];
    [0.5, 5e29, 5e-31, 0, 5e-43].forEach((expected, i) => expect(Math.abs((spreads[i] as number) - expected)).toBeLessThanOrEqual(expected * 1e-2));
  });
  test("a variance that float32 cannot hold is infinite or 0, as in PyTorch", () => {
    expect(values((x) => variance(x), [1e38, 2e38], "float32")).toBe(Infinity);
    expect(values((x) => variance(x), [1e-30, 2e-30], "float32")).toBe(0);
    expect(values((x) => variance(x), [3e38, 3e38, 3e38], "float32")).toBe(0);
    expect(values((x) => variance(x), [400, 800], "float16")).toBe(Infinity);
  });
  test("NaN and infinity go through", () => {
    expect(values(norm, [NaN, 1], "float32")).toBeNaN();
    expect(values(norm, [-Infinity, 1], "float32")).toBe(Infinity);
    expect(values(std, [NaN, 1], "float32")).toBeNaN();
    expect(values(std, [Infinity, 1], "float32")).toBeNaN();
  });
  test.each(["float32", "float64", "float16"] as const)("%s: at zero all derivatives are zero", (dtype) => {
    for (const data of [[0, 0], [-0, 0]]) expect(derivatives(norm, tensor(data, { dtype }))).toEqual({ first: data, second: [0, 0] });
    expect(derivatives((x) => norm(x, { dim: 1 }), tensor([[0, 0], [3, 4]], { dtype })).first).toEqual([[0, 0], [dtype === "float64" ? 0.6 : expect.closeTo(0.6, 3), expect.closeTo(0.8, 3)]]);
    expect(derivatives(std, tensor([2, 2, 2], { dtype }))).toEqual({ first: [0, 0, 0], second: [0, 0, 0] });
  });
  test("norm of integers is that of their values", () => expect(norm(tensor([3, 4], { dtype: "int32" })).item()).toBe(5));
  test("the mean of float16 overflows only if it has to", () => {
    expect(values((x) => mean(x), [60000, 60000], "float16")).toBe(60000);
    expect(derivatives((x) => mean(x), tensor([60000, 60000], { dtype: "float16" })).first).toEqual([0.5, 0.5]);
  });
});

describe("extremes of NaN", () => {
  const cases: readonly (readonly [number[], number[]])[] = [[[1, NaN, 2], [0, 1, 0]], [[NaN, NaN, 2], [0.5, 0.5, 0]], [[NaN], [1]]];
  test.each(["float32", "float64", "float16"] as const)("%s: max, min, amax and amin send the gradient to the NaNs", (dtype) => {
    for (const [data, expected] of cases) {
      for (const f of [max, min, amax, amin]) {
        expect(values((x) => f(x), data, dtype)).toBeNaN();
        expect(derivatives((x) => f(x), tensor(data, { dtype })).first).toEqual(expected);
      }
      for (const f of [amax, amin]) {
        const rows = tensor([data, data.map((_, i) => i)], { dtype });
        const own = data.map((_, i) => Number(i === (f === amax ? data.length - 1 : 0)));
        expect(derivatives((x) => f(x, { dim: 1 }), rows).first).toEqual([expected, own]);
      }
    }
    expect(derivatives((x) => max(x, 0).values, tensor([1, NaN, 2, NaN], { dtype })).first).toEqual([0, 1, 0, 0]);
  });
});
