import { expect, test } from "vitest";
import { tensor } from "../../creation.ts";
import { emptyTensor, type Tensor } from "../../tensor.ts";
import { plainBackend } from "./plain-backend.ts";

// What rounds on the way, as PyTorch 2 has it on CPUs: the results below are PyTorch's.

const ones = (...shape: number[]): Tensor => {
  const x = emptyTensor(shape, "float32");
  plainBackend.fill(x, 1);
  return x;
};

const { conv2d, conv2dInputGrad, conv2dWeightGrad, matmul, reduce, softmax } = plainBackend;
const padded = { stride: [1, 1], before: [1, 1], dilation: [1, 1], groups: 1, outSize: [5, 4] } as const;
const [inf, nan] = [Infinity, NaN];

test("zeros of the padding are multiplied: an infinite weight makes NaN of them", () => {
  const weight = ones(1, 1, 2, 2), out = ones(1, 1, 5, 4), dX = ones(1, 1, 4, 3);
  weight.storage.numbers[0] = Infinity;
  conv2d(ones(1, 1, 4, 3), weight, null, out, padded, "none");
  expect(out.toArray(4)[0]?.[0]).toEqual([[nan, nan, nan, nan], [nan, inf, inf, inf], [nan, inf, inf, inf], [nan, inf, inf, inf], [nan, inf, inf, inf]]);
  conv2dInputGrad(ones(1, 1, 5, 4), weight, dX, padded);
  expect([...dX.toTypedArray()]).toEqual(Array.from({ length: 12 }, () => inf));
});

test("and so does an infinite gradient, of the weight's", () => {
  const dOut = ones(1, 1, 5, 4), dWeight = ones(1, 1, 2, 2), dX = ones(1, 1, 4, 3);
  dOut.storage.numbers[0] = Infinity;
  conv2dWeightGrad(dOut, ones(1, 1, 4, 3), dWeight, null, padded);
  expect([...dWeight.toTypedArray()]).toEqual([nan, nan, nan, inf]);
  conv2dInputGrad(dOut, ones(1, 1, 2, 2), dX, padded);
  expect([...dX.toTypedArray()]).toEqual([inf, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4]);
});

test("float32 sums and products overflow and vanish on the way, float64 ones do not", () => {
  const product = (dtype: "float32" | "float64", a: number[], b: number[]): number => {
    const out = emptyTensor([1, 1], dtype);
    matmul(tensor([a], { dtype }), tensor(b.map((value) => [value]), { dtype }), null, out, "none");
    return out.item();
  };
  expect(product("float32", [1e30, 1e30], [1e30, -1e30])).toBe(NaN);
  expect(product("float64", [1e30, 1e30], [1e30, -1e30])).toBe(0);
  expect(product("float32", [1e-30], [-1e-30])).toBe(0);
  expect(product("float32", [3e38, 3e38, -3e38], [1, 1, 1])).toBe(Infinity);
  const sum = emptyTensor([], "float32");
  reduce("sum", tensor([3e38, 0, 0, 0, 3e38, 0, -3e38, 0]), sum, 1, 8, 1);
  expect(sum.item()).toBe(Infinity);
});

test("beside a large score the others' share of a float32 softmax is lost, and the largest one's logarithm is 0", () => {
  const x = tensor([0, -30, -30]), out = emptyTensor([3], "float32");
  softmax(x, out, 0, true);
  expect([...out.toTypedArray()]).toEqual([0, -30, -30]);
});
