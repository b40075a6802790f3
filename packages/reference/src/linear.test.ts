import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assertClose, assertGradients } from "./assert-close.ts";
import { affineForward } from "./affine.ts";
import { linearBackward, linearForward } from "./linear.ts";
import { zeros } from "./nd-array.ts";
import { transpose } from "./permute.ts";
import { arraysOf, length } from "./test-inputs.ts";

const shapes = fc.tuple(length, length, length, length).chain(([p, q, i, o]) =>
  fc.constantFrom(...[[], [p], [p, q]].map((lead) => ({ x: [...lead, i], w: [o, i], b: [o], dOut: [...lead, o] }))),
);

describe("linear", () => {
  it("has the gradient of the numeric stencil", () => {
    fc.assert(
      fc.property(arraysOf(shapes), ({ x, w, b, dOut }) => {
        const { dX, dW, dB } = linearBackward(dOut, linearForward(x, w, b).cache);
        assertGradients((v) => linearForward(v.x, v.w, v.b).out, { x, w, b }, dOut, { x: dX, w: dW, b: dB });
      }),
      { numRuns: 25 },
    );
  });

  it("equals affine with transposed weights", () => {
    const arrays = arraysOf(fc.tuple(length, length, length).map(([n, i, o]) => ({ x: [n, i], w: [o, i] })));
    fc.assert(
      fc.property(arrays, ({ x, w }) => {
        assertClose(linearForward(x, w, null).out, affineForward(x, transpose(w, 0, 1), zeros([w.shape[0] ?? 0])).out);
      }),
      { numRuns: 25 },
    );
  });

  it("names shapes that do not fit", () => {
    const [x, w] = [zeros([2, 3]), zeros([4, 3])];
    expect(() => linearForward(zeros([2, 5]), w, null)).toThrow(new RangeError("linear: x.shape = [2, 5] must be [2, 3]"));
    expect(() => linearForward(x, zeros([4, 3, 1]), null)).toThrow(new RangeError("linear: w.shape = [4, 3, 1] must be [4, 3]"));
    expect(() => linearForward(x, w, zeros([3]))).toThrow(new RangeError("linear: b.shape = [3] must be [4]"));
    expect(() => linearBackward(zeros([2]), linearForward(x, w, null).cache)).toThrow(
      new RangeError("linearBackward: dOut.shape = [2] must be [2, 4]"),
    );
  });
});
