import { expect, test } from "vitest";
import { memoryStats } from "@tapegrad/kernels";
import { add, mul, square, sum, zeros, type Tensor } from "@tapegrad/tensor";
import { grad } from "../backward.ts";

// This file has a process of its own: nothing has moved the budget from where every program begins.
const mebibyte = 2 ** 20;
const start = memoryStats().budget;
const isUsual = process.env["TAPEGRAD_HEAP_MB"] === undefined && start === 256 * mebibyte;

const tensorOf = (mebibytes: number): Tensor => zeros([mebibytes * (mebibyte / 4)]);

test.runIf(isUsual)("garbage alone never makes the budget grow: dropped tensors, results, recorded graphs", () => {
  for (let i = 0; i < 400; i++) tensorOf(4);
  expect(memoryStats().budget).toBe(start);
  const x = tensorOf(8);
  for (let i = 0; i < 100; i++) add(mul(x, 2), 1);
  expect(memoryStats().budget).toBe(start);
  const w = zeros([mebibyte], { requiresGrad: true });
  for (let i = 0; i < 50; i++) grad([sum(square(mul(w, 3)))], [w]);
  const { budget, resident, peak, spilledTotal } = memoryStats();
  expect(budget).toBe(start);
  expect(Math.max(resident, peak)).toBeLessThanOrEqual(start);
  // Where a collection seems dearer than copying, a little is copied.
  expect(spilledTotal).toBeLessThan(start);
});

test.runIf(isUsual)("live tensors make the budget about twice what they are, and garbage after them no more", () => {
  const live = Array.from({ length: 45 }, () => tensorOf(4));
  const bytes = live.length * 4 * mebibyte;
  for (let i = 0; i < 300; i++) tensorOf(4);
  const { budget } = memoryStats();
  expect(budget).toBeGreaterThanOrEqual(1.8 * bytes);
  expect(budget).toBeLessThanOrEqual(2.4 * bytes);
  for (let i = 0; i < 300; i++) tensorOf(4);
  expect(memoryStats().budget).toBeLessThanOrEqual(2.4 * bytes);
  expect(live.every((x) => x.numel() === mebibyte)).toBe(true);
});
