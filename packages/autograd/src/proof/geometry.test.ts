import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  avgPool2dBackward, avgPool2dForward, conv2dBackward, conv2dForward, maxPool2dBackward, maxPool2dForward, ndarray, type NdArray,
} from "@tapegrad/reference";
import { avgPool2d, conv2d, maxPool2d, type Tensor } from "@tapegrad/tensor";
import { grad } from "../backward.ts";
import { exact, expectValues, numbersOf } from "./expect-values.ts";
import { fromValues, sizeOf } from "./operands.ts";
import { randomFrom, type Random } from "./random.ts";

/** Small integers: products and sums of them are exact in any order, so that results must be equal bit by bit. */
function integers(shape: readonly number[], random: Random): NdArray {
  return ndarray(Float64Array.from({ length: sizeOf(shape) }, () => Math.floor(random() * 9) - 4), shape);
}

/** Ties, infinities and NaN. */
function wild(shape: readonly number[], random: Random): NdArray {
  const picks = [NaN, Infinity, -Infinity, 0, 1, 1, 2, -1];
  return ndarray(Float64Array.from({ length: sizeOf(shape) }, () => picks[Math.floor(random() * picks.length)] as number), shape);
}

type Sides = readonly [height: number, width: number];

const leaf = (x: NdArray, dtype: "float32" | "float64"): Tensor => fromValues(x.data, x.shape, dtype).requiresGrad_();
const dtype = fc.constantFrom("float32" as const, "float64" as const);
const side = fc.integer({ min: 1, max: 9 });
const small = fc.integer({ min: 1, max: 3 });
const pairOf = (value: fc.Arbitrary<number>): fc.Arbitrary<readonly [number, number]> => fc.tuple(value, value);

function compare(found: readonly Tensor[], expected: readonly NdArray[]): void {
  found.forEach((x, i) => {
    const target = expected[i] as NdArray;
    expect([...x.shape]).toEqual(target.shape);
    // A sum of nothing but zeros may carry either sign.
    expectValues(numbersOf(x).map((value) => value + 0), target.data.map((value) => value + 0), exact, `tensor ${i}`);
  });
}

describe("any geometry gives what plain loops give", () => {
  test("convolution and its three gradients", () => {
    const call = fc.record({
      dtype, seed: fc.integer(), images: fc.integer({ min: 1, max: 3 }), image: pairOf(side), kernel: pairOf(fc.integer({ min: 1, max: 4 })), groups: small, inner: small, outer: small,
      stride: pairOf(small), padding: pairOf(fc.integer({ min: 0, max: 2 })), dilation: pairOf(fc.integer({ min: 1, max: 2 })), bias: fc.boolean(), same: fc.boolean(),
    }).filter(({ image, kernel, padding, dilation, same }) => same || [0, 1].every((i) => (image[i] as number) + 2 * (padding[i] as number) > (dilation[i] as number) * ((kernel[i] as number) - 1)));
    fc.assert(fc.property(call, ({ dtype, seed, images, image, kernel, groups, inner, outer, stride, padding, dilation, bias, same }) => {
      const random = randomFrom(seed);
      const [x, w, b] = [integers([images, groups * inner, ...image], random), integers([groups * outer, inner, ...kernel], random), bias ? integers([groups * outer], random) : null];
      const options = same ? ({ padding: "same", dilation, groups } as const) : { stride, padding, dilation, groups };
      const { out, cache } = conv2dForward(x, w, b, options);
      const dOut = integers(out.shape, random);
      const { dX, dW, dB } = conv2dBackward(dOut, cache);
      const given = [leaf(x, dtype), leaf(w, dtype), ...(b === null ? [] : [leaf(b, dtype)])];
      const y = conv2d(given[0] as Tensor, given[1] as Tensor, given[2] ?? null, options);
      compare([y, ...grad([y], given, { gradOutputs: [fromValues(dOut.data, dOut.shape, dtype)] })], [out, dX, dW, dB]);
    }), { seed: 21, numRuns: 150 });
  });

  test("3x3 convolution at the sizes that have fast ways of their own", () => {
    const call = fc.record({ seed: fc.integer(), images: fc.integer({ min: 1, max: 2 }), channels: fc.constantFrom(1, 3, 4, 8, 16, 17), filters: fc.constantFrom(1, 4, 8, 16, 33), image: pairOf(fc.integer({ min: 3, max: 20 })), padding: fc.constantFrom(0, 1) });
    fc.assert(fc.property(call, ({ seed, images, channels, filters, image, padding }) => {
      const random = randomFrom(seed);
      const [x, w] = [integers([images, channels, ...image], random), integers([filters, channels, 3, 3], random)];
      const { out, cache } = conv2dForward(x, w, null, { padding });
      const dOut = integers(out.shape, random);
      const { dX, dW } = conv2dBackward(dOut, cache);
      const given = [leaf(x, "float32"), leaf(w, "float32")] as const;
      const y = conv2d(given[0], given[1], null, { padding });
      const found = [y, ...grad([y], given, { gradOutputs: [fromValues(dOut.data, dOut.shape, "float32")] })];
      found.forEach((tensor, i) => {
        const target = [out, dX, dW][i] as NdArray;
        const largest = target.data.reduce((best, value) => Math.max(best, Math.abs(value)), 1);
        expectValues(numbersOf(tensor), target.data, { rtol: 0, atol: 1e-4 * largest }, `tensor ${i} of ${JSON.stringify([images, channels, filters, image, padding])}`);
      });
    }), { seed: 22, numRuns: 25 });
  });

  const rest = { dtype, seed: fc.integer(), planes: fc.tuple(small, small), ceilMode: fc.boolean(), countIncludePad: fc.boolean(), divisorOverride: fc.option(fc.integer({ min: 1, max: 5 })) };
  const dilation = pairOf(fc.integer({ min: 1, max: 2 })), square = <T,>(value: T): readonly [T, T] => [value, value];
  const anyPooling = fc.record({ ...rest, image: pairOf(side), kernel: pairOf(small), stride: fc.option(pairOf(small)), padded: fc.tuple(fc.boolean(), fc.boolean()), dilation });
  // Windows of 2 x 2 and 3 x 3 on rows that are long enough for loops of their own; the same with what these must leave to others.
  const quickPooling = fc.record({
    ...rest, image: pairOf(fc.integer({ min: 7, max: 40 })), kernel: fc.constantFrom(2, 2, 3).map(square), stride: fc.constantFrom(1, 2, 2, 3).map(square),
    padded: fc.constantFrom([false, false] as const, [true, true] as const, [false, true] as const), dilation: fc.oneof(fc.constantFrom([1, 1] as const, [2, 2] as const), dilation),
  });
  const pooling = fc.oneof(anyPooling, quickPooling);
  const paddingOf = (kernel: readonly [number, number], padded: readonly [boolean, boolean]): [number, number] => [padded[0] ? kernel[0] >> 1 : 0, padded[1] ? kernel[1] >> 1 : 0];
  const fits = (image: Sides, kernel: Sides, padding: Sides, dilation: Sides): boolean => ([0, 1] as const).every((i) => image[i] + 2 * padding[i] > dilation[i] * (kernel[i] - 1));

  test("max pooling and its gradient", () => {
    fc.assert(fc.property(pooling, ({ dtype, seed, planes, image, kernel, stride, padded, dilation, ceilMode }) => {
      const padding = paddingOf(kernel, padded);
      fc.pre(fits(image, kernel, padding, dilation) && [0, 1].every((i) => padding[i] === 0 || (dilation[i] as number) <= (image[i] as number)));
      const random = randomFrom(seed);
      const x = seed % 3 === 0 ? wild([...planes, ...image], random) : integers([...planes, ...image], random);
      const options = { padding, dilation, ceilMode, ...(stride === null ? {} : { stride }) };
      const { out, cache } = maxPool2dForward(x, kernel, options);
      const dOut = integers(out.shape, random);
      const given = leaf(x, dtype);
      const y = maxPool2d(given, kernel, options);
      compare([y, ...grad([y], [given], { gradOutputs: [fromValues(dOut.data, dOut.shape, dtype)] })], [out, maxPool2dBackward(dOut, cache).dX]);
    }), { seed: 23, numRuns: 300 });
  });

  test("average pooling and its gradient", () => {
    fc.assert(fc.property(pooling, ({ dtype, seed, planes, image, kernel, stride, padded, ceilMode, countIncludePad, divisorOverride }) => {
      const padding = paddingOf(kernel, padded);
      fc.pre(fits(image, kernel, padding, [1, 1]));
      const random = randomFrom(seed);
      const x = integers([...planes, ...image], random);
      const options = { padding, ceilMode, countIncludePad, ...(stride === null ? {} : { stride }), ...(divisorOverride === null ? {} : { divisorOverride }) };
      const { out, cache } = avgPool2dForward(x, kernel, options);
      const dOut = integers(out.shape, random);
      const given = leaf(x, dtype);
      const y = avgPool2d(given, kernel, options);
      const epsilon = dtype === "float64" ? 2 ** -52 : 2 ** -23;
      const [dX] = grad([y], [given], { gradOutputs: [fromValues(dOut.data, dOut.shape, dtype)] });
      expect([...y.shape]).toEqual(out.shape);
      expectValues(numbersOf(y), out.data, { rtol: 2 * epsilon, atol: 8 * epsilon }, "mean");
      expectValues(numbersOf(dX), avgPool2dBackward(dOut, cache).dX.data, { rtol: 4 * epsilon, atol: 32 * epsilon }, "gradient");
    }), { seed: 24, numRuns: 300 });
  });
});
