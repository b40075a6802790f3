import { describe, expect, test } from "vitest";
import { Float16Array } from "@petamoriken/float16";
import { arange, empty, eye, full, fullLike, linspace, ones, onesLike, tensor, zeros, zerosLike } from "./creation.ts";
import { equal } from "./equality.ts";
import { Generator } from "./generator.ts";
import { rand, randLike, randn, randnLike, uniform } from "./random.ts";
import "./methods.ts";

describe("tensor", () => {
  test("takes nested arrays of any depth, and a number", () => {
    expect(tensor(3).shape).toEqual([]);
    expect(tensor([]).shape).toEqual([0]);
    expect(tensor([[], []]).shape).toEqual([2, 0]);
    expect(tensor([[[1], [2]], [[3], [4]]]).toArray()).toEqual([[[1], [2]], [[3], [4]]]);
  });

  test("numbers give float32, booleans bool, typed arrays their own dtype", () => {
    expect(tensor([1, 2.5]).dtype).toBe("float32");
    expect(tensor([true, false]).dtype).toBe("bool");
    const arrays = { float32: new Float32Array(2), float64: new Float64Array(2), int32: new Int32Array(2), uint8: new Uint8Array(2), float16: new Float16Array(2) };
    for (const [dtype, array] of Object.entries(arrays)) expect(tensor(array).dtype).toBe(dtype);
  });

  test("another dtype rounds or truncates; a negative number wraps in uint8, as in PyTorch", () => {
    expect(tensor([1.7, -1.7, 255.9], { dtype: "uint8" }).toArray()).toEqual([1, 255, 255]);
    expect(tensor([2 ** 31 - 0.5, -(2 ** 31) - 0.5], { dtype: "int32" }).toArray()).toEqual([2 ** 31 - 1, -(2 ** 31)]);
    expect(tensor([2 ** 62, -(2 ** 63), 1.5], { dtype: "int64" }).toTypedArray("int64")).toEqual(BigInt64Array.of(2n ** 62n, -(2n ** 63n), 1n));
    expect(tensor(BigInt64Array.of(7n, -1n), { dtype: "float32" }).toArray()).toEqual([7, -1]);
    expect(tensor([0, 0.5, NaN], { dtype: "bool" }).toArray()).toEqual([false, true, true]);
    expect(tensor([0.1], { dtype: "float16" }).item()).toBe(0.0999755859375);
    expect(tensor(new Float64Array([0.1])).item()).toBe(0.1);
  });

  test("is a copy of what it was given", () => {
    const host = Float32Array.of(1, 2);
    const x = tensor(host);
    host[0] = 9;
    expect(x.toArray()).toEqual([1, 2]);
    const out = x.toTypedArray();
    out[1] = 9;
    expect(x.toArray()).toEqual([1, 2]);
  });

  test("flat data may have a shape", () => {
    expect(tensor([1, 2, 3, 4], { shape: [2, 2] }).toArray()).toEqual([[1, 2], [3, 4]]);
    expect(tensor(new Uint8Array(0), { shape: [0, 3] }).shape).toEqual([0, 3]);
  });
});

describe("filled tensors", () => {
  test.each(["float32", "float64", "float16", "bfloat16", "int32", "uint8", "bool"] as const)("%s", (dtype) => {
    expect([...ones([2, 2], { dtype }).toTypedArray()]).toEqual([1, 1, 1, 1]);
    expect([...zeros([3], { dtype }).toTypedArray()]).toEqual([0, 0, 0]);
    expect([...full([1], dtype === "bool" ? 1 : 7, { dtype }).toTypedArray()]).toEqual([dtype === "bool" ? 1 : 7]);
    for (const like of [zerosLike, onesLike]) expect(like(empty([2], { dtype })).dtype).toBe(dtype);
    expect(fullLike(empty([2, 0], { dtype }), 1).shape).toEqual([2, 0]);
  });

  test("eye, also oblong", () => {
    expect(eye(2).toArray()).toEqual([[1, 0], [0, 1]]);
    expect(eye(2, 3, { dtype: "int32" }).toArray()).toEqual([[1, 0, 0], [0, 1, 0]]);
    expect(eye(0).shape).toEqual([0, 0]);
  });
});

describe("ranges", () => {
  test("arange counts up and down, and stops before its end", () => {
    expect(arange(3).dtype).toBe("int32");
    expect(arange(3, 0, -1).toArray()).toEqual([3, 2, 1]);
    expect(arange(0, 1, 0.3).toArray()).toEqual([0, 0.3, 0.6, 0.9].map(Math.fround));
    expect(arange(2, 2).shape).toEqual([0]);
    expect(arange(3, undefined, 1, { dtype: "float64" }).dtype).toBe("float64");
  });

  test("linspace meets both ends exactly", () => {
    expect(linspace(0, 1, 7, { dtype: "float64" }).select(0, 6).item()).toBe(1);
    expect(linspace(-1, 0.1, 1).toArray()).toEqual([-1]);
    expect(linspace(0, 1, 0).shape).toEqual([0]);
  });
});

test("uniform float16 never reaches the upper end, which rounding is near to", () => {
  for (const [low, high] of [[0, 1], [-1, 0], [-2, -1], [0, 6e-8], [-0.25, 0.1], [2040, 2048]] as const) {
    const values = [...uniform([20_000], low, high, { dtype: "float16", generator: new Generator(3) }).toTypedArray()];
    expect(Math.max(...values)).toBeLessThan(high);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(low);
  }
  expect(Math.max(...rand([20_000], { dtype: "float16", generator: new Generator(3) }).toTypedArray())).toBe(1 - 2 ** -11);
});

test("random tensors take shape and dtype from another", () => {
  const x = zeros([2, 3], { dtype: "float16" });
  for (const like of [randLike, randnLike]) {
    const y = like(x, { generator: new Generator(1) });
    expect([y.dtype, ...y.shape]).toEqual(["float16", 2, 3]);
  }
  expect(rand([3], { requiresGrad: true }).requiresGrad).toBe(true);
  expect(equal(randn([4], { dtype: "float64", generator: new Generator(1) }), randn([4], { dtype: "float64", generator: new Generator(1) }))).toBe(true);
});
