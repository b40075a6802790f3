import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assertClose, assertGradients } from "./assert-close.ts";
import { logsumexpBackward, logsumexpForward } from "./logsumexp.ts";
import { linspace, ndarray, zeros } from "./nd-array.ts";
import { arrayOf, length } from "./test-inputs.ts";

describe("logsumexp", () => {
  it("has the gradient of the numeric stencil over any dimensions", () => {
    const cases = fc.record({
      x: fc.tuple(length, length, length).chain(arrayOf),
      dims: fc.subarray([0, 1, 2]),
      keepdim: fc.boolean(),
    });
    fc.assert(
      fc.property(cases, ({ x, ...options }) => {
        const { out, cache } = logsumexpForward(x, options);
        const dOut = linspace(-1, 2, out.shape);
        assertGradients((v) => logsumexpForward(v.x, options).out, { x }, dOut, { x: logsumexpBackward(dOut, cache).dX });
      }),
      { numRuns: 25 },
    );
  });

  it("is -inf with gradient 0 for nothing but -inf, and finite for large numbers", () => {
    const { out, cache } = logsumexpForward(ndarray([-Infinity, -Infinity, 1e4, 1e4, Infinity, 0], [3, 2]), { dims: 1 });
    assertClose(out, ndarray([-Infinity, 1e4 + Math.LN2, Infinity], [3]));
    expect(Array.from(logsumexpBackward(ndarray([1, 1, 0], [3]), cache).dX.data.subarray(0, 2))).toEqual([0, 0]);
    expect(logsumexpForward(zeros([0])).out.data[0]).toBe(-Infinity);
    expect(() => logsumexpBackward(zeros([2]), cache)).toThrow(new RangeError("logsumexpBackward: dOut.shape = [2] must be [3]"));
    expect(() => logsumexpForward(zeros([2]), { dims: 1 })).toThrow(new RangeError("logsumexp: dim = 1 must be an integer from -1 to 0"));
  });
});
