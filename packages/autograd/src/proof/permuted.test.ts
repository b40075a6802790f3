import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cat, isFloating, linear, matmul, permute, stack, sum, mul, type DType, type Shape, type Tensor } from "@tapegrad/tensor";
import { laidOut } from "@tapegrad/testing";
import { grad } from "../backward.ts";
import { upstream, viewLayouts } from "./layouts.ts";
import { fromValues, sizeOf } from "./operands.ts";
import { randomFrom } from "./random.ts";

const floats: readonly DType[] = ["float32", "float64", "float16", "bfloat16"];
const dtypes: readonly DType[] = [...floats, "int32", "uint8", "bool"];

/** Small integers, so that sums are exact in any order. */
function integers(shape: Shape, dtype: DType, seed: number): Tensor {
  const random = randomFrom(seed);
  return fromValues(Float64Array.from({ length: sizeOf(shape) }, () => Math.floor(random() * 5) - (isFloating(dtype) ? 2 : 0)), shape, dtype);
}

/** A tensor of a shape whose dimensions lie in memory in another order. */
function inOrder(shape: Shape, order: readonly number[], dtype: DType, seed: number): Tensor {
  return permute(integers(order.map((dim) => shape[dim] as number), dtype, seed), order.map((_, i) => order.indexOf(i)));
}

/** The same numbers, and the same gradients, as from row-major copies. */
function expectAsCopies(f: (...operands: Tensor[]) => Tensor, operands: readonly Tensor[]): void {
  const given = [operands, operands.map((x) => x.clone())].map((list) => list.map((x) => (isFloating(x.dtype) ? x.detach().requiresGrad_() : x)));
  const [found, expected] = given.map((list) => {
    const out = f(...list);
    if (!out.requiresGrad) return [out.toArray()];
    const dOut = integers(out.shape, out.dtype, 77);
    return [out.toArray(), ...grad([sum(mul(out, dOut))], list).map((gradient) => gradient.toArray())];
  });
  expect(found).toEqual(expected);
}

const orderOf = (rank: number): fc.Arbitrary<number[]> => fc.shuffledSubarray(Array.from({ length: rank }, (_, i) => i), { minLength: rank });
const size = fc.integer({ min: 1, max: 4 });

describe("products of operands whose dimensions lie in any order", () => {
  const problem = fc.integer({ min: 2, max: 3 }).chain((rank) => fc.record({
    batch: fc.array(fc.integer({ min: 2, max: 3 }), { minLength: rank, maxLength: rank }), mkn: fc.tuple(size, size, size), first: orderOf(rank + 2), second: orderOf(rank + 2),
    // Of the second operand: how many batch dimensions it has, and which of them broadcast.
    kept: fc.integer({ min: 0, max: rank }), ones: fc.array(fc.boolean(), { minLength: rank, maxLength: rank }),
  }));
  test.each(floats)("%s: matmul of 2 and 3 batch dimensions", (dtype) => {
    fc.assert(fc.property(problem, ({ batch, mkn: [m, k, n], first, second }) => {
      expectAsCopies(matmul, [inOrder([...batch, m, k], first, dtype, 1), inOrder([...batch, k, n], second, dtype, 2)]);
    }), { numRuns: 150, seed: 3 });
  });
  test.each(floats)("%s: broadcast", (dtype) => {
    fc.assert(fc.property(problem, ({ batch, mkn: [m, k, n], first, second, kept, ones }) => {
      const own = batch.slice(batch.length - kept).map((length, i) => (ones[i] === true ? 1 : length));
      const order = second.filter((dim) => dim < own.length + 2);
      const [a, b] = [inOrder([...batch, m, k], first, dtype, 1), inOrder([...own, k, n], order, dtype, 2)];
      expectAsCopies(matmul, [a, b]);
      expectAsCopies((y, x) => matmul(x.mT, y.mT), [a, b]);
    }), { numRuns: 150, seed: 4 });
  });
  test.each(floats)("%s: expanded over a batch dimension", (dtype) => {
    fc.assert(fc.property(problem, ({ batch, mkn: [m, k, n], second }) => {
      const a = integers([...batch.with(0, 1), m, k], dtype, 1).expand([...batch, m, k]);
      expectAsCopies(matmul, [a, inOrder([...batch, k, n], second, dtype, 2)]);
    }), { numRuns: 60, seed: 5 });
  });
  test.each(floats)("%s: linear", (dtype) => {
    fc.assert(fc.property(problem, ({ batch, mkn: [m, k, n], first, kept }) => {
      const weight = inOrder([n, k], kept % 2 === 0 ? [1, 0] : [0, 1], dtype, 2);
      expectAsCopies(linear, [inOrder([...batch, m, k], first, dtype, 1), weight, integers([n], dtype, 3)]);
      const withoutRows = first.filter((dim) => dim !== batch.length).map((dim) => (dim > batch.length ? dim - 1 : dim));
      expectAsCopies((x, w) => linear(x, w), [inOrder([...batch, k], withoutRows, dtype, 1), weight]);
    }), { numRuns: 100, seed: 6 });
  });
  test.each(["float32", "float64"] as const)("%s: more than a tile", (dtype) => {
    for (const first of [[0, 1, 2, 3], [1, 0, 3, 2], [2, 0, 1, 3], [3, 2, 1, 0], [2, 1, 3, 0]]) {
      for (const second of [[1, 0, 2, 3], [0, 3, 1, 2], [3, 0, 2, 1]]) expectAsCopies(matmul, [inOrder([2, 3, 33, 40], first, dtype, 1), inOrder([2, 3, 40, 29], second, dtype, 2)]);
    }
  });
});

describe("cat and stack of parts with rows before them", () => {
  const problem = fc.integer({ min: 1, max: 4 }).chain((rank) => fc.record({
    shape: fc.array(size, { minLength: rank, maxLength: rank }), dim: fc.nat(rank - 1),
    parts: fc.array(fc.record({ length: fc.integer({ min: 0, max: 4 }), order: orderOf(rank), layout: fc.constantFrom("contiguous", ...viewLayouts) }), { minLength: 1, maxLength: 5 }),
  }));
  test.each(dtypes)("%s", (dtype) => {
    fc.assert(fc.property(problem, ({ shape, dim, parts }) => {
      const operands = parts.map(({ length, order, layout }, i) => {
        const x = inOrder(shape.with(dim, length), order, dtype, i);
        return layout === "contiguous" ? x : (laidOut(x, layout) ?? x);
      });
      expectAsCopies((...list) => cat(list, dim), operands);
      // What was put together is found where it should be.
      const joined = cat(operands, dim - shape.length);
      let start = 0;
      for (const x of operands) {
        expect(joined.narrow(dim, start, x.shape[dim] as number).toArray()).toEqual(x.toArray());
        start += x.shape[dim] as number;
      }
      const same = operands.map(() => operands[0] as Tensor);
      expectAsCopies((...list) => stack(list, dim), same.map((x, i) => (i % 2 === 0 ? x : x.clone())));
      expect(stack(same, dim).select(dim, same.length - 1).toArray()).toEqual((operands[0] as Tensor).toArray());
    }), { numRuns: 150, seed: 7 });
  });
  test("long enough for several threads, and not a multiple of anything", () => {
    for (const dim of [0, 1, 2]) {
      const random = randomFrom(1);
      const shape = [31, 37, 41];
      const parts = [upstream(shape, "float32", random), permute(upstream([41, 37, 31], "float32", random), [2, 1, 0]), upstream(shape, "float32", random)];
      const joined = cat(parts, dim);
      parts.forEach((x, i) => expect(joined.narrow(dim, i * (shape[dim] as number), shape[dim] as number).toTypedArray()).toEqual(x.toTypedArray()));
    }
  });
});
