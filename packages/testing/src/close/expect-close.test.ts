import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tensor, zeros, type DType, type Tensor } from "@tapegrad/tensor";
import { indexOf } from "../index-of.ts";
import { tensors } from "../arbitraries/tensors.ts";
import { ClosenessError } from "./closeness-error.ts";
import { expectClose, type ExpectCloseOptions } from "./expect-close.ts";
import type { Comparable } from "./values.ts";

/** The error of a comparison that fails. */
function failure(actual: Comparable, expected: Comparable, options?: ExpectCloseOptions): ClosenessError {
  try {
    expectClose(actual, expected, options);
  } catch (error) {
    if (error instanceof ClosenessError) return error;
    throw error;
  }
  throw new Error("they are close");
}

const one = (value: number, dtype: DType): Tensor => tensor(Float64Array.of(value), { dtype });

describe("tolerances are those of torch.testing.assert_close", () => {
  // As torch 2 has them for tensors of one element that is 1: what passes and what fails.
  test.each<[dtype: DType, near: number, far: number]>([
    ["float64", 1 + 1.9e-7, 1 + 2.1e-7],
    ["float32", 1 + 1.12e-5, 1 + 1.15e-5],
    ["float16", 1 + 2 ** -10, 1 + 2 * 2 ** -10],
    ["bfloat16", 1 + 2 * 2 ** -7, 1 + 3 * 2 ** -7],
  ])("%s", (dtype, near, far) => {
    expectClose(one(near, dtype), one(1, dtype));
    failure(one(far, dtype), one(1, dtype));
  });

  test.each<DType>(["int64", "int32", "uint8", "bool"])("%s must be equal", (dtype) => {
    expectClose(one(1, dtype), one(1, dtype));
    failure(one(1, dtype), one(0, dtype));
  });

  test("what is no tensor has those of what it is compared with; numbers in arrays alone those of float64", () => {
    expectClose(tensor([0.1, 0.7]), [0.1, 0.7]);
    expectClose(Float32Array.of(0.1), [0.1]);
    failure([1 + 3e-7], [1]);
    expectClose([1 + 1.5e-7], [1]);
    expectClose(Float32Array.of(1.00001), Float64Array.of(1));
  });
});

describe("equality", () => {
  test("of NaN must be asked for, infinities are equal to themselves alone", () => {
    failure([NaN], [NaN]);
    expectClose([NaN], [NaN], { equalNan: true });
    failure([NaN], [1], { equalNan: true });
    failure([Infinity], [NaN], { equalNan: true });
    expectClose([Infinity, -Infinity], [Infinity, -Infinity]);
    failure([Infinity], [-Infinity], { atol: 1e300, rtol: 1e300 });
    failure([1], [Infinity], { rtol: 1 });
  });

  test("that is exact tells zeros apart, and not NaN", () => {
    expectClose([0], [-0]);
    failure([0], [-0], { exact: true });
    expectClose([NaN, -0], [NaN, -0], { exact: true });
    failure([1 + 2 ** -52], [1], { exact: true, rtol: 1, atol: 1 });
  });

  test("of int64 is exact beyond 2^53", () => {
    const large = 2n ** 60n;
    expectClose(tensor(BigInt64Array.of(large)), BigInt64Array.of(large));
    expect(failure(BigInt64Array.of(large), BigInt64Array.of(large + 1n)).data["absolute"]).toMatchObject({ difference: 1 });
    expectClose(tensor([1, 2], "int64"), [1, 2]);
    expectClose([1n, 2], tensor([1, 2], "int64"));
    expectClose([1, 2], tensor([1, 2], "int64"), { exact: true });
    failure([1.5], [1n]);
  });

  test("of shapes: numbers in arrays have one, typed arrays as many elements", () => {
    expectClose(tensor([[1, 2], [3, 4]]), Float32Array.of(1, 2, 3, 4));
    expectClose(Int32Array.of(1, 2), [1, 2]);
    expectClose(tensor(3), 3);
    expectClose([true, false], tensor([true, false]));
    expectClose(zeros([0, 3]), zeros([0, 3]));
    expect(failure(zeros([0, 3]), zeros([3, 0])).code).toBe("expectClose/shape");
    expect(failure(tensor([[1, 2]]), [1, 2]).code).toBe("expectClose/shape");
  });
});

describe("the message", () => {
  const actual = tensor([[1, 2, 3], [4, 50, 6]]);
  const expected = tensor([[1, 2.5, 3], [4, 49, 6]]);

  test("says how many differ, how far, and where", () => {
    expect(failure(actual, expected).message).toBe(
      "expectClose: 2 of 6 elements differ\n  actual    [2, 3]  float32\n  expected  [2, 3]  float32\n" +
        "  greatest absolute difference: 1 at [1, 1], 50 where 49 is expected (atol 0.00001)\n" +
        "  greatest relative difference: 0.2 at [0, 1], 2 where 2.5 is expected (rtol 0.0000013)\n  code: expectClose/values",
    );
  });

  test("says what differs, in one of one, and of what is exact no tolerances", () => {
    expect(failure([-0], [0], { exact: true, name: "weight" }).message).toBe(
      "expectClose: 1 of 1 element of weight differs\n  actual    [1]\n  expected  [1]\n" +
        "  greatest absolute difference: 0 at [0], -0 where 0 is expected\n  greatest relative difference: NaN at [0], -0 where 0 is expected\n  code: expectClose/values",
    );
  });

  test("says which shape or dtype there is, and which is expected", () => {
    expect(failure(actual, Float64Array.of(1, 2), { name: "the gradient" }).message).toBe(
      "expectClose: the shape of the gradient is [2, 3], 2 elements is expected\n  actual    [2, 3]  float32\n  expected  2 elements  float64\n  code: expectClose/shape",
    );
    expect(failure(actual, expected.to("float64")).message).toBe(
      "expectClose: the dtype is float32, float64 is expected\n  actual    [2, 3]  float32\n  expected  [2, 3]  float64\n  code: expectClose/dtype",
    );
  });

  test("comes with both values, where they are few, for the test runner", () => {
    expect(failure(actual, expected)).toMatchObject({ name: "ClosenessError", actual: [[1, 2, 3], [4, 50, 6]], expected: [[1, 2.5, 3], [4, 49, 6]] });
    expect(failure(zeros([101]), new Float32Array(101).fill(1))).not.toHaveProperty("actual");
    expect(failure(actual, expected.to("float64"))).toMatchObject({ actual: "float32", expected: "float64" });
  });
});

/** Differs from a number, finite or not. */
const other = (value: number): number => (Number.isFinite(value) ? value + 2 * (1 + Math.abs(value)) : 5);

test("whatever is compared with itself is close, and one element that differs is found where it is", () => {
  const cases = tensors({ dtype: ["float64", "float32", "int32"], shape: { minLength: 1 } }).chain((x) => fc.tuple(fc.constant(x), fc.nat(Math.max(0, x.numel() - 1))));
  fc.assert(fc.property(cases, ([x, at]) => {
    const elements = x.toTypedArray();
    expectClose(x, x, { equalNan: true });
    expectClose(x, elements, { exact: true });
    const changed = Float64Array.from(elements);
    changed[at] = other(elements[at] as number);
    if (changed[at] === elements[at]) return;
    const { data } = failure(x, changed, { equalNan: true });
    expect(data).toMatchObject({ count: 1, size: x.numel(), absolute: { at, index: indexOf(at, x.shape) }, relative: { at } });
    // The index leads to the element.
    expect(indexOf(at, x.shape).reduce<Tensor>((part, index) => part.select(0, index), x).item()).toEqual(elements[at]);
  }), { seed: 1, numRuns: 500 });
});
