import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assertClose, assertGradients } from "./assert-close.ts";
import { crossEntropyBackward, crossEntropyForward } from "./cross-entropy.ts";
import { linspace, zeros } from "./nd-array.ts";
import { nllLossBackward, nllLossForward } from "./nll-loss.ts";
import { logSoftmaxBackward, logSoftmaxForward } from "./softmax.ts";
import { arrayOf, length } from "./test-inputs.ts";

const cases = fc.tuple(length, length, length).chain(([n, c, d]) =>
  fc.record({
    x: arrayOf([n, c, d]),
    labels: fc.array(fc.integer({ min: 0, max: c - 1 }), { minLength: n * d, maxLength: n * d }),
    weight: fc.array(fc.constantFrom(0.5, 1, 2), { minLength: c, maxLength: c }),
    ignoreIndex: fc.constantFrom(-100, 1),
    reduction: fc.constantFrom("mean" as const, "sum" as const, "none" as const),
  }),
);

describe("nllLoss", () => {
  it("has the gradient of the numeric stencil, and of logSoftmax makes cross-entropy", () => {
    fc.assert(
      fc.property(cases, ({ x, labels, ...options }) => {
        fc.pre(labels.some((label) => label !== options.ignoreIndex));
        const { out, cache } = nllLossForward(x, labels, options);
        const dOut = linspace(1, 2, out.shape);
        assertGradients((v) => nllLossForward(v.x, labels, options).out, { x }, dOut, { x: nllLossBackward(dOut, cache).dX });

        const log = logSoftmaxForward(x, 1);
        const loss = nllLossForward(log.out, labels, options);
        const fused = crossEntropyForward(x, labels, options);
        assertClose(fused.out, loss.out);
        const { dX } = logSoftmaxBackward(nllLossBackward(dOut, loss.cache).dX, log.cache);
        assertClose(crossEntropyBackward(dOut, fused.cache).dX, dX);
      }),
      { numRuns: 40 },
    );
  });

  it("names what is wrong", () => {
    expect(() => nllLossForward(zeros([1, 2]), [2])).toThrow(new RangeError("nllLoss: targets[0] = 2 must be an integer from 0 to 1"));
    const { cache } = nllLossForward(zeros([1, 2]), [1], { reduction: "none" });
    expect(() => nllLossBackward(zeros([]), cache)).toThrow(new RangeError("nllLossBackward: dOut.shape = [] must be [1]"));
  });
});
