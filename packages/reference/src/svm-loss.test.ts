import fc from "fast-check";
import { describe, expect, it } from "vitest";
import figures from "../fixtures/cs231n.json" with { type: "json" };
import { assertClose, assertGradients } from "./assert-close.ts";
import { map } from "./broadcast.ts";
import { full, ndarray, zeros } from "./nd-array.ts";
import { svmLossBackward, svmLossForward } from "./svm-loss.ts";
import { arrayOf, length, pattern } from "./test-inputs.ts";

describe("svmLoss", () => {
  it("is about C - 1 for scores near zero", () => {
    const { classes, svmLoss, tolerance } = figures.svmAndSoftmaxSanity;
    const x = map((value) => value * 1e-3, pattern([50, classes], 1));
    const labels = Array.from({ length: 50 }, (_, n) => n % classes);
    assertClose(svmLossForward(x, labels).out, full(svmLoss, []), { atol: tolerance });
  });

  it("has the gradient of the numeric stencil", () => {
    const cases = fc
      .tuple(length, length)
      .chain(([n, c]) => fc.tuple(arrayOf([n, c]), fc.array(fc.integer({ min: 0, max: c - 1 }), { minLength: n, maxLength: n })));
    fc.assert(
      fc.property(cases, ([x, labels]) => {
        // Scores are multiples of 1/200 apart, so this margin keeps every hinge half a step from its kink.
        const margin = 1.0025;
        const dOut = full(1.5, []);
        const { dX } = svmLossBackward(dOut, svmLossForward(x, labels, margin).cache);
        assertGradients((v) => svmLossForward(v.x, labels, margin).out, { x }, dOut, { x: dX });
      }),
      { numRuns: 40 },
    );
  });

  it("has slope 0 where a score lies exactly at the margin", () => {
    const { out, cache } = svmLossForward(ndarray([2, 1], [1, 2]), [0]);
    expect(out.data[0]).toBe(0);
    expect(svmLossBackward(full(1, []), cache).dX).toEqual(zeros([1, 2]));
  });

  it("names what is wrong", () => {
    expect(() => svmLossForward(zeros([1, 2, 1]), [0])).toThrow(new RangeError("svmLoss: x.shape = [1, 2, 1] must be [1, 2]"));
    expect(() => svmLossForward(zeros([1, 2]), [-100])).toThrow(new RangeError("svmLoss: targets[0] = -100 must be an integer from 0 to 1"));
    const { cache } = svmLossForward(zeros([1, 2]), [0]);
    expect(() => svmLossBackward(zeros([1]), cache)).toThrow(new RangeError("svmLossBackward: dOut.shape = [1] must be []"));
  });
});
