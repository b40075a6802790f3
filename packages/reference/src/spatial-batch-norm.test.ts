import fc from "fast-check";
import { describe, expect, it } from "vitest";
import pytorch from "../fixtures/pytorch.json" with { type: "json" };
import { assertClose, assertGradients } from "./assert-close.ts";
import { batchNormEvalForward } from "./batch-norm.ts";
import { full, ndarray, reshape, zeros } from "./nd-array.ts";
import { permute } from "./permute.ts";
import { type RunningStatistics, updateRunningStatistics } from "./running-statistics.ts";
import { spatialBatchNormBackward, spatialBatchNormForward } from "./spatial-batch-norm.ts";
import { arraysOf, length, pattern } from "./test-inputs.ts";

const [gamma, beta] = [pattern([3], 2), pattern([3], 3)];

describe("spatialBatchNorm", () => {
  it.each(pytorch.batchNorm)("equals PyTorch over two batches and in evaluation, momentum $momentum", (recorded) => {
    const [first, second] = [pattern([2, 3, 2, 2], 1), pattern([2, 3, 2, 2], 4)];
    let running: RunningStatistics = { mean: zeros([3]), variance: full(1, [3]), batches: 0 };
    running = updateRunningStatistics(running, spatialBatchNormForward(first, gamma, beta), 8, recorded.momentum);
    const forward = spatialBatchNormForward(second, gamma, beta);
    running = updateRunningStatistics(running, forward, 8, recorded.momentum);
    const { dX, dGamma, dBeta } = spatialBatchNormBackward(pattern(forward.out.shape, 9), forward.cache);
    assertClose(forward.out, ndarray(recorded.out.data, recorded.out.shape));
    assertClose(dX, ndarray(recorded.dX.data, recorded.dX.shape));
    assertClose(dGamma, ndarray(recorded.dGamma.data, [3]));
    assertClose(dBeta, ndarray(recorded.dBeta.data, [3]));
    assertClose(running.mean, ndarray(recorded.runningMean.data, [3]));
    assertClose(running.variance, ndarray(recorded.runningVariance.data, [3]));
    expect(running.batches).toBe(2);

    const rows = reshape(permute(first, [0, 2, 3, 1]), [8, 3]);
    const evaluated = batchNormEvalForward(rows, gamma, beta, running.mean, running.variance).out;
    assertClose(permute(reshape(evaluated, [2, 2, 2, 3]), [0, 3, 1, 2]), ndarray(recorded.evaluated.data, recorded.evaluated.shape));
  });

  it("has the gradient of the numeric stencil", () => {
    const arrays = arraysOf(
      fc.tuple(length, length, length).map(([n, c, h]) => ({ x: [n, c, h, 2], gamma: [c], beta: [c], dOut: [n, c, h, 2] })),
    );
    fc.assert(
      fc.property(arrays, ({ dOut, ...inputs }) => {
        const forward = (v: typeof inputs): ReturnType<typeof spatialBatchNormForward> => spatialBatchNormForward(v.x, v.gamma, v.beta, 0.5);
        const { dX, dGamma, dBeta } = spatialBatchNormBackward(dOut, forward(inputs).cache);
        assertGradients((v) => forward(v).out, inputs, dOut, { x: dX, gamma: dGamma, beta: dBeta });
      }),
      { numRuns: 15 },
    );
  });

  it("names shapes that do not fit", () => {
    expect(() => spatialBatchNormForward(zeros([2, 3]), gamma, beta)).toThrow(
      new RangeError("spatialBatchNorm: x.shape = [2, 3] must have 4 dimensions"),
    );
    const { cache } = spatialBatchNormForward(zeros([2, 3, 1, 1]), gamma, beta);
    expect(() => spatialBatchNormBackward(zeros([2, 3, 1]), cache)).toThrow(
      new RangeError("spatialBatchNormBackward: dOut.shape = [2, 3, 1] must be [2, 3, 1, 1]"),
    );
  });
});

describe("updateRunningStatistics", () => {
  it("names what is wrong", () => {
    const running = { mean: zeros([3]), variance: zeros([3]), batches: 0 };
    expect(() => updateRunningStatistics(running, running, 1)).toThrow(
      new RangeError("updateRunningStatistics: count = 1 must be at least 2"),
    );
    expect(() => updateRunningStatistics(running, { ...running, mean: zeros([2]) }, 4)).toThrow(
      new RangeError("updateRunningStatistics: batch.mean.shape = [2] must be [3]"),
    );
    expect(() => updateRunningStatistics(running, { ...running, variance: zeros([2]) }, 4)).toThrow(
      new RangeError("updateRunningStatistics: batch.variance.shape = [2] must be [3]"),
    );
  });
});
