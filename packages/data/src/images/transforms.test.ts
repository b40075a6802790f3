import { DTypeError, Generator, IndexError, ones, rand, ShapeError, showValue, tensor, zeros, type Tensor } from "@tapegrad/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compose, type ImageTransform } from "./image-transform.ts";
import { normalize } from "./normalize.ts";
import { randomCrop } from "./random-crop.ts";
import { randomHorizontalFlip } from "./random-horizontal-flip.ts";

const image = tensor([[[1, 2, 3], [4, 5, 6], [7, 8, 9]]]);

describe("normalize", () => {
  test("channel by channel, or one number for all", () => {
    const x = tensor([[[2]], [[6]]]);
    expect(normalize([1, 2], [0.5, 4])(x).toArray()).toEqual([[[2]], [[1]]]);
    expect(normalize([2], [4])(x).toArray()).toEqual([[[0]], [[1]]]);
  });

  test("bytes become [0, 1] first", () => {
    const x = tensor([[[0, 255]]], { dtype: "uint8" });
    const out = normalize([0.5], [0.25])(x);
    expect([out.dtype, out.toArray()]).toEqual(["float32", [[[-2, 2]]]]);
  });

  test("float64 stays", () => {
    expect(normalize([0], [3])(ones([1, 1, 1], { dtype: "float64" })).toTypedArray()).toEqual(Float64Array.of(1 / 3));
  });

  test("the wrong number of channels, a deviation of 0", () => {
    expect(() => normalize([1, 2], [1, 1])(zeros([3, 2, 2]))).toThrow(ShapeError);
    expect(() => normalize([1, 2], [1, 1, 1])(zeros([3, 2, 2]))).toThrow(
      "normalize: mean has 2 entries and std 3, but the images have 3 channels\n  code: normalize/channels",
    );
    expect(() => normalize([0, 0], [1, 0])).toThrow(IndexError);
    expect(() => normalize([0, 0], [1, 0])).toThrow("normalize: std [1,0] must be a list of finite numbers above 0\n  code: normalize/option");
  });

  test.each([[0.5], [[NaN]], [["0.5"]], [[Infinity]], [null]])("a mean of %j", (mean) => {
    expect(() => normalize(mean as number[], [1])).toThrow(`normalize: mean ${showValue(mean)} must be a list of finite numbers\n  code: normalize/option`);
  });

  test.each([[0.5], [[NaN]], [[-1]], [[Infinity]], [null]])("a deviation of %j", (std) => {
    expect(() => normalize([1], std as number[])).toThrow(`normalize: std ${showValue(std)} must be a list of finite numbers above 0\n  code: normalize/option`);
  });
});

describe("randomHorizontalFlip", () => {
  test("always, never", () => {
    expect(randomHorizontalFlip(1)(image).toArray()).toEqual([[[3, 2, 1], [6, 5, 4], [9, 8, 7]]]);
    expect(randomHorizontalFlip(0)(image).toArray()).toEqual(image.toArray());
  });

  test("each image for itself, about as often as p says", () => {
    const batch = tensor(new Float32Array(2000).map((_, at) => at % 2), { shape: [1000, 1, 1, 2] });
    const flipped = randomHorizontalFlip(0.3)(batch, new Generator(1)).toTypedArray();
    let count = 0;
    for (let at = 0; at < 2000; at += 2) if (flipped[at] === 1) count++;
    expect(count).toBeGreaterThan(250);
    expect(count).toBeLessThan(350);
  });

  test.each([-0.1, 1.1, NaN])("p = %d", (p) => {
    expect(() => randomHorizontalFlip(p)).toThrow(
      `randomHorizontalFlip: p ${p} must be a number from 0 to 1\n  code: randomHorizontalFlip/option`,
    );
  });
});

describe("randomCrop", () => {
  test("the whole image, if that is the size", () => {
    expect(randomCrop({ size: 3 })(image).toArray()).toEqual(image.toArray());
  });

  test("every window comes up, and nothing else", () => {
    const batch = tensor(Float32Array.from({ length: 300 * 9 }, (_, at) => (at % 9) + 1), { shape: [300, 1, 3, 3] });
    const out = randomCrop({ size: [1, 2], padding: 1 })(batch, new Generator(1));
    expect(out.shape).toEqual([300, 1, 1, 2]);
    const flat = out.toTypedArray();
    const seen = new Set<string>();
    for (let at = 0; at < flat.length; at += 2) seen.add(`${flat[at]},${flat[at + 1]}`);
    const padded = [[0, 0, 0, 0, 0], [0, 1, 2, 3, 0], [0, 4, 5, 6, 0], [0, 7, 8, 9, 0], [0, 0, 0, 0, 0]];
    const windows = new Set(padded.flatMap((row) => [0, 1, 2, 3].map((left) => `${row[left]},${row[left + 1]}`)));
    expect([...seen].sort()).toEqual([...windows].sort());
  });

  test("a window that does not fit", () => {
    expect(() => randomCrop({ size: 6, padding: 1 })(image)).toThrow(ShapeError);
    expect(() => randomCrop({ size: 6, padding: 1 })(image)).toThrow(
      "randomCrop: a window of 6 x 6 does not fit into images of 3 x 3 with padding 1\n  code: randomCrop/too-large",
    );
  });

  test("sizes and padding that are none", () => {
    expect(() => randomCrop({ size: 0 })).toThrow(IndexError);
    expect(() => randomCrop({ size: [4, 1.5] })).toThrow(
      "randomCrop: size [4,1.5] must be an integer or a pair of integers, 1 or more\n  code: randomCrop/option",
    );
    expect(() => randomCrop({} as never)).toThrow("randomCrop: size undefined must be an integer or a pair of integers, 1 or more\n  code: randomCrop/option");
    expect(() => randomCrop({ size: 4, pad: 1 } as never)).toThrow('randomCrop: there is no option "pad"; there are size, padding\n  code: randomCrop/unknown-option');
    expect(() => randomCrop({ size: 1, padding: -1 })).toThrow(
      "randomCrop: padding -1 must be an integer, 0 or more\n  code: randomCrop/option",
    );
  });
});

describe("compose", () => {
  /** The same transforms, one after the other, each into a tensor of its own. */
  function oneByOne(transforms: readonly ImageTransform[], x: Tensor, generator: Generator): Tensor {
    return transforms.reduce((images, transform) => transform(images, generator), x);
  }

  const step = fc.oneof(
    fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }), fc.nat(2)).map(
      ([height, width, padding]) => randomCrop({ size: [height, width], padding: padding + 3 }),
    ),
    fc.double({ min: 0, max: 1, noNaN: true }).map((p) => randomHorizontalFlip(p)),
    fc.tuple(fc.integer({ min: -3, max: 3 }), fc.constantFrom(0.5, 1, 2, 4)).map(([mean, std]) => normalize([mean, 1], [std, 2])),
  );

  test("done in one go, the same as one after the other", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 5 }), fc.integer(), (transforms, seed) => {
        const x = rand([3, 2, 5, 4], { generator: new Generator(seed), dtype: "float64" });
        const together = compose(...transforms)(x, new Generator(seed));
        const apart = oneByOne(transforms, x, new Generator(seed));
        expect(together.shape).toEqual(apart.shape);
        const [a, b] = [together.toTypedArray(), apart.toTypedArray()];
        for (let at = 0; at < a.length; at++) expect(a[at]).toBeCloseTo(b[at] ?? NaN, 9);
      }),
      { numRuns: 300 },
    );
  });

  test("bytes, the same as floats divided by 255", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 4 }), fc.integer(), (transforms, seed) => {
        const bytes = Uint8Array.from({ length: 2 * 2 * 5 * 4 }, (_, at) => (at * 37 + seed) & 255);
        const shape = [2, 2, 5, 4];
        const fromBytes = compose(...transforms)(tensor(bytes, { shape }), new Generator(seed));
        const floats = Float64Array.from(bytes, (value) => value / 255);
        const fromFloats = compose(...transforms)(tensor(floats, { shape }), new Generator(seed));
        const [a, b] = [fromBytes.toTypedArray(), fromFloats.toTypedArray()];
        for (let at = 0; at < a.length; at++) expect(a[at]).toBeCloseTo(b[at] ?? NaN, 4);
      }),
      { numRuns: 200 },
    );
  });

  test("none: a copy, off the tape", () => {
    const x = tensor([[[1, 2]]], { requiresGrad: true });
    const out = compose()(x);
    expect(out.toArray()).toEqual([[[1, 2]]]);
    expect(out.requiresGrad).toBe(false);
  });

  test("a batch of none", () => {
    expect(compose(randomCrop({ size: 2 }), randomHorizontalFlip())(zeros([0, 3, 4, 4])).shape).toEqual([0, 3, 2, 2]);
  });

  test("a strided batch", () => {
    const x = tensor([[[1, 2], [3, 4]]]).transpose(1, 2);
    expect(randomHorizontalFlip(1)(x).toArray()).toEqual([[[3, 1], [4, 2]]]);
  });

  test("what is no image", () => {
    expect(() => compose()(zeros([2, 2]))).toThrow(ShapeError);
    expect(() => compose()(zeros([2, 2]))).toThrow(
      "transform: images must be [N, C, H, W] or [C, H, W], not 2-dimensional\n  images  [2, 2]  float32\n  code: transform/shape",
    );
    for (const dtype of ["int32", "bool", "float16"] as const) {
      expect(() => compose()(zeros([1, 2, 2], { dtype }))).toThrow(DTypeError);
      expect(() => compose()(zeros([1, 2, 2], { dtype }))).toThrow(
        `transform: images must be float32, float64 or uint8, not ${dtype}\n  images  [1, 2, 2]  ${dtype}\n  code: transform/dtype`,
      );
    }
  });
});
