import { expect, test } from "vitest";
import type { Limits } from "../limits/measure-limits.ts";
import { buildRow } from "../rows.ts";
import { formatOpRows, opRow, opTasks } from "./ops.ts";

const limits: Limits = {
  threads: 2,
  gigaflopsPerSecond: [40, 80],
  bandwidth: [{ arrayMegabytes: 0.25, read: 100, triad: 100, copy: 100 }, { arrayMegabytes: 16, read: 60, triad: 30, copy: 40 }],
};

function rowOf(name: string, callsPerSecond: number, torch: number) {
  return buildRow({ name, unit: "calls/s", better: "higher" }, [callsPerSecond], new Map([["torch", [torch]]]));
}

test("a task's figure is calls per second", () => {
  const [task] = opTasks([{ name: "add", group: "elementwise", spec: { op: "add", size: 8 } }]);
  expect(task).toMatchObject({ name: "add", unit: "calls/s", better: "higher" });
  expect(task?.figure(0.25)).toBe(4);
  expect(task?.request(3)).toEqual({ task: "op", case: { name: "add", group: "elementwise", spec: { op: "add", size: 8 } }, repeats: 3 });
});

test("an addition of large vectors is held against the memory's triad", () => {
  const row = opRow(rowOf("add", 100, 200), { group: "elementwise", spec: { op: "add", size: 2 ** 22 } }, limits);
  const bytes = 3 * 2 ** 24;
  expect(row).toMatchObject({ bytes, flops: 2 ** 22, bound: "memory", milliseconds: { ours: 10, torch: 5 }, ratio: { torch: 0.5 } });
  expect(row.gigabytesPerSecond).toBeCloseTo(5.033, 3);
  expect(row.fraction).toBeCloseTo((100 * bytes) / 30e9, 3);
});

test("a sum is held against reading, a copy against copying, small vectors against the cache", () => {
  const sum = opRow(rowOf("sum", 1, 1), { group: "reduction", spec: { op: "sum", dim: null, shape: [2048, 2048] } }, limits);
  expect(sum.fraction).toBeCloseTo(2 ** 24 / 60e9, 6);
  const copy = opRow(rowOf("clone", 1, 1), { group: "copy", spec: { op: "clone", shape: [2048, 2048] } }, limits);
  expect(copy.fraction).toBeCloseTo(2 ** 25 / 40e9, 6);
  const small = opRow(rowOf("add", 1e4, 1), { group: "elementwise", spec: { op: "add", size: 2 ** 16 } }, limits);
  expect(small.fraction).toBeCloseTo((1e4 * 3 * 2 ** 18) / 100e9, 4);
});

test("a product of squares is held against arithmetic, a matrix and a vector against memory", () => {
  const square = opRow(rowOf("gemm", 10, 1), { group: "gemm", spec: { op: "matmul", m: 1000, n: 1000, k: 1000, transposed: "none" } }, limits);
  expect(square).toMatchObject({ bound: "compute", fraction: 0.25, gigaflopsPerSecond: 20 });
  const vector = opRow(rowOf("gemm", 10, 1), { group: "gemm", spec: { op: "matmul", m: 2048, n: 1, k: 2048, transposed: "none" } }, limits);
  expect(vector.bound).toBe("memory");
  const lines = formatOpRows([square, vector], limits).split("\n");
  expect(lines.slice(0, 2)).toEqual([
    "128-bit multiplications and additions in registers, by threads: 40 GFLOP/s with 1, 80 GFLOP/s with 2",
    "arrays of 0.25 MB: read 100 GB/s, triad 100, copy 100",
  ]);
  expect(lines[4]).toMatch(/ms +torch ms +GB\/s +GFLOP\/s +limit +fraction +ratio$/);
  expect(lines[5]).toMatch(/^gemm +100 +1,000 +0\.12 +20 +compute +0\.25 +10$/);
});
