import { expect, test } from "vitest";
import { opCases, selectOpCases } from "./op-cases.ts";
import { convolvedSize, costOf } from "./op-cost.ts";

test("a product reads its operands, writes its result and does two operations for each pair", () => {
  expect(costOf({ op: "matmul", m: 2, n: 3, k: 5, transposed: "b" })).toEqual({ bytesRead: 4 * (10 + 15), bytesWritten: 4 * 6, flops: 60 });
});

test("the three directions of a convolution do the same number of operations on the same three tensors", () => {
  const shape = { op: "conv2d", batch: 2, inputs: 4, outputs: 6, size: 8, kernel: 3, stride: 2, padding: 1, groups: 2 } as const;
  expect(convolvedSize({ ...shape, direction: "forward" })).toBe(4);
  const sizes = { x: 4 * 2 * 4 * 64, weight: 4 * 6 * 2 * 9, y: 4 * 2 * 6 * 16 };
  const flops = 2 * (2 * 6 * 16) * (2 * 9);
  const costs = (["forward", "input", "weight"] as const).map((direction) => costOf({ ...shape, direction }));
  expect(costs.map((cost) => cost.flops)).toEqual([flops, flops, flops]);
  expect(costs.map(({ bytesWritten }) => bytesWritten)).toEqual([sizes.y, sizes.x, sizes.weight]);
  for (const { bytesRead, bytesWritten } of costs) expect(bytesRead + bytesWritten).toBe(sizes.x + sizes.weight + sizes.y);
});

test("an addition moves three vectors, a sum one", () => {
  expect(costOf({ op: "add", size: 100 })).toEqual({ bytesRead: 800, bytesWritten: 400, flops: 100 });
  expect(costOf({ op: "sum", dim: 0, shape: [10, 20] })).toEqual({ bytesRead: 800, bytesWritten: 80, flops: 200 });
});

test("every case has a name of its own and moves something", () => {
  expect(new Set(opCases.map(({ name }) => name)).size).toBe(opCases.length);
  for (const { name, spec } of opCases) expect(costOf(spec).bytesRead + costOf(spec).bytesWritten, name).toBeGreaterThan(0);
});

test("cases are chosen by a part of their names", () => {
  expect(selectOpCases(null, false)).toEqual(opCases);
  expect(selectOpCases("lenet 1", false).map(({ name }) => name)).toEqual([
    "conv LeNet 1 forward", "conv LeNet 1 input gradient", "conv LeNet 1 weight gradient",
  ]);
  expect(selectOpCases("no such op", false)).toEqual([]);
  expect(selectOpCases("4M", true)).toEqual([]);
});
