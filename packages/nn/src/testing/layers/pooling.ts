import fc from "fast-check";
import * as reference from "@tapegrad/reference";
import type { Pair } from "@tapegrad/tensor";
import { AvgPool2d, MaxPool2d } from "../../pooling.ts";
import { array, input, pairOf, seed, size, type LayerEntry } from "./layer-case.ts";

const windows = pairOf(1, 3).chain((kernel) =>
  fc.record({
    kernel: fc.constant(kernel),
    stride: pairOf(1, 3),
    padding: fc.tuple(fc.integer({ min: 0, max: kernel[0] >> 1 }), fc.integer({ min: 0, max: kernel[1] >> 1 })) satisfies fc.Arbitrary<Pair>,
    ceilMode: fc.boolean(),
  }),
);

export const maxPool2d: LayerEntry = {
  cases: fc.tuple(seed, fc.tuple(size, size), pairOf(5, 8), windows, pairOf(1, 2)).map(([from, lead, image, { kernel, ...rest }, dilation]) => {
    const shape = [...lead, ...image];
    const options = { ...rest, dilation };
    return {
      options: { ...options, kernel, from, shape },
      make: () => new MaxPool2d(kernel, options),
      inputs: (dtype) => [input(shape, from)(dtype)],
      expected: () => {
        const { out, cache } = reference.maxPool2dForward(array(shape, from), kernel, options);
        return { out, backward: (dOut) => reference.maxPool2dBackward(dOut, cache) };
      },
    };
  }),
  traits: { keepsNothing: true, givesOutputAway: true, picksLargest: true },
  hasModes: false,
};

const divisor = fc.option(fc.integer({ min: 1, max: 7 }), { nil: null });

export const avgPool2d: LayerEntry = {
  cases: fc.tuple(seed, fc.tuple(size, size), pairOf(5, 8), windows, fc.boolean(), divisor).map(([from, lead, image, { kernel, ...rest }, countIncludePad, divisorOverride]) => {
    const shape = [...lead, ...image];
    const options = { ...rest, countIncludePad, ...(divisorOverride === null ? {} : { divisorOverride }) };
    return {
      options: { ...options, kernel, from, shape },
      make: () => new AvgPool2d(kernel, options),
      inputs: (dtype) => [input(shape, from)(dtype)],
      expected: () => {
        const { out, cache } = reference.avgPool2dForward(array(shape, from), kernel, options);
        return { out, backward: (dOut) => reference.avgPool2dBackward(dOut, cache) };
      },
    };
  }),
  traits: { keepsNothing: true },
  hasModes: false,
};
