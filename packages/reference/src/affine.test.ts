import fc from "fast-check";
import { describe, expect, it } from "vitest";
import figures from "../fixtures/cs231n.json" with { type: "json" };
import { affineBackward, affineForward } from "./affine.ts";
import { assertClose, assertGradients } from "./assert-close.ts";
import { fromNested, linspace, zeros } from "./nd-array.ts";
import { arraysOf, length } from "./test-inputs.ts";

describe("affine", () => {
  it("reproduces CS231n's figures", () => {
    const { x, w, b, out, tolerance } = figures.affineForward;
    const [input, weights, bias] = [x, w, b].map(({ from, to, shape }) => linspace(from, to, shape));
    if (!input || !weights || !bias) throw new Error("the fixture lacks an input");
    assertClose(affineForward(input, weights, bias).out, fromNested(out), { rtol: tolerance });
  });

  it("has the gradient of the numeric stencil, whatever the shape of an example", () => {
    const arrays = arraysOf(
      fc.tuple(length, length, length, length).map(([n, p, q, m]) => ({ x: [n, p, q], w: [p * q, m], b: [m], dOut: [n, m] })),
    );
    fc.assert(
      fc.property(arrays, ({ x, w, b, dOut }) => {
        const { dX, dW, dB } = affineBackward(dOut, affineForward(x, w, b).cache);
        assertGradients((i) => affineForward(i.x, i.w, i.b).out, { x, w, b }, dOut, { x: dX, w: dW, b: dB });
      }),
      { numRuns: 25 },
    );
  });

  it("names shapes that do not fit", () => {
    const [x, w, b] = [zeros([2, 3, 2]), zeros([6, 4]), zeros([4])];
    expect(() => affineForward(x, zeros([5, 4]), b)).toThrow(new RangeError("affine: w.shape = [5, 4] must be [6, 4]"));
    expect(() => affineForward(x, w, zeros([3]))).toThrow(new RangeError("affine: b.shape = [3] must be [4]"));
    expect(() => affineBackward(zeros([4]), affineForward(x, w, b).cache)).toThrow(
      new RangeError("affineBackward: dOut.shape = [4] must be [2, 4]"),
    );
  });
});
