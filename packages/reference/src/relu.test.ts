import fc from "fast-check";
import { describe, expect, it } from "vitest";
import figures from "../fixtures/cs231n.json" with { type: "json" };
import { assertClose, assertGradients } from "./assert-close.ts";
import { fromNested, linspace, ndarray, zeros } from "./nd-array.ts";
import { reluBackward, reluForward } from "./relu.ts";
import { arraysOf, length } from "./test-inputs.ts";

describe("relu", () => {
  it("reproduces CS231n's figures", () => {
    const { x, out } = figures.reluForward;
    assertClose(reluForward(linspace(x.from, x.to, x.shape)).out, fromNested(out), { rtol: 0, atol: 1e-15 });
  });

  it("has the gradient of the numeric stencil", () => {
    const arrays = arraysOf(fc.tuple(length, length).map(([p, q]) => ({ x: [p, q], dOut: [p, q] })));
    fc.assert(
      fc.property(arrays, ({ x, dOut }) => {
        assertGradients((v) => reluForward(v.x).out, { x }, dOut, { x: reluBackward(dOut, reluForward(x).cache).dX });
      }),
      { numRuns: 25 },
    );
  });

  it("keeps NaN and -0, and has slope 0 at 0", () => {
    const { out, cache } = reluForward(ndarray([0, -0, NaN, -Infinity, Infinity], [5]));
    expect(Array.from(out.data)).toEqual([0, -0, NaN, 0, Infinity]);
    expect(Array.from(reluBackward(ndarray([1, 1, 1, 1, 1], [5]), cache).dX.data)).toEqual([0, 0, 0, 0, 1]);
    expect(() => reluBackward(zeros([4]), cache)).toThrow(new RangeError("reluBackward: dOut.shape = [4] must be [5]"));
  });
});
