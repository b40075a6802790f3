import fc from "fast-check";
import { describe, expect, it } from "vitest";
import figures from "../fixtures/cs231n.json" with { type: "json" };
import pytorch from "../fixtures/pytorch.json" with { type: "json" };
import { assertClose, assertGradients } from "./assert-close.ts";
import { maxPool2dBackward, maxPool2dForward } from "./max-pool2d.ts";
import { fromNested, full, linspace, ndarray, zeros } from "./nd-array.ts";
import { arrayOf, pairOf, pattern } from "./test-inputs.ts";

describe("maxPool2d", () => {
  it("reproduces CS231n's figures", () => {
    const { x, size, stride, out } = figures.maxPoolForward;
    assertClose(maxPool2dForward(linspace(x.from, x.to, x.shape), size, { stride }).out, fromNested(out), { rtol: 1e-12 });
  });

  it.each(pytorch.maxPool2d)("equals PyTorch: $xShape, kernel $kernel, stride $stride, dilation $dilation", (recorded) => {
    const { xShape, ceilMode } = recorded;
    const options = {
      stride: pairOf(recorded.stride), padding: pairOf(recorded.padding), dilation: pairOf(recorded.dilation), ceilMode,
    };
    const { out, indices, cache } = maxPool2dForward(pattern(xShape, 4), pairOf(recorded.kernel), options);
    const { dX } = maxPool2dBackward(pattern(out.shape, 9), cache);
    assertClose(out, ndarray(recorded.out.data, recorded.out.shape));
    expect(indices).toEqual(ndarray(recorded.indices.data, recorded.indices.shape));
    assertClose(dX, ndarray(recorded.dX.data, recorded.dX.shape));
  });

  it("has the gradient of the numeric stencil", () => {
    const cases = fc.record({
      x: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.constant(2), fc.integer({ min: 3, max: 5 }), fc.integer({ min: 3, max: 5 })).chain(arrayOf),
      kernel: fc.integer({ min: 2, max: 3 }),
      stride: fc.integer({ min: 1, max: 3 }),
      padding: fc.integer({ min: 0, max: 1 }),
      ceilMode: fc.boolean(),
    });
    fc.assert(
      fc.property(cases, ({ x, kernel, ...options }) => {
        const { out, cache } = maxPool2dForward(x, kernel, options);
        const dOut = linspace(-1, 1.5, out.shape);
        const { dX } = maxPool2dBackward(dOut, cache);
        assertGradients((v) => maxPool2dForward(v.x, kernel, options).out, { x }, dOut, { x: dX });
      }),
      { numRuns: 25 },
    );
  });

  it("gives the gradient to the first of equal elements", () => {
    const { indices, cache } = maxPool2dForward(zeros([1, 1, 2, 2]), 2);
    expect(indices.data[0]).toBe(0);
    expect(maxPool2dBackward(full(1, [1, 1, 1, 1]), cache).dX).toEqual(ndarray([1, 0, 0, 0], [1, 1, 2, 2]));
    const allMinusInfinity = maxPool2dForward(full(-Infinity, [1, 1, 2, 2]), 2);
    expect([allMinusInfinity.out.data[0], allMinusInfinity.indices.data[0]]).toEqual([-Infinity, 0]);
  });

  it("propagates NaN", () => {
    const { out, indices } = maxPool2dForward(ndarray([1, NaN, 5, NaN], [1, 1, 2, 2]), 2);
    expect(out.data[0]).toBeNaN();
    expect(indices.data[0]).toBe(3);
  });

  it("has no winner where dilation carries every tap past the input", () => {
    const { out, indices, cache } = maxPool2dForward(zeros([1, 1, 2, 2]), 2, { padding: 1, dilation: 3 });
    expect([out.data[0], indices.data[0]]).toEqual([-Infinity, -1]);
    expect(maxPool2dBackward(full(1, [1, 1, 1, 1]), cache).dX).toEqual(zeros([1, 1, 2, 2]));
  });

  it("names what is wrong", () => {
    const x = zeros([1, 1, 3, 3]);
    const message = (text: string): RangeError => new RangeError(`maxPool2d: ${text}`);
    expect(() => maxPool2dForward(zeros([3]), 2)).toThrow(message("x.shape = [3] must have 4 dimensions"));
    expect(() => maxPool2dForward(x, [2, 0])).toThrow(message("kernel = [2, 0] must be integers of at least 1"));
    expect(() => maxPool2dForward(x, 2, { padding: [0, 2] })).toThrow(message("padding = 2 must be at most half of the kernel, 2"));
    expect(() => maxPool2dForward(x, 4)).toThrow(message("a window of 4 is larger than the padded input of 3"));
    const { cache } = maxPool2dForward(x, 2);
    expect(() => maxPool2dBackward(x, cache)).toThrow(new RangeError("maxPool2dBackward: dOut.shape = [1, 1, 3, 3] must be [1, 1, 1, 1]"));
  });
});
