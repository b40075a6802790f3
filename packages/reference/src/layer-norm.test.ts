import fc from "fast-check";
import { describe, expect, it } from "vitest";
import pytorch from "../fixtures/pytorch.json" with { type: "json" };
import { assertClose, assertGradients } from "./assert-close.ts";
import { layerNormBackward, layerNormForward } from "./layer-norm.ts";
import { ndarray, zeros } from "./nd-array.ts";
import { arraysOf, length, pattern } from "./test-inputs.ts";

describe("layerNorm", () => {
  it("equals PyTorch over two dimensions", () => {
    const recorded = pytorch.layerNorm;
    const { out, cache } = layerNormForward(pattern([3, 2, 3], 1), pattern([2, 3], 2), pattern([2, 3], 3));
    const { dX, dGamma, dBeta } = layerNormBackward(pattern(out.shape, 9), cache);
    assertClose(out, ndarray(recorded.out.data, recorded.out.shape));
    assertClose(dX, ndarray(recorded.dX.data, recorded.dX.shape));
    assertClose(dGamma, ndarray(recorded.dGamma.data, recorded.dGamma.shape));
    assertClose(dBeta, ndarray(recorded.dBeta.data, recorded.dBeta.shape));
  });

  it("has the gradient of the numeric stencil", () => {
    const arrays = arraysOf(
      fc.tuple(length, length, length).map(([n, p, q]) => ({ x: [n, p, q], gamma: [p, q], beta: [p, q], dOut: [n, p, q] })),
    );
    fc.assert(
      fc.property(arrays, ({ dOut, ...inputs }) => {
        const forward = (v: typeof inputs): ReturnType<typeof layerNormForward> => layerNormForward(v.x, v.gamma, v.beta, 0.5);
        const { dX, dGamma, dBeta } = layerNormBackward(dOut, forward(inputs).cache);
        assertGradients((v) => forward(v).out, inputs, dOut, { x: dX, gamma: dGamma, beta: dBeta });
      }),
      { numRuns: 15 },
    );
  });

  it("names shapes that do not fit", () => {
    const [x, d] = [zeros([2, 3]), zeros([3])];
    expect(() => layerNormForward(x, zeros([2]), d)).toThrow(new RangeError("layerNorm: x.shape = [2, 3] must be [2, 2]"));
    expect(() => layerNormForward(x, d, zeros([2]))).toThrow(new RangeError("layerNorm: beta.shape = [2] must be [3]"));
    expect(() => layerNormBackward(d, layerNormForward(x, d, d).cache)).toThrow(
      new RangeError("layerNormBackward: dOut.shape = [3] must be [2, 3]"),
    );
  });
});
