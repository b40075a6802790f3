import { describe, expect, it } from "vitest";
import { fromNested, full, linspace, ndarray, requireRank4, requireShape, reshape, resolveDim, stridesOf, zeros } from "./nd-array.ts";

describe("NdArray", () => {
  it("shares a Float64Array and copies other lists", () => {
    const data = Float64Array.of(1, 2);
    expect(ndarray(data, [2]).data).toBe(data);
    expect(reshape(ndarray(data, [2]), [1, 2])).toEqual({ data, shape: [1, 2] });
    expect(ndarray([1, 2], [1, 2]).data).toEqual(data);
  });

  it("makes constants, 0-d arrays and empty arrays", () => {
    expect(full(3, []).data).toEqual(Float64Array.of(3));
    expect(zeros([2, 0]).data).toHaveLength(0);
    expect(stridesOf([2, 3, 4])).toEqual([12, 4, 1]);
  });

  it("spaces numbers evenly and hits both ends", () => {
    expect(linspace(0, 5, [2, 3]).data).toEqual(Float64Array.of(0, 1, 2, 3, 4, 5));
    expect(linspace(-0.1, 0.5, [240]).data[239]).toBe(0.5);
    expect(linspace(7, 9, [1]).data).toEqual(Float64Array.of(7));
  });

  it("reads nested lists", () => {
    expect(fromNested([[1, 2, 3], [4, 5, 6]])).toEqual(ndarray([1, 2, 3, 4, 5, 6], [2, 3]));
    expect(fromNested(5)).toEqual(ndarray([5], []));
    expect(fromNested([[], []]).shape).toEqual([2, 0]);
  });

  it("says in numbers what does not fit", () => {
    expect(() => ndarray([1, 2, 3], [2, 2])).toThrow(new RangeError("ndarray: 3 elements cannot have shape [2, 2]"));
    expect(() => fromNested([[1, 2], [3]])).toThrow(new RangeError("fromNested: a list at depth 1 has length 1, the first one has 2"));
    expect(() => fromNested([[1], 2])).toThrow(new RangeError("fromNested: a list at depth 1 has length undefined, the first one has 1"));
    expect(() => requireShape("op", "w", zeros([2]), [2, 1])).toThrow(new RangeError("op: w.shape = [2] must be [2, 1]"));
    expect(() => requireRank4("op", "x", zeros([2]))).toThrow(new RangeError("op: x.shape = [2] must have 4 dimensions"));
    expect(() => resolveDim("op", 2, 2)).toThrow(new RangeError("op: dim = 2 must be an integer from -2 to 1"));
    expect(resolveDim("op", -1, 2)).toBe(1);
  });
});
