import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linspace, ndarray, zeros } from "./nd-array.ts";
import { inversePermutation, permute, transpose } from "./permute.ts";

describe("permute", () => {
  it("reorders dimensions", () => {
    expect(transpose(linspace(0, 5, [2, 3]), 0, -1)).toEqual(ndarray([0, 3, 1, 4, 2, 5], [3, 2]));
    expect(permute(linspace(0, 7, [2, 2, 2]), [2, 0, 1]).data).toEqual(Float64Array.of(0, 2, 4, 6, 1, 3, 5, 7));
    expect(permute(zeros([2, 0]), [1, 0]).shape).toEqual([0, 2]);
  });

  it("is undone by the inverse permutation", () => {
    const orders = fc.shuffledSubarray([0, -3, 2, -1], { minLength: 4 });
    fc.assert(
      fc.property(orders, (dims) => {
        const x = linspace(0, 23, [2, 3, 1, 4]);
        expect(permute(permute(x, dims), inversePermutation(dims))).toEqual(x);
      }),
    );
  });

  it("wants each dimension once", () => {
    const message = (dims: string): RangeError => new RangeError(`permute: dims = [${dims}] must name each of the 2 dimensions once`);
    expect(() => permute(zeros([2, 3]), [0, -2])).toThrow(message("0, -2"));
    expect(() => permute(zeros([2, 3]), [0])).toThrow(message("0"));
  });
});
