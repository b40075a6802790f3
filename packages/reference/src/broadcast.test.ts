import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assertGradients } from "./assert-close.ts";
import { broadcastMap, broadcastShapes, broadcastTo, map, sumToShape } from "./broadcast.ts";
import { linspace, ndarray, zeros } from "./nd-array.ts";
import { arraysOf, length } from "./test-inputs.ts";

describe("broadcasting", () => {
  it("stretches 1 to any length, 0 included", () => {
    expect(broadcastShapes("op", [3, 1], [4], [])).toEqual([3, 4]);
    expect(broadcastShapes("op", [1], [0])).toEqual([0]);
    expect(() => broadcastShapes("op", [2, 3], [4])).toThrow(
      new RangeError("op: shapes [2, 3] and [4] do not broadcast: 3 and 4 in dim -1"),
    );
    expect(() => broadcastShapes("op", [0], [2])).toThrow(
      new RangeError("op: shapes [0] and [2] do not broadcast: 0 and 2 in dim -1"),
    );
  });

  it("applies a function to pairs", () => {
    const columns = ndarray([10, 20, 30], [3]);
    expect(broadcastMap((a, b) => a - b, ndarray([1, 2], [2, 1]), columns)).toEqual(ndarray([-9, -19, -29, -8, -18, -28], [2, 3]));
    expect(map(Math.abs, ndarray([-1, 2], [2]))).toEqual(ndarray([1, 2], [2]));
  });

  it("sums a gradient over what was repeated", () => {
    expect(sumToShape(linspace(0, 5, [2, 3]), [2, 1])).toEqual(ndarray([3, 12], [2, 1]));
    expect(sumToShape(zeros([0, 2]), [1, 2])).toEqual(ndarray([0, 0], [1, 2]));
    const arrays = arraysOf(fc.tuple(length, length, length).map(([p, q, r]) => ({ x: [q, 1], dOut: [p, q, r] })));
    fc.assert(
      fc.property(arrays, ({ x, dOut }) => {
        assertGradients((inputs) => broadcastTo(inputs.x, dOut.shape), { x }, dOut, { x: sumToShape(dOut, x.shape) });
      }),
      { numRuns: 25 },
    );
  });

  it("refuses shapes that do not stretch", () => {
    expect(() => broadcastTo(zeros([2, 1]), [1, 3])).toThrow(new RangeError("broadcastTo: [2, 1] does not stretch to [1, 3]"));
  });
});
