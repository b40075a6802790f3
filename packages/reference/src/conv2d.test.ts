import fc from "fast-check";
import { describe, expect, it } from "vitest";
import figures from "../fixtures/cs231n.json" with { type: "json" };
import pytorch from "../fixtures/pytorch.json" with { type: "json" };
import { assertClose, assertGradients } from "./assert-close.ts";
import { conv2dBackward, conv2dForward } from "./conv2d.ts";
import { fromNested, linspace, ndarray, zeros } from "./nd-array.ts";
import { arraysOf, pairOf, pattern } from "./test-inputs.ts";

const small = fc.integer({ min: 1, max: 2 });
const pair = (max: number, min = 1): fc.Arbitrary<[number, number]> =>
  fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));

describe("conv2d", () => {
  it("reproduces CS231n's figures", () => {
    const { x, w, b, stride, pad, out } = figures.convForward;
    const actual = conv2dForward(
      linspace(x.from, x.to, x.shape),
      linspace(w.from, w.to, w.shape),
      linspace(b.from, b.to, b.shape),
      { stride, padding: pad },
    ).out;
    assertClose(actual, fromNested(out), { rtol: 1e-12, atol: 1e-14 });
  });

  it.each(pytorch.conv2d)("equals PyTorch: $xShape by $wShape, groups $groups, dilation $dilation", (recorded) => {
    const { xShape, wShape, groups } = recorded;
    const padding = typeof recorded.padding === "string" ? "same" : pairOf(recorded.padding);
    const options = { stride: pairOf(recorded.stride), dilation: pairOf(recorded.dilation), padding, groups } as const;
    const { out, cache } = conv2dForward(pattern(xShape, 1), pattern(wShape, 2), pattern(wShape.slice(0, 1), 3), options);
    const { dX, dW, dB } = conv2dBackward(pattern(out.shape, 9), cache);
    assertClose(out, ndarray(recorded.out.data, recorded.out.shape));
    assertClose(dX, ndarray(recorded.dX.data, recorded.dX.shape));
    assertClose(dW, ndarray(recorded.dW.data, recorded.dW.shape));
    assertClose(dB, ndarray(recorded.dB.data, recorded.dB.shape));
  });

  it("has the gradient of the numeric stencil", () => {
    const cases = fc
      .record({ n: small, perGroup: small, filters: small, groups: small, size: pair(4, 3), kernel: pair(2) })
      .chain(({ n, perGroup, filters, groups, size, kernel }) =>
        fc.record({
          arrays: arraysOf(
            fc.constant({ x: [n, perGroup * groups, ...size], w: [filters * groups, perGroup, ...kernel], b: [filters * groups] }),
          ),
          options: fc.record({ stride: pair(3), padding: pair(2, 0), dilation: pair(2), groups: fc.constant(groups) }),
        }),
      );
    fc.assert(
      fc.property(cases, ({ arrays: inputs, options }) => {
        const { out, cache } = conv2dForward(inputs.x, inputs.w, inputs.b, options);
        const dOut = linspace(-1, 1.5, out.shape);
        const { dX, dW, dB } = conv2dBackward(dOut, cache);
        assertGradients((v) => conv2dForward(v.x, v.w, v.b, options).out, inputs, dOut, { x: dX, w: dW, b: dB });
      }),
      { numRuns: 25 },
    );
  });

  it("names what is wrong", () => {
    const [x, w] = [zeros([1, 4, 3, 3]), zeros([2, 4, 2, 2])];
    const message = (text: string): RangeError => new RangeError(`conv2d: ${text}`);
    expect(() => conv2dForward(zeros([4]), w, null)).toThrow(message("x.shape = [4] must have 4 dimensions"));
    expect(() => conv2dForward(x, zeros([4]), null)).toThrow(message("w.shape = [4] must have 4 dimensions"));
    expect(() => conv2dForward(x, zeros([2, 3, 2, 2]), null)).toThrow(message("w.shape = [2, 3, 2, 2] must be [2, 4, 2, 2]"));
    expect(() => conv2dForward(x, w, zeros([3]))).toThrow(message("b.shape = [3] must be [2]"));
    expect(() => conv2dForward(x, w, null, { groups: 4 })).toThrow(message("groups = 4 must divide the 4 channels and the 2 filters"));
    expect(() => conv2dForward(x, w, null, { stride: 0 })).toThrow(message("stride = [0, 0] must be integers of at least 1"));
    expect(() => conv2dForward(x, w, null, { padding: [0, -1] })).toThrow(message("padding = [0, -1] must be integers of at least 0"));
    expect(() => conv2dForward(x, w, null, { dilation: 0.5 })).toThrow(message("dilation = [0.5, 0.5] must be integers of at least 1"));
    expect(() => conv2dForward(x, w, null, { stride: 2, padding: "same" })).toThrow(message('padding "same" needs stride 1, not [2, 2]'));
    expect(() => conv2dForward(x, w, null, { dilation: 3 })).toThrow(message("a window of 4 is larger than the padded input of 3"));
    const { cache } = conv2dForward(x, w, null);
    expect(() => conv2dBackward(zeros([1]), cache)).toThrow(new RangeError("conv2dBackward: dOut.shape = [1] must be [1, 2, 2, 2]"));
  });
});
