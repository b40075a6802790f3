import { arange, Generator, IndexError, tensor, type Tensor } from "@tapegrad/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Dataset } from "./dataset.ts";
import { batchOf, randomSplit, Subset } from "./subset.ts";
import { TensorDataset } from "./tensor-dataset.ts";

const squares: Dataset<[Tensor, number]> = { length: 10, get: (index) => [tensor([index * index]), index] };

describe("Subset", () => {
  test("items in its own order, one by one and as a batch, with and without a fast path", () => {
    const slow = new Subset(squares, [4, 2, 9]);
    expect(slow.length).toBe(3);
    expect(slow.get(2)[1]).toBe(9);
    const [x, y] = slow.getBatch(Int32Array.of(2, 1));
    expect([x.toArray(), y.toArray()]).toEqual([[[81], [4]], [9, 2]]);
    const fast = new Subset(new TensorDataset(arange(10)), Int32Array.of(4, 2, 9));
    expect(fast.getBatch(Int32Array.of(2, 1))[0].toArray()).toEqual([9, 2]);
  });

  test("a subset of a subset", () => {
    expect(new Subset(new Subset(squares, [4, 2, 9]), [2]).get(0)[1]).toBe(9);
  });

  test("indices that are not there", () => {
    expect(() => new Subset(squares, [3, 10])).toThrow(IndexError);
    expect(() => new Subset(squares, [3, 10])).toThrow("Subset: index 10 is outside [0, 10)\n  code: dataset/index");
    expect(() => new Subset(squares, [3]).get(1)).toThrow("Subset.get: index 1 is outside [0, 1)");
  });
});

test("a data set without a fast path is batched item by item", () => {
  expect(batchOf(squares, Int32Array.of(3))[0].toArray()).toEqual([[9]]);
});

describe("randomSplit", () => {
  const numbers = new TensorDataset(arange(50));
  const values = (part: Subset<readonly [Tensor]>) => Array.from(part.indices);

  test("parts of the given lengths that share nothing and leave nothing out", () => {
    fc.assert(
      fc.property(fc.nat(50), fc.string(), (first, seed) => {
        const [a, b] = randomSplit(numbers, [first, 50 - first], { generator: new Generator(seed) });
        expect([a.length, b.length]).toEqual([first, 50 - first]);
        expect([...values(a), ...values(b)].sort((p, q) => p - q)).toEqual(Array.from({ length: 50 }, (_, index) => index));
      }),
      { numRuns: 50 },
    );
  });

  test("fractions; what is left over goes to the first parts", () => {
    const lengths = (...fractions: number[]) => randomSplit(numbers, fractions).map(({ length }) => length);
    expect(lengths(0.9, 0.1)).toEqual([45, 5]);
    expect(lengths(1 / 3, 1 / 3, 1 / 3)).toEqual([17, 17, 16]);
    expect(lengths(1)).toEqual([50]);
  });

  test("the same seed, the same parts; another seed, others", () => {
    const split = (seed: number) => values(randomSplit(numbers, [25, 25], { generator: new Generator(seed) })[0]);
    expect(split(1)).toEqual(split(1));
    expect(split(1)).not.toEqual(split(2));
  });

  test.each([[[20, 20]], [[0.5, 0.6]], [[60, -10]], [[]]])("lengths %j", (lengths) => {
    expect(() => randomSplit(numbers, lengths)).toThrow(IndexError);
    expect(() => randomSplit(numbers, lengths)).toThrow(
      `randomSplit: lengths [${lengths.join(", ")}] must sum up to the 50 items of the data set, or as fractions to 1`,
    );
  });
});
