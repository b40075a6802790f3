import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mul, prod, sum, tensor, zeros, type Tensor } from "@tapegrad/tensor";
import { grad } from "../backward.ts";
import { fromValues } from "./operands.ts";

/** The derivative of a product by some of its factors: that of the others; 0 by one of them twice. */
function partial(factors: readonly number[], by: readonly number[]): number {
  if (new Set(by).size < by.length) return 0;
  return factors.reduce((product, factor, i) => (by.includes(i) ? product : product * factor), 1);
}

/** Sums of w_j, w_k, ... times the derivative by what is fixed and j, k, ..., until those are used up. */
function along(factors: readonly number[], w: readonly (readonly number[])[], fixed: readonly number[]): number {
  if (fixed.length > w.length) return partial(factors, fixed);
  return factors.reduce((total, _, j) => total + (w[fixed.length - 1]?.[j] as number) * along(factors, w, [...fixed, j]), 0);
}

/** Small integers, of which the products are exact; every third one 0. */
const factor = fc.constantFrom(0, 1, 2, -1, 3, 0);
const problem = fc.integer({ min: 1, max: 6 }).chain((n) =>
  fc.record({ rows: fc.array(fc.array(factor, { minLength: n, maxLength: n }), { minLength: 1, maxLength: 3 }), isTurned: fc.boolean() }));

describe.each(["float32", "float64", "float16"] as const)("%s", (dtype) => {
  test.each([1, 2, 3])("derivatives of order %i are exact, wherever there are zeros", (order) => {
    fc.assert(fc.property(problem, ({ rows, isTurned }) => {
      const n = (rows[0] as number[]).length;
      const w = Array.from({ length: order - 1 }, (_, k) => Array.from({ length: n }, (_, i) => ((i + k) % 3) - 1));
      const x = tensor(rows, { dtype, requiresGrad: true });
      // Each derivative along its direction, the last one as a gradient.
      let value: Tensor = sum(isTurned ? prod(x.t(), { dim: 0 }) : prod(x, { dim: 1 }));
      for (const weights of w) {
        const [gradient] = value.requiresGrad ? grad([value], [x], { createGraph: true, allowUnused: true }) : [];
        value = sum(mul(gradient ?? zeros(x.shape, { dtype }), fromValues(weights, [n], dtype)));
      }
      const [found] = value.requiresGrad ? grad([value], [x], { allowUnused: true }) : [];
      // 0 added makes a 0 of -0.
      expect((found ?? zeros(x.shape, { dtype })).add(0).toArray()).toEqual(rows.map((factors) => factors.map((_, i) => along(factors, w, [i]) + 0)));
    }), { seed: 4, numRuns: 150 });
  });
  test("the gradient is the product of the other factors among zeros, infinities and NaN, with and without a graph of its own", () => {
    const special = fc.constantFrom(0, 0, 1, -2, 0.5, Infinity, -Infinity, NaN);
    const rows = fc.integer({ min: 1, max: 6 }).chain((n) => fc.array(fc.array(special, { minLength: n, maxLength: n }), { minLength: 1, maxLength: 3 }));
    fc.assert(fc.property(rows, fc.boolean(), fc.boolean(), (data, isTurned, createGraph) => {
      const x = fromValues(data.flat(), [data.length, (data[0] as number[]).length], dtype).requiresGrad_();
      const [gradient] = grad([isTurned ? prod(x.t(), { dim: 0 }) : prod(x, { dim: 1 })], [x], { gradOutputs: [fromValues(data.map(() => 1), [data.length], dtype)], createGraph });
      expect(gradient.add(0).toArray()).toEqual(data.map((factors) => factors.map((_, i) => partial(factors, [i]) + 0)));
    }), { seed: 5, numRuns: 300 });
  });
  test("over several dimensions", () => {
    const x = tensor([[[2, 3], [0, 4]], [[2, 3], [0, 0]]], { dtype, requiresGrad: true });
    const [gradient] = grad([sum(prod(x, { dim: [1, 2] }))], [x], { createGraph: true });
    const weights = tensor([[[1, 2], [3, 4]], [[1, 2], [3, 4]]], { dtype });
    expect(grad([sum(mul(gradient, weights))], [x])[0].toArray()).toEqual([[[36, 24], [52, 18]], [[0, 0], [24, 18]]]);
    const [apart] = grad([sum(prod(x, { dim: [0, 2], keepdim: true }))], [x], { createGraph: true });
    expect(apart.toArray()).toEqual([[[18, 12], [0, 0]], [[18, 12], [0, 0]]]);
  });
});

test("of no factors: 1, with an empty gradient of any order", () => {
  const x = tensor([], { requiresGrad: true });
  const [gradient] = grad([prod(x)], [x], { createGraph: true });
  expect([prod(x).item(), gradient.shape]).toEqual([1, [0]]);
});
