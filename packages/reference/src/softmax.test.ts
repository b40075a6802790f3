import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assertClose, assertGradients } from "./assert-close.ts";
import { map } from "./broadcast.ts";
import { ndarray, zeros } from "./nd-array.ts";
import { logSoftmaxBackward, logSoftmaxForward, softmaxBackward, softmaxForward } from "./softmax.ts";
import { arraysOf, length } from "./test-inputs.ts";

const arrays = arraysOf(fc.tuple(length, length, length).map(([p, q, r]) => ({ x: [p, q, r], dOut: [p, q, r] })));
const dims = fc.integer({ min: -3, max: 2 });

describe("softmax", () => {
  it("and logSoftmax have the gradient of the numeric stencil", () => {
    fc.assert(
      fc.property(arrays, dims, ({ x, dOut }, dim) => {
        const { dX } = softmaxBackward(dOut, softmaxForward(x, dim).cache);
        assertGradients((v) => softmaxForward(v.x, dim).out, { x }, dOut, { x: dX });
        const log = logSoftmaxBackward(dOut, logSoftmaxForward(x, dim).cache);
        assertGradients((v) => logSoftmaxForward(v.x, dim).out, { x }, dOut, { x: log.dX });
        assertClose(map(Math.exp, logSoftmaxForward(x, dim).out), softmaxForward(x, dim).out);
      }),
      { numRuns: 25 },
    );
  });

  it("stays finite for large logits, and is NaN for a lane of -inf", () => {
    const x = ndarray([1e4, -1e4, 1e4, -Infinity, -Infinity, -Infinity], [2, 3]);
    expect(Array.from(softmaxForward(x, 1).out.data)).toEqual([0.5, 0, 0.5, NaN, NaN, NaN]);
    assertClose(logSoftmaxForward(x, 1).out, ndarray([-Math.LN2, -2e4 - Math.LN2, -Math.LN2, NaN, NaN, NaN], [2, 3]));
  });

  it("names wrong dimensions and shapes", () => {
    const x = zeros([2, 3]);
    expect(() => softmaxForward(x, 2)).toThrow(new RangeError("softmax: dim = 2 must be an integer from -2 to 1"));
    expect(() => logSoftmaxForward(x, -3)).toThrow(new RangeError("logSoftmax: dim = -3 must be an integer from -2 to 1"));
    const { cache } = softmaxForward(x, 0);
    expect(() => softmaxBackward(zeros([3]), cache)).toThrow(new RangeError("softmaxBackward: dOut.shape = [3] must be [2, 3]"));
    expect(() => logSoftmaxBackward(zeros([3]), cache)).toThrow(new RangeError("logSoftmaxBackward: dOut.shape = [3] must be [2, 3]"));
  });
});
