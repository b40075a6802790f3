import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assertGradients } from "./assert-close.ts";
import { matmulBackward, matmulForward } from "./matmul.ts";
import { linspace, ndarray, zeros } from "./nd-array.ts";
import { arraysOf, length } from "./test-inputs.ts";

const shapes = fc.tuple(length, length, length, length, length).chain(([p, q, m, k, n]) =>
  fc.constantFrom(
    { a: [m, k], b: [k, n], dOut: [m, n] },
    { a: [p, m, k], b: [k, n], dOut: [p, m, n] },
    { a: [p, 1, m, k], b: [q, k, n], dOut: [p, q, m, n] },
    { a: [k], b: [p, k, n], dOut: [p, n] },
    { a: [p, m, k], b: [k], dOut: [p, m] },
    { a: [k], b: [k], dOut: [] },
  ),
);

describe("matmul", () => {
  it("multiplies matrices, vectors and nothing", () => {
    const out = matmulForward(linspace(1, 4, [2, 2]), linspace(5, 8, [2, 2])).out;
    expect(out).toEqual(ndarray([19, 22, 43, 50], [2, 2]));
    expect(matmulForward(zeros([2, 0]), zeros([0, 3])).out).toEqual(zeros([2, 3]));
  });

  it("has the gradient of the numeric stencil", () => {
    fc.assert(
      fc.property(arraysOf(shapes), ({ a, b, dOut }) => {
        const { dA, dB } = matmulBackward(dOut, matmulForward(a, b).cache);
        assertGradients((inputs) => matmulForward(inputs.a, inputs.b).out, { a, b }, dOut, { a: dA, b: dB });
      }),
      { numRuns: 40 },
    );
  });

  it("names shapes that do not fit", () => {
    expect(() => matmulForward(zeros([2, 3]), zeros([4, 5]))).toThrow(
      new RangeError("matmul: a.shape = [2, 3] and b.shape = [4, 5] do not fit"),
    );
    expect(() => matmulForward(zeros([]), zeros([1]))).toThrow(new RangeError("matmul: a.shape = [] and b.shape = [1] do not fit"));
    expect(() => matmulForward(zeros([2, 1, 1]), zeros([3, 1, 1]))).toThrow("matmul: shapes [2] and [3] do not broadcast");
    const { cache } = matmulForward(zeros([2, 3]), zeros([3]));
    expect(() => matmulBackward(zeros([3]), cache)).toThrow(new RangeError("matmulBackward: dOut.shape = [3] must be [2]"));
  });
});
