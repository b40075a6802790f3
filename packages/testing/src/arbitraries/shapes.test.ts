import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { zeros, type Shape } from "@tapegrad/tensor";
import { broadcastablePairs, shapes, type ShapesOptions } from "./shapes.ts";

const sizeOf = (shape: Shape): number => shape.reduce((size, length) => size * length, 1);
const sampleOf = <T>(arbitrary: fc.Arbitrary<T>): T[] => fc.sample(arbitrary, { seed: 5, numRuns: 400 });

/** Limits within which there are shapes. */
const limits = fc
  .record({ minRank: fc.nat(3), ranks: fc.nat(3), minLength: fc.nat(3), lengths: fc.nat(4), room: fc.nat(40) })
  .map(({ minRank, ranks, minLength, lengths, room }) => ({
    minRank,
    maxRank: minRank + ranks,
    minLength,
    maxLength: minLength + lengths,
    maxSize: minLength ** minRank + room,
  }) satisfies ShapesOptions);

function expectWithin(shape: Shape, { minRank, maxRank, minLength, maxLength, maxSize }: Required<ShapesOptions>): void {
  expect(shape.length).toBeGreaterThanOrEqual(minRank);
  expect(shape.length).toBeLessThanOrEqual(maxRank);
  for (const length of shape) {
    expect(length).toBeGreaterThanOrEqual(minLength);
    expect(length).toBeLessThanOrEqual(maxLength);
  }
  expect(sizeOf(shape)).toBeLessThanOrEqual(maxSize);
}

describe("shapes", () => {
  test("are within any limits", () => {
    fc.assert(fc.property(limits.chain((own) => fc.tuple(fc.constant(own), shapes(own))), ([own, shape]) => expectWithin(shape, own)), { seed: 1, numRuns: 2000 });
  });

  test("of every rank, 0-d and without elements too", () => {
    const found = sampleOf(shapes());
    expect(new Set(found.map(({ length }) => length))).toEqual(new Set([0, 1, 2, 3, 4]));
    expect(found.filter((shape) => sizeOf(shape) === 0).length).toBeGreaterThan(10);
    expect(found.filter((shape) => sizeOf(shape) > 20).length).toBeGreaterThan(10);
  });

  test("are large only where limits allow it", () => {
    expect(sampleOf(shapes({ minRank: 1, maxSize: 0 })).every((shape) => sizeOf(shape) === 0)).toBe(true);
    expect(Math.max(...sampleOf(shapes({ maxLength: 100, maxSize: 1000 })).map(sizeOf))).toBeGreaterThan(500);
  });

  test.each<[wanted: Shape, fails: (shape: Shape) => boolean]>([
    [[], () => true],
    [[1], (shape) => shape.length > 0],
    [[3], (shape) => shape.some((length) => length > 2)],
    [[1, 1], (shape) => shape.length > 1],
  ])("shrink to %j", (wanted, fails) => {
    const { counterexample } = fc.check(fc.property(shapes(), (shape) => !fails(shape)), { seed: 3 });
    expect(counterexample).toEqual([wanted]);
  });
});

describe("pairs of shapes that broadcast", () => {
  test("do so, to a shape within any limits", () => {
    const pairs = limits.chain((own) => fc.tuple(fc.constant(own), broadcastablePairs(own)));
    fc.assert(fc.property(pairs, ([own, [a, b]]) => {
      const { shape } = zeros(a).add(zeros(b));
      expect(shape.length).toBeGreaterThanOrEqual(own.minRank);
      expect(sizeOf(shape)).toBeLessThanOrEqual(own.maxSize);
      for (const each of [a, b]) expect(each.length).toBeGreaterThanOrEqual(own.minRank);
    }), { seed: 1, numRuns: 1000 });
  });

  test("in every way", () => {
    const found = sampleOf(broadcastablePairs());
    const some = (is: (a: Shape, b: Shape) => boolean): number => found.filter(([a, b]) => is(a, b)).length;
    expect(some((a, b) => a.length > 0 && String(a) === String(b))).toBeGreaterThan(10);
    expect(some((a, b) => a.length > b.length)).toBeGreaterThan(10);
    expect(some((a, b) => a.length < b.length)).toBeGreaterThan(10);
    expect(some((a, b) => a.length > 1 && a.length === b.length && String(a) !== String(b))).toBeGreaterThan(10);
    // To no elements, from one along that dimension.
    expect(some((a, b) => a.length === b.length && a.some((length, dim) => length === 0 && b[dim] === 1))).toBeGreaterThan(2);
  });

  test("shrink to equal ones where that is enough", () => {
    const { counterexample } = fc.check(fc.property(broadcastablePairs(), ([a]) => a.length < 2), { seed: 1 });
    expect(counterexample).toEqual([[[1, 1], [1, 1]]]);
  });
});
