import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assertGradients } from "./assert-close.ts";
import { dropoutBackward, dropoutForward } from "./dropout.ts";
import { map } from "./broadcast.ts";
import { ndarray, zeros } from "./nd-array.ts";
import { arraysOf, length } from "./test-inputs.ts";

describe("dropout", () => {
  const x = ndarray([1, 2, 3], [3]);

  it("scales what it keeps", () => {
    expect(dropoutForward(x, ndarray([1, 0, 1], [3]), 0.75).out).toEqual(ndarray([4, 0, 12], [3]));
    expect(dropoutForward(x, ndarray([1, 1, 1], [3]), 0).out).toEqual(x);
    expect(dropoutForward(x, zeros([3]), 1).out).toEqual(zeros([3]));
  });

  it("has the gradient of the numeric stencil", () => {
    const arrays = arraysOf(fc.tuple(length, length).map(([p, q]) => ({ x: [p, q], noise: [p, q], dOut: [p, q] })));
    fc.assert(
      fc.property(arrays, fc.constantFrom(0, 0.3, 0.5, 1), ({ x: input, noise, dOut }, p) => {
        const mask = map((value) => (value > 0 ? 1 : 0), noise);
        const { dX } = dropoutBackward(dOut, dropoutForward(input, mask, p).cache);
        assertGradients((v) => dropoutForward(v.input, mask, p).out, { input }, dOut, { input: dX });
      }),
      { numRuns: 25 },
    );
  });

  it("names what is wrong", () => {
    expect(() => dropoutForward(x, x, 1.5)).toThrow(new RangeError("dropout: p = 1.5 must lie from 0 to 1"));
    expect(() => dropoutForward(x, x, NaN)).toThrow(new RangeError("dropout: p = NaN must lie from 0 to 1"));
    expect(() => dropoutForward(x, zeros([2]), 0.5)).toThrow(new RangeError("dropout: mask.shape = [2] must be [3]"));
    const { cache } = dropoutForward(x, x, 0.5);
    expect(() => dropoutBackward(zeros([2]), cache)).toThrow(new RangeError("dropoutBackward: dOut.shape = [2] must be [3]"));
  });
});
