import fc from "fast-check";
import { describe, expect, it } from "vitest";
import pytorch from "../fixtures/pytorch.json" with { type: "json" };
import { assertClose, assertGradients } from "./assert-close.ts";
import { groupNormBackward, groupNormForward } from "./group-norm.ts";
import { ndarray, zeros } from "./nd-array.ts";
import { arraysOf, length, pattern } from "./test-inputs.ts";

describe("groupNorm", () => {
  it("equals PyTorch", () => {
    const recorded = pytorch.groupNorm;
    const { out, cache } = groupNormForward(pattern([2, 4, 2, 1], 1), pattern([4], 2), pattern([4], 3), 2);
    const { dX, dGamma, dBeta } = groupNormBackward(pattern(out.shape, 9), cache);
    assertClose(out, ndarray(recorded.out.data, recorded.out.shape));
    assertClose(dX, ndarray(recorded.dX.data, recorded.dX.shape));
    assertClose(dGamma, ndarray(recorded.dGamma.data, recorded.dGamma.shape));
    assertClose(dBeta, ndarray(recorded.dBeta.data, recorded.dBeta.shape));
  });

  it("has the gradient of the numeric stencil", () => {
    const cases = fc.tuple(length, fc.constantFrom(1, 2), fc.constantFrom(1, 2, 3)).chain(([n, perGroup, groups]) => {
      const c = perGroup * groups;
      return fc.tuple(arraysOf(fc.constant({ x: [n, c, 2, 2], gamma: [c], beta: [c], dOut: [n, c, 2, 2] })), fc.constant(groups));
    });
    fc.assert(
      fc.property(cases, ([{ dOut, ...inputs }, groups]) => {
        const forward = (v: typeof inputs): ReturnType<typeof groupNormForward> => groupNormForward(v.x, v.gamma, v.beta, groups, 0.5);
        const { dX, dGamma, dBeta } = groupNormBackward(dOut, forward(inputs).cache);
        assertGradients((v) => forward(v).out, inputs, dOut, { x: dX, gamma: dGamma, beta: dBeta });
      }),
      { numRuns: 15 },
    );
  });

  it("names what is wrong", () => {
    const [x, d] = [zeros([2, 4, 1, 1]), zeros([4])];
    expect(() => groupNormForward(d, d, d, 2)).toThrow(new RangeError("groupNorm: x.shape = [4] must have 4 dimensions"));
    expect(() => groupNormForward(x, zeros([3]), d, 2)).toThrow(new RangeError("groupNorm: gamma.shape = [3] must be [4]"));
    expect(() => groupNormForward(x, d, zeros([3]), 2)).toThrow(new RangeError("groupNorm: beta.shape = [3] must be [4]"));
    expect(() => groupNormForward(x, d, d, 3)).toThrow(new RangeError("groupNorm: groups = 3 must divide the 4 channels of x"));
    expect(() => groupNormBackward(d, groupNormForward(x, d, d, 2).cache)).toThrow(
      new RangeError("groupNormBackward: dOut.shape = [4] must be [2, 4, 1, 1]"),
    );
  });
});
