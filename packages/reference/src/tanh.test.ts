import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assertGradients } from "./assert-close.ts";
import { ndarray, zeros } from "./nd-array.ts";
import { tanhBackward, tanhForward } from "./tanh.ts";
import { arraysOf, length } from "./test-inputs.ts";

describe("tanh", () => {
  it("has the gradient of the numeric stencil", () => {
    const arrays = arraysOf(fc.tuple(length, length).map(([p, q]) => ({ x: [p, q], dOut: [p, q] })));
    fc.assert(
      fc.property(arrays, ({ x, dOut }) => {
        assertGradients((v) => tanhForward(v.x).out, { x }, dOut, { x: tanhBackward(dOut, tanhForward(x).cache).dX });
      }),
      { numRuns: 25 },
    );
  });

  it("saturates without overflow", () => {
    const { out, cache } = tanhForward(ndarray([-1000, 0, 1000, NaN], [4]));
    expect(Array.from(out.data)).toEqual([-1, 0, 1, NaN]);
    expect(() => tanhBackward(zeros([1]), cache)).toThrow(new RangeError("tanhBackward: dOut.shape = [1] must be [4]"));
  });
});
