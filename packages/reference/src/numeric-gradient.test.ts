import { describe, expect, it } from "vitest";
import { assertClose } from "./assert-close.ts";
import { map } from "./broadcast.ts";
import { ndarray, zeros } from "./nd-array.ts";
import { numericGradient, numericJacobian } from "./numeric-gradient.ts";
import { reduce } from "./reduce.ts";

describe("numeric derivatives", () => {
  const x = ndarray([0.5, -1.2, 2], [3]);

  it("are exact to ten digits on smooth functions", () => {
    const dOut = ndarray([1, -2, 3], [3]);
    const expected = ndarray(x.data.map((value, i) => Math.cos(value) * dOut.data[i]!), [3]);
    assertClose(numericGradient((v) => map(Math.sin, v), x, dOut), expected, { rtol: 1e-10, atol: 1e-11 });
  });

  it("lay the Jacobian out as [outputs, inputs], and leave x as it was", () => {
    const jacobian = numericJacobian((v) => reduce("sum", map((e) => e * e, v), { keepdim: true }), x);
    assertClose(jacobian, ndarray([1, -2.4, 4], [1, 3]));
    expect(x.data).toEqual(Float64Array.of(0.5, -1.2, 2));
    expect(numericJacobian((v) => v, zeros([0])).shape).toEqual([0, 0]);
  });

  it("want an upstream gradient in the shape of the output", () => {
    expect(() => numericGradient((v) => v, x, zeros([2]))).toThrow(new RangeError("numericGradient: dOut.shape = [2] must be [3]"));
  });
});
