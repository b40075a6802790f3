import { Generator, tensor, type Tensor } from "@tapegrad/tensor";
import { describe, expect, test } from "vitest";
import { compose, type ImageTransform } from "./image-transform.ts";
import { normalize } from "./normalize.ts";
import { randomCrop } from "./random-crop.ts";
import { randomHorizontalFlip } from "./random-horizontal-flip.ts";

// Every image of a batch must get random numbers of its own, wherever it stands: the first one too, and one that stands alone.

const runs = 600;

/** Images of 3 x 3 pixels, each with the same nine values. */
const batch = (count: number): Tensor => tensor(Float32Array.from({ length: count * 9 }, (_, at) => (at % 9) + 1), { shape: [count, 1, 3, 3] });
const single = tensor([[[1, 2, 3], [4, 5, 6], [7, 8, 9]]]);

/** What a transform makes of the image at one position, as text, for many seeds or for many draws from one generator. */
const places: Readonly<Record<string, (transform: ImageTransform, generator: Generator) => string>> = {
  "the first of eight": (transform, generator) => imageAt(transform(batch(8), generator), 0),
  "the second of eight": (transform, generator) => imageAt(transform(batch(8), generator), 1),
  "the last of eight": (transform, generator) => imageAt(transform(batch(8), generator), 7),
  "a batch of one": (transform, generator) => imageAt(transform(batch(1), generator), 0),
  "an image without a batch": (transform, generator) => JSON.stringify(transform(single, generator).toArray()),
};

function imageAt(images: Tensor, position: number): string {
  return JSON.stringify(images.select(0, position).toArray());
}

/** How often each result came up. */
function tally(results: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const result of results) counts.set(result, (counts.get(result) ?? 0) + 1);
  return counts;
}

/** Five deviations of a binomial count. */
const expectShare = (count: number, p: number): void => {
  expect(Math.abs(count - runs * p)).toBeLessThan(5 * Math.sqrt(runs * p * (1 - p)));
};

const generators: Readonly<Record<string, (run: number) => Generator>> = {
  "a seed for each run": (run) => new Generator(run),
  "one generator for all": ((shared) => () => shared)(new Generator(3)),
};

describe.each(Object.entries(places))("%s", (_place, at) => {
  describe.each(Object.entries(generators))("%s", (_source, generatorOf) => {
    const results = (transform: ImageTransform): string[] => Array.from({ length: runs }, (_, run) => at(transform, generatorOf(run)));
    const upright = at(randomHorizontalFlip(0), new Generator(1));
    const mirrored = at(randomHorizontalFlip(1), new Generator(1));

    test.each([0.5, 0.2, 0.9])("is mirrored as often as p = %d says", (p) => {
      const counts = tally(results(randomHorizontalFlip(p)));
      expect([...counts.keys()].sort()).toEqual([upright, mirrored].sort());
      expectShare(counts.get(mirrored) ?? 0, p);
    });

    test("is cut at every place equally often", () => {
      const counts = tally(results(randomCrop({ size: 2 })));
      expect(counts.size).toBe(4);
      for (const count of counts.values()) expectShare(count, 1 / 4);
      // With padding: four rows times four columns.
      const padded = tally(results(randomCrop({ size: 2, padding: 1 })));
      expect(padded.size).toBe(16);
      for (const count of padded.values()) expectShare(count, 1 / 16);
    });

    test("is cut and mirrored independently", () => {
      const counts = tally(results(compose(randomCrop({ size: 2 }), randomHorizontalFlip(), normalize([0], [1]))));
      expect(counts.size).toBe(8);
      for (const count of counts.values()) expectShare(count, 1 / 8);
    });
  });
});

test("neighbours in a batch are changed independently of each other", () => {
  const out = randomHorizontalFlip()(batch(2 * runs), new Generator(5)).select(2, 0).select(2, 0).reshape([-1]).toTypedArray();
  const pairs = Array.from({ length: runs }, (_, i) => `${out[2 * i]},${out[2 * i + 1]}`);
  const counts = tally(pairs);
  expect(counts.size).toBe(4);
  for (const count of counts.values()) expectShare(count, 1 / 4);
});
