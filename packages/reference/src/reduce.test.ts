import { describe, expect, it } from "vitest";
import { assertClose } from "./assert-close.ts";
import { linspace, ndarray, zeros } from "./nd-array.ts";
import { reduce } from "./reduce.ts";

const x = ndarray([3, 1, 4, 1, 5, 9], [2, 3]);

describe("reduce", () => {
  it("reduces one dimension, several, or all", () => {
    expect(reduce("sum", x)).toEqual(ndarray([23], []));
    expect(reduce("sum", x, { dims: 0 })).toEqual(ndarray([4, 6, 13], [3]));
    expect(reduce("prod", x, { dims: [-1], keepdim: true })).toEqual(ndarray([12, 45], [2, 1]));
    expect(reduce("mean", linspace(0, 23, [2, 3, 4]), { dims: [0, 2] })).toEqual(ndarray([7.5, 11.5, 15.5], [3]));
    expect(reduce("sum", x, { dims: [], keepdim: true })).toEqual(ndarray([23], [1, 1]));
    expect(reduce("sum", ndarray([2], []), { dims: -1 })).toEqual(ndarray([2], []));
  });

  it("takes the first of equal extremes, and NaN before all", () => {
    expect(reduce("argmin", x)).toEqual(ndarray([1], []));
    expect(reduce("argmax", x, { dims: 1 })).toEqual(ndarray([2, 2], [2]));
    expect(reduce("max", x, { dims: 1 })).toEqual(reduce("amax", x, { dims: 1 }));
    expect(reduce("min", x, { dims: 0 })).toEqual(ndarray([1, 1, 4], [3]));
    expect(reduce("amin", x)).toEqual(ndarray([1], []));
    expect(reduce("argmax", ndarray([1, 7, 7], [3]))).toEqual(ndarray([1], []));
    expect(reduce("argmax", ndarray([1, NaN, 9, NaN], [4]))).toEqual(ndarray([1], []));
    expect(reduce("amin", ndarray([1, NaN], [2])).data[0]).toBeNaN();
  });

  it("computes the variance in two passes, with a correction", () => {
    assertClose(reduce("var", x, { dims: 1 }), ndarray([7 / 3, 16], [2]), { rtol: 1e-15 });
    expect(reduce("std", x, { dims: 1, correction: 0 }).data[1]).toBe(Math.sqrt(32 / 3));
    expect(reduce("var", ndarray([5], [1])).data[0]).toBeNaN();
    assertClose(reduce("var", ndarray([1e9, 1e9 + 1, 1e9 + 2], [3])), ndarray([1], []));
  });

  it("knows the values of nothing", () => {
    expect(reduce("sum", zeros([2, 0]), { dims: 1 })).toEqual(zeros([2]));
    expect(reduce("prod", zeros([0])).data[0]).toBe(1);
    expect(reduce("mean", zeros([0])).data[0]).toBeNaN();
    expect(reduce("max", zeros([0, 3]), { dims: 1 }).shape).toEqual([0]);
    expect(() => reduce("max", zeros([0, 3]), { dims: 0 })).toThrow(
      new RangeError("reduce max: no value over the 0 elements of dims [0] in [0, 3]"),
    );
  });

  it("refuses dimensions that do not exist or come twice", () => {
    expect(() => reduce("sum", x, { dims: 2 })).toThrow(new RangeError("reduce sum: dim = 2 must be an integer from -2 to 1"));
    expect(() => reduce("sum", x, { dims: [0, -2] })).toThrow(new RangeError("reduce sum: dims = [0, -2] names a dimension twice"));
  });
});
