import fc from "fast-check";
import { describe, expect, it } from "vitest";
import pytorch from "../fixtures/pytorch.json" with { type: "json" };
import { assertClose, assertGradients } from "./assert-close.ts";
import { avgPool2dBackward, avgPool2dForward } from "./avg-pool2d.ts";
import { full, linspace, ndarray, zeros } from "./nd-array.ts";
import { arrayOf, pairOf, pattern } from "./test-inputs.ts";

describe("avgPool2d", () => {
  it.each(pytorch.avgPool2d)(
    "equals PyTorch: ceilMode $ceilMode, countIncludePad $countIncludePad, divisorOverride $divisorOverride",
    (recorded) => {
      const { ceilMode, countIncludePad, divisorOverride } = recorded;
      const options = {
        stride: pairOf(recorded.stride),
        padding: pairOf(recorded.padding),
        ceilMode,
        countIncludePad,
        ...(divisorOverride === null ? {} : { divisorOverride }),
      };
      const { out, cache } = avgPool2dForward(pattern([1, 2, 6, 5], 5), [3, 2], options);
      const { dX } = avgPool2dBackward(pattern(out.shape, 9), cache);
      assertClose(out, ndarray(recorded.out.data, recorded.out.shape));
      assertClose(dX, ndarray(recorded.dX.data, recorded.dX.shape));
    },
  );

  it("counts the padding, but not the overhang of ceilMode", () => {
    const x = full(1, [1, 1, 3, 3]);
    expect(Array.from(avgPool2dForward(x, 2, { padding: 1 }).out.data)).toEqual([0.25, 0.5, 0.5, 1]);
    expect(Array.from(avgPool2dForward(x, 2, { ceilMode: true }).out.data)).toEqual([1, 1, 1, 1]);
  });

  it("has the gradient of the numeric stencil", () => {
    const options = fc.record(
      {
        stride: fc.integer({ min: 1, max: 3 }),
        padding: fc.integer({ min: 0, max: 1 }),
        ceilMode: fc.boolean(),
        countIncludePad: fc.boolean(),
        divisorOverride: fc.constantFrom(3, -2),
      },
      { requiredKeys: [] },
    );
    const inputs = fc.tuple(fc.integer({ min: 1, max: 2 }), fc.constant(2), fc.integer({ min: 3, max: 5 }), fc.constant(4)).chain(arrayOf);
    fc.assert(
      fc.property(inputs, fc.integer({ min: 2, max: 3 }), options, (x, kernel, chosen) => {
        const { out, cache } = avgPool2dForward(x, kernel, chosen);
        const dOut = linspace(-1, 1.5, out.shape);
        const { dX } = avgPool2dBackward(dOut, cache);
        assertGradients((v) => avgPool2dForward(v.x, kernel, chosen).out, { x }, dOut, { x: dX });
      }),
      { numRuns: 25 },
    );
  });

  it("names what is wrong", () => {
    const x = zeros([1, 1, 3, 3]);
    expect(() => avgPool2dForward(x, 2, { divisorOverride: 0 })).toThrow(new RangeError("avgPool2d: divisorOverride = 0 must not be 0"));
    expect(() => avgPool2dForward(x, 4)).toThrow(new RangeError("avgPool2d: a window of 4 is larger than the padded input of 3"));
    const { cache } = avgPool2dForward(x, 2);
    expect(() => avgPool2dBackward(x, cache)).toThrow(new RangeError("avgPool2dBackward: dOut.shape = [1, 1, 3, 3] must be [1, 1, 1, 1]"));
  });
});
