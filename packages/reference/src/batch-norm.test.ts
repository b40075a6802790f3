import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assertClose, assertGradients } from "./assert-close.ts";
import {
  batchNormBackward,
  batchNormBackwardSimplified,
  batchNormEvalBackward,
  batchNormEvalForward,
  batchNormForward,
} from "./batch-norm.ts";
import { full, linspace, zeros } from "./nd-array.ts";
import { reduce } from "./reduce.ts";
import { arraysOf, length } from "./test-inputs.ts";

// With a small eps, two values close together make a function too steep for the stencil.
const eps = 0.5;
const arrays = arraysOf(
  fc.tuple(fc.integer({ min: 2, max: 5 }), length).map(([n, d]) => ({
    x: [n, d], gamma: [d], beta: [d], dOut: [n, d], runningMean: [d], runningVariance: [d],
  })),
);

describe("batchNorm", () => {
  it("gives every feature mean beta and standard deviation gamma", () => {
    const x = linspace(-3, 4, [20, 3]);
    const { out } = batchNormForward(x, linspace(1, 3, [3]), linspace(11, 13, [3]));
    assertClose(reduce("mean", out, { dims: 0 }), linspace(11, 13, [3]));
    assertClose(reduce("std", out, { dims: 0, correction: 0 }), linspace(1, 3, [3]), { rtol: 1e-5 });
  });

  it("has the gradient of the numeric stencil, by both ways", () => {
    fc.assert(
      fc.property(arrays, ({ x, gamma, beta, dOut }) => {
        const { cache } = batchNormForward(x, gamma, beta, eps);
        const { dX, dGamma, dBeta } = batchNormBackward(dOut, cache);
        const gradients = { x: dX, gamma: dGamma, beta: dBeta };
        assertGradients((v) => batchNormForward(v.x, v.gamma, v.beta, eps).out, { x, gamma, beta }, dOut, gradients);
        const simplified = batchNormBackwardSimplified(dOut, cache);
        assertClose(simplified.dX, dX, { rtol: 1e-10, atol: 1e-12 });
        expect(simplified.dGamma).toEqual(dGamma);
        expect(simplified.dBeta).toEqual(dBeta);
      }),
      { numRuns: 25 },
    );
  });

  it("has the gradient of the numeric stencil in evaluation", () => {
    fc.assert(
      fc.property(arrays, ({ x, gamma, beta, dOut, runningMean, runningVariance }) => {
        runningVariance.data.forEach((value, d) => (runningVariance.data[d] = Math.abs(value)));
        const evaluate = (v: { x: typeof x; gamma: typeof x; beta: typeof x }): ReturnType<typeof batchNormEvalForward> =>
          batchNormEvalForward(v.x, v.gamma, v.beta, runningMean, runningVariance, eps);
        const { dX, dGamma, dBeta } = batchNormEvalBackward(dOut, evaluate({ x, gamma, beta }).cache);
        assertGradients((v) => evaluate(v).out, { x, gamma, beta }, dOut, { x: dX, gamma: dGamma, beta: dBeta });
      }),
      { numRuns: 25 },
    );
  });

  it("names what is wrong", () => {
    const [x, d] = [zeros([4, 3]), zeros([3])];
    expect(() => batchNormForward(zeros([1, 3]), d, d)).toThrow(
      new RangeError("batchNorm: x.shape = [1, 3] has one value per feature, training needs 2"),
    );
    expect(() => batchNormForward(zeros([4, 3, 1]), d, d)).toThrow(new RangeError("batchNorm: x.shape = [4, 3, 1] must be [4, 3]"));
    expect(() => batchNormForward(x, zeros([2]), d)).toThrow(new RangeError("batchNorm: gamma.shape = [2] must be [3]"));
    expect(() => batchNormForward(x, d, zeros([2]))).toThrow(new RangeError("batchNorm: beta.shape = [2] must be [3]"));
    expect(() => batchNormEvalForward(x, d, d, zeros([2]), d)).toThrow(new RangeError("batchNormEval: runningMean.shape = [2] must be [3]"));
    const wrong = (op: string): RangeError => new RangeError(`${op}: dOut.shape = [3] must be [4, 3]`);
    const { cache } = batchNormForward(x, d, d);
    expect(() => batchNormBackward(d, cache)).toThrow(wrong("batchNormBackward"));
    expect(() => batchNormBackwardSimplified(d, cache)).toThrow(wrong("batchNormBackwardSimplified"));
    const evaluated = batchNormEvalForward(x, d, d, d, full(1, [3]));
    expect(() => batchNormEvalBackward(d, evaluated.cache)).toThrow(wrong("batchNormEvalBackward"));
  });
});
