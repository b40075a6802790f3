import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assertGradients } from "./assert-close.ts";
import { mseLossBackward, mseLossForward } from "./mse-loss.ts";
import { linspace, ndarray, zeros } from "./nd-array.ts";
import { arraysOf, length } from "./test-inputs.ts";

describe("mseLoss", () => {
  it("reduces as asked", () => {
    const [x, target] = [ndarray([1, 2], [2]), ndarray([3, 5], [2])];
    expect(mseLossForward(x, target).out).toEqual(ndarray([6.5], []));
    expect(mseLossForward(x, target, "sum").out).toEqual(ndarray([13], []));
    expect(mseLossForward(x, target, "none").out).toEqual(ndarray([4, 9], [2]));
  });

  it("has the gradient of the numeric stencil", () => {
    const arrays = arraysOf(fc.tuple(length, length).map(([p, q]) => ({ x: [p, q], target: [p, q] })));
    fc.assert(
      fc.property(arrays, fc.constantFrom("mean", "sum", "none"), ({ x, target }, reduction) => {
        const { out, cache } = mseLossForward(x, target, reduction);
        const dOut = linspace(1, 2, out.shape);
        const { dX, dTarget } = mseLossBackward(dOut, cache);
        assertGradients((v) => mseLossForward(v.x, v.target, reduction).out, { x, target }, dOut, { x: dX, target: dTarget });
      }),
      { numRuns: 25 },
    );
  });

  it("names shapes that do not fit", () => {
    expect(() => mseLossForward(zeros([2]), zeros([3]))).toThrow(new RangeError("mseLoss: target.shape = [3] must be [2]"));
    const { cache } = mseLossForward(zeros([2]), zeros([2]));
    expect(() => mseLossBackward(zeros([2]), cache)).toThrow(new RangeError("mseLossBackward: dOut.shape = [2] must be []"));
  });
});
