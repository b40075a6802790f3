import fc from "fast-check";
import { describe, expect, it } from "vitest";
import figures from "../fixtures/cs231n.json" with { type: "json" };
import pytorch from "../fixtures/pytorch.json" with { type: "json" };
import { assertClose, assertGradients } from "./assert-close.ts";
import { map } from "./broadcast.ts";
import { crossEntropyBackward, crossEntropyForward } from "./cross-entropy.ts";
import { full, linspace, ndarray, zeros } from "./nd-array.ts";
import { arrayOf, length, pattern } from "./test-inputs.ts";

const reductions = ["mean", "sum", "none"] as const;

describe("crossEntropy", () => {
  it.each(reductions)("equals PyTorch with weights, ignored targets and smoothing: %s", (reduction) => {
    const cases = pytorch.crossEntropy.filter((recorded) => recorded.reduction === reduction);
    expect(cases).toHaveLength(8);
    for (const { xShape, targets, weight, labelSmoothing, ignoreIndex, out: expected, dX: expectedDX } of cases) {
      const options = { reduction, labelSmoothing, ignoreIndex, ...(weight === null ? {} : { weight }) };
      const { out, cache } = crossEntropyForward(map((value) => 4 * value, pattern(xShape, 6)), targets, options);
      assertClose(out, ndarray(expected.data, expected.shape));
      const { dX } = crossEntropyBackward(pattern(out.shape, 9), cache);
      assertClose(map((slope) => 4 * slope, dX), ndarray(expectedDX.data, expectedDX.shape));
    }
  });

  it("has the gradient of the numeric stencil", () => {
    const cases = fc.tuple(length, length, length).chain(([n, c, d]) =>
      fc.record({
        x: arrayOf([n, c, d]),
        labels: fc.array(fc.integer({ min: -1, max: c - 1 }), { minLength: n * d, maxLength: n * d }),
        weight: fc.array(fc.constantFrom(0.5, 1, 2), { minLength: c, maxLength: c }),
        labelSmoothing: fc.constantFrom(0, 0.1, 1),
        reduction: fc.constantFrom(...reductions),
      }),
    );
    fc.assert(
      fc.property(cases, ({ x, labels, ...rest }) => {
        const options = { ...rest, ignoreIndex: -1 };
        fc.pre(labels.some((label) => label !== -1));
        const { out, cache } = crossEntropyForward(x, labels, options);
        const dOut = linspace(1, 2, out.shape);
        assertGradients((v) => crossEntropyForward(v.x, labels, options).out, { x }, dOut, { x: crossEntropyBackward(dOut, cache).dX });
      }),
      { numRuns: 40 },
    );
  });

  it("is about log C for scores near zero", () => {
    const { classes, softmaxLoss, tolerance } = figures.svmAndSoftmaxSanity;
    const x = map((value) => value * 1e-3, pattern([50, classes], 1));
    const labels = Array.from({ length: 50 }, (_, n) => n % classes);
    assertClose(crossEntropyForward(x, labels).out, full(softmaxLoss, []), { atol: tolerance });
  });

  it("is NaN with gradient 0 when every target is ignored", () => {
    const { out, cache } = crossEntropyForward(zeros([2, 3]), [-100, -100], { labelSmoothing: 0.1 });
    expect(out.data[0]).toBeNaN();
    expect(crossEntropyBackward(full(1, []), cache).dX).toEqual(zeros([2, 3]));
  });

  it("stays finite for large logits, and takes a class that is ruled out", () => {
    expect(crossEntropyForward(ndarray([1e4, -1e4], [1, 2]), [1]).out.data[0]).toBe(2e4);
    expect(crossEntropyForward(ndarray([0, -Infinity], [1, 2]), [0]).out.data[0]).toBe(0);
  });

  it("names what is wrong", () => {
    const x = zeros([2, 3]);
    const message = (text: string): RangeError => new RangeError(`crossEntropy: ${text}`);
    expect(() => crossEntropyForward(zeros([3]), [0])).toThrow(message("x.shape = [3] must be [N, C, ...]"));
    expect(() => crossEntropyForward(x, [0])).toThrow(message("1 targets given, x.shape = [2, 3] needs 2"));
    expect(() => crossEntropyForward(x, [0, 3])).toThrow(message("targets[1] = 3 must be an integer from 0 to 2"));
    expect(() => crossEntropyForward(x, [0.5, 0])).toThrow(message("targets[0] = 0.5 must be an integer from 0 to 2"));
    expect(() => crossEntropyForward(x, [0, 1], { weight: [1] })).toThrow(message("1 class weights given for 3 classes"));
    expect(() => crossEntropyForward(x, [0, 1], { labelSmoothing: 2 })).toThrow(message("labelSmoothing = 2 must lie from 0 to 1"));
    const { cache } = crossEntropyForward(x, [0, 1]);
    expect(() => crossEntropyBackward(zeros([2]), cache)).toThrow(new RangeError("crossEntropyBackward: dOut.shape = [2] must be []"));
  });
});
