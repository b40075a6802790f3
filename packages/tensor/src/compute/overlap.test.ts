import fc from "fast-check";
import { expect, test } from "vitest";
import { Storage } from "@tapegrad/kernels";
import { Tensor } from "../tensor.ts";
import { disturbs, meetsItself, overlaps } from "./overlap.ts";

const storage = new Storage("uint8", 400);
const layout = fc.array(fc.tuple(fc.nat(4), fc.nat(9)), { maxLength: 3 });

/** Every position that a layout leads to, in row-major order. */
function positions(dims: readonly (readonly [size: number, stride: number])[], offset: number): number[] {
  return dims.reduce<number[]>((found, [size, stride]) => found.flatMap((at) => Array.from({ length: size }, (_, i) => at + i * stride)), [offset]);
}

const viewOf = (dims: readonly (readonly [number, number])[], offset: number): Tensor => new Tensor(storage, dims.map(([size]) => size), dims.map(([, stride]) => stride), offset);

test("a tensor meets itself exactly where two indices lead to one position", () => {
  let met = 0;
  fc.assert(fc.property(layout, (dims) => {
    const all = positions(dims, 0);
    const expected = new Set(all).size < all.length;
    if (expected) met++;
    expect(meetsItself(viewOf(dims, 0))).toBe(expected);
  }), { numRuns: 2000 });
  expect(met).toBeGreaterThan(100);
});

test("what shares a position overlaps, and disturbs unless it is the same layout", () => {
  let shared = 0;
  fc.assert(fc.property(layout, fc.nat(30), layout, fc.nat(30), (first, begin, second, start) => {
    const [a, b] = [viewOf(first, begin), viewOf(second, start)];
    const own = new Set(positions(first, begin));
    const isShared = positions(second, start).some((position) => own.has(position));
    if (!isShared) return;
    shared++;
    expect(overlaps(a, b)).toBe(true);
    expect(disturbs(a, a)).toBe(false);
    const isSame = begin === start && JSON.stringify(first) === JSON.stringify(second);
    if (!isSame && !a.isContiguous() && !b.isContiguous()) expect(disturbs(a, b)).toBe(true);
  }), { numRuns: 2000 });
  expect(shared).toBeGreaterThan(100);
});

test("storages apart never overlap, nor do parts behind one another", () => {
  expect(overlaps(viewOf([[4, 1]], 0), new Tensor(new Storage("uint8", 4), [4]))).toBe(false);
  expect(overlaps(viewOf([[4, 1]], 0), viewOf([[4, 1]], 4))).toBe(false);
  expect(overlaps(viewOf([[4, 1]], 0), viewOf([[4, 1]], 3))).toBe(true);
});
