import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assertGradients } from "./assert-close.ts";
import { ndarray, zeros } from "./nd-array.ts";
import { sigmoidBackward, sigmoidForward } from "./sigmoid.ts";
import { arraysOf, length } from "./test-inputs.ts";

describe("sigmoid", () => {
  it("has the gradient of the numeric stencil", () => {
    const arrays = arraysOf(fc.tuple(length, length).map(([p, q]) => ({ x: [p, q], dOut: [p, q] })));
    fc.assert(
      fc.property(arrays, ({ x, dOut }) => {
        assertGradients((v) => sigmoidForward(v.x).out, { x }, dOut, { x: sigmoidBackward(dOut, sigmoidForward(x).cache).dX });
      }),
      { numRuns: 25 },
    );
  });

  it("saturates without overflow", () => {
    const { out, cache } = sigmoidForward(ndarray([-1000, 0, 1000, NaN], [4]));
    expect(Array.from(out.data)).toEqual([0, 0.5, 1, NaN]);
    expect(() => sigmoidBackward(zeros([1]), cache)).toThrow(new RangeError("sigmoidBackward: dOut.shape = [1] must be [4]"));
  });
});
