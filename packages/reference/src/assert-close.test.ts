import { describe, expect, it } from "vitest";
import { assertClose, assertGradients, relativeError } from "./assert-close.ts";
import { map } from "./broadcast.ts";
import { ndarray, zeros } from "./nd-array.ts";

describe("comparisons", () => {
  const x = ndarray([1, 3], [2]);

  it("measure the largest relative error", () => {
    expect(relativeError(x, ndarray([1, 1], [2]))).toBe(0.5);
    expect(relativeError(zeros([0]), zeros([0]))).toBe(0);
    expect(relativeError(x, ndarray([1, NaN], [2]))).toBeNaN();
    expect(() => relativeError(x, zeros([1]))).toThrow(new RangeError("relativeError: y.shape = [1] must be [2]"));
  });

  it("fail on the first element that is off", () => {
    assertClose(x, ndarray([1.05, 3], [2]), { rtol: 0, atol: 0.1 });
    assertClose(ndarray([NaN, Infinity], [2]), ndarray([NaN, Infinity], [2]));
    expect(() => assertClose(x, ndarray([1, 3.1], [2]), { rtol: 0.01, atol: 0 }, "out")).toThrow(
      new Error("assertClose: out[1] = 3 must be 3.1 (rtol 0.01, atol 0)"),
    );
    expect(() => assertClose(ndarray([NaN], [1]), ndarray([Infinity], [1]))).toThrow("actual[0] = NaN must be Infinity");
    expect(() => assertClose(ndarray([NaN], [1]), ndarray([0], [1]))).toThrow("actual[0] = NaN must be 0");
    expect(() => assertClose(x, zeros([1]))).toThrow(new RangeError("assertClose: actual.shape = [2] must be [1]"));
  });

  it("fail on a wrong gradient, and name it", () => {
    const check = (dX: number[]): void =>
      assertGradients((inputs) => map((v) => v * v, inputs.x), { x }, ndarray([1, 1], [2]), { x: ndarray(dX, [2]) });
    check([2, 6]);
    expect(() => check([2, 5])).toThrow(/gradient of x\[1\] = 5 must be (6\.0|5\.9)/);
  });
});
