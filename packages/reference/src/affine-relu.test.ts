import fc from "fast-check";
import { describe, it } from "vitest";
import { affineForward } from "./affine.ts";
import { affineReluBackward, affineReluForward } from "./affine-relu.ts";
import { assertGradients } from "./assert-close.ts";
import { arraysOf, length } from "./test-inputs.ts";

describe("affine-relu", () => {
  it("has the gradient of the numeric stencil", () => {
    const arrays = arraysOf(fc.tuple(length, length, length).map(([n, d, m]) => ({ x: [n, d], w: [d, m], b: [m], dOut: [n, m] })));
    fc.assert(
      fc.property(arrays, ({ x, w, b, dOut }) => {
        // The stencil must not step over the kink; inputs up to 2 move an output by at most 2 * 0.002.
        fc.pre(affineForward(x, w, b).out.data.every((value) => Math.abs(value) > 0.005));
        const { dX, dW, dB } = affineReluBackward(dOut, affineReluForward(x, w, b).cache);
        assertGradients((v) => affineReluForward(v.x, v.w, v.b).out, { x, w, b }, dOut, { x: dX, w: dW, b: dB });
      }),
      { numRuns: 25 },
    );
  });
});
