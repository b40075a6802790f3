import { describe, expect, test } from "vitest";
import { amax, floorDivide, indexSelect, mean, mul, pow, remainder, sum, tensor, variance } from "@tapegrad/tensor";
import { grad } from "../backward.ts";

// Corners in which the comparison with PyTorch (packages/tapegrad/src/proof) found differences.

describe("an integer zero under a floating result is no error", () => {
  const zero = tensor([0], { dtype: "int32" });
  test.each(["float32", "float64", "float16"] as const)("%s", (dtype) => {
    expect(floorDivide(tensor([3], { dtype }), zero).toArray()).toEqual([Infinity]);
    expect(remainder(tensor([3], { dtype }), zero).toArray()).toEqual([NaN]);
    expect(remainder(tensor([3], { dtype }), tensor([false])).toArray()).toEqual([NaN]);
  });
});

describe("pow", () => {
  test("the exponent's gradient has the digits of the result, not of the base", () => {
    for (const a of [tensor([3], { dtype: "float32" }), tensor([3], { dtype: "int32" }), tensor([3], { dtype: "float16" })]) {
      const b = tensor([2], { dtype: "float64", requiresGrad: true });
      expect(grad([pow(a, b)], [b])[0].item()).toBeCloseTo(9 * Math.log(3), 13);
    }
  });
  test("second derivatives of a negative base: exponent 0 is a constant, whatever its logarithm", () => {
    const a = tensor([-2], { requiresGrad: true });
    const b = tensor([0], { requiresGrad: true });
    const [da, db] = grad([pow(a, b)], [a, b], { createGraph: true });
    expect([da?.item(), db?.item()]).toEqual([0, NaN]);
    // d(log a)/da = 1/a; PyTorch gives the same.
    expect(grad([db], [a])[0].item()).toBe(-0.5);
  });
});

test("an empty list of dimensions means all of them", () => {
  const x = tensor([[1, 2], [3, 6]]);
  expect([sum(x, { dim: [] }).item(), mean(x, { dim: [] }).item(), amax(x, { dim: [] }).item()]).toEqual([12, 3, 6]);
  expect(variance(x, { dim: [], correction: 0, keepdim: true }).toArray()).toEqual([[3.5]]);
});

test("a float16 mean is in range where its sum is not, and so is its gradient", () => {
  const x = tensor([60000, 60000, 30000, 50000], { dtype: "float16", requiresGrad: true });
  const y = mean(x);
  expect(y.dtype).toBe("float16");
  expect(y.item()).toBe(49984);
  expect(grad([y], [x])[0].toArray()).toEqual([0.25, 0.25, 0.25, 0.25]);
});

test("x.mul_(w) with x off the tape: the gradient of w is x as it was", () => {
  const w = tensor([5, 7], { requiresGrad: true });
  const x = tensor([2, 3]).mul_(w);
  expect(x.toArray()).toEqual([10, 21]);
  expect(grad([sum(mul(x, 1))], [w])[0].toArray()).toEqual([2, 3]);
});

test("indexSelect of a 0-d tensor is its one entry", () => {
  const x = tensor(4, { requiresGrad: true });
  const y = indexSelect(x, 0, tensor([0], { dtype: "int32" }));
  expect([y.shape, y.item()]).toEqual([[], 4]);
  expect(grad([mul(y, 3)], [x])[0].item()).toBe(3);
});
