import { afterAll, describe, expect, it } from "vitest";
import { binaryOps, reduceOps, unaryOps } from "./operations.generated.ts";
import { inArena, isSameForAnyThreads, writeLayout } from "./testing/arena.ts";
import { firstDifference, integersFrom } from "./testing/numbers.ts";
import { setNumThreads } from "./threads.ts";
import { wasm } from "./wasm.ts";

afterAll(() => setNumThreads(1));

/** Arrays of a million elements and more are cut into longer tasks (`chunkOf` in assembly/runtime/strided.ts): the first such size, and others. */
const million = 2 ** 20;
const shapes = [[1, million], [1, million + 3 * 65_536 + 77], [1031, 1023], [5, 262_147], [65_537, 17]] as const;

const a = Float32Array.from(integersFrom(1, 1_400_000, -1000, 1000));
const b = Float32Array.from(integersFrom(2, 1_400_000, -1000, 1000));

describe.each(shapes)("%i rows of %i", (rows, columns) => {
  const n = rows * columns;

  function run(compute: (x: number, y: number, out: number) => void): Float32Array {
    return inArena((arena) => {
      const out = arena.room(4 * n);
      compute(arena.put(a.subarray(0, n)), arena.put(b.subarray(0, n)), out);
      return arena.read(Float32Array, out, n);
    });
  }

  it.each([
    ["a sum", (x: number, y: number, out: number) => wasm.binary(binaryOps.add, 0, x, y, out, n), (i: number) => (a[i] ?? 0) + (b[i] ?? 0)],
    ["a ReLU", (x: number, _: number, out: number) => wasm.unary(unaryOps.relu, 0, x, out, n, 0, 0), (i: number) => Math.max(a[i] ?? 0, 0)],
    [
      "a row added to each",
      (x: number, y: number, out: number) => wasm.binaryStrided(binaryOps.add, 0, x, y, out, writeLayout([rows, columns], [columns, 1], [0, 1])),
      (i: number) => (a[i] ?? 0) + (b[i % columns] ?? 0),
    ],
    [
      "a column added to each",
      (x: number, y: number, out: number) => wasm.binaryStrided(binaryOps.add, 0, x, y, out, writeLayout([rows, columns], [columns, 1], [1, 0])),
      (i: number) => (a[i] ?? 0) + (b[Math.floor(i / columns)] ?? 0),
    ],
    [
      "rows negated in reverse order of memory",
      (x: number, _: number, out: number) =>
        wasm.unaryStrided(unaryOps.neg, 0, x + 4 * (rows - 1) * columns, out, writeLayout([rows, columns], [-columns, 1]), 0, 0),
      (i: number) => -(a[(rows - 1 - Math.floor(i / columns)) * columns + (i % columns)] ?? 0),
    ],
    [
      "a copy",
      (x: number, _: number, out: number) => wasm.copyStrided(4, x, out, writeLayout([rows, columns], [columns, 1], [columns, 1])),
      (i: number) => a[i] ?? 0,
    ],
  ] as const)("%s", (_, compute, expected) => {
    expect(firstDifference(run(compute), Float32Array.from({ length: n }, (_, i) => expected(i)))).toBe(-1);
  });

  it("the largest of each row", () => {
    const largest = run((x, _, out) => wasm.reduce(reduceOps.max, 0, x, out, rows, columns, 1)).subarray(0, rows);
    const expected = Float32Array.from({ length: rows }, (_, r) => a.subarray(r * columns, (r + 1) * columns).reduce((x, y) => Math.max(x, y)));
    expect(firstDifference(largest, expected)).toBe(-1);
  });

  it("does not depend on the number of threads", () => {
    expect(isSameForAnyThreads(() => run((x, y, out) => wasm.binary(binaryOps.tanhGrad, 0, x, y, out, n)))).toBe(true);
  });
});
