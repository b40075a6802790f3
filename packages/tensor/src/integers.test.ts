import { describe, expect, test } from "vitest";
import { arange, full, tensor, zeros } from "./creation.ts";
import { fill_ } from "./in-place.ts";
import type { Tensor } from "./tensor.ts";
import { crossEntropy, nllLoss } from "./ops/cross-entropy.ts";
import { gather, indexSelect } from "./ops/gather.ts";
import "./methods.ts";

const int = (...values: number[]): Tensor => tensor(values, { dtype: "int32" });

/** dtype and elements. */
const seen = (x: Tensor): unknown => [x.dtype, x.toArray()];

describe("sums and products count in int64", () => {
  test("no sum of integers wraps", () => {
    expect(full([50_000, 32, 32], 125, { dtype: "uint8" }).sum().item()).toBe(6_400_000_000);
    expect(seen(int(2 ** 31 - 1, 2 ** 31 - 1).sum())).toEqual(["int64", 4_294_967_294]);
    expect(int(2 ** 31 - 1, 2 ** 31 - 1).prod().toTypedArray("int64")).toEqual(BigInt64Array.of((2n ** 31n - 1n) ** 2n));
  });

  test.each(["int64", "int32", "uint8", "bool"] as const)("of %s, over one, several and no dimensions", (dtype) => {
    const x = tensor([[[1, 0], [1, 1]], [[1, 1], [0, 1]]], { dtype });
    expect(seen(x.sum())).toEqual(["int64", 6]);
    expect(seen(x.sum({ dim: 0 }))).toEqual(["int64", [[2, 1], [1, 2]]]);
    expect(seen(x.sum({ dim: [0, 2] }))).toEqual(["int64", [3, 3]]);
    expect(seen(x.sum({ dim: 2, keepdim: true }))).toEqual(["int64", [[[1], [2]], [[2], [1]]]]);
    expect(seen(x.prod({ dim: 1 }))).toEqual(["int64", [[1, 0], [0, 1]]]);
    expect(seen(x.transpose(0, 2).sum({ dim: [0, 1] }))).toEqual(["int64", [3, 3]]);
    expect(seen(zeros([0], { dtype }).sum())).toEqual(["int64", 0]);
    expect(seen(zeros([0], { dtype }).prod())).toEqual(["int64", 1]);
  });
});

describe("int64 tensors", () => {
  const large = BigInt64Array.of(2n ** 53n + 1n, -5n);

  test("hold, move and give back all 64 bits", () => {
    const x = tensor(large);
    expect(x.dtype).toBe("int64");
    expect(x.add(1).toTypedArray("int64")).toEqual(BigInt64Array.of(2n ** 53n + 2n, -4n));
    expect(tensor(BigInt64Array.of(1n, 2n, 3n, 4n), { shape: [2, 2] }).transpose(0, 1).toTypedArray("int64")).toEqual(BigInt64Array.of(1n, 3n, 2n, 4n));
    expect(String(x)).toBe("tensor([9007199254740993,               -5], dtype=int64)");
    expect(tensor([7], { dtype: "int64" }).item()).toBe(7);
    expect(tensor([2 ** 53], { dtype: "int64" }).item()).toBe(2 ** 53);
  });

  test("meet other dtypes as in PyTorch", () => {
    const x = tensor([2, 3], { dtype: "int64" });
    expect(x.add(int(1)).dtype).toBe("int64");
    expect(x.add(1.5).dtype).toBe("float32");
    expect(x.div(2).dtype).toBe("float32");
    expect(seen(x.mul(int(4, 5)))).toEqual(["int64", [8, 15]]);
    expect(seen(tensor([true, false]).add(1))).toEqual(["int64", [2, 1]]);
  });

  test("are labels and indices, as uint8 is; what is out of range is an error beyond 32 bits too", () => {
    const logits = tensor([[1, 2, 3], [3, 2, 1]]);
    for (const dtype of ["int64", "int32", "uint8"] as const) {
      expect(crossEntropy(logits, tensor([2, 0], { dtype })).item()).toBeCloseTo(0.40760, 4);
      expect(nllLoss(logits, tensor([2, 0], { dtype })).item()).toBe(-3);
      expect(gather(logits, 1, tensor([[2], [0]], { dtype })).toArray()).toEqual([[3], [3]]);
      expect(indexSelect(logits, 1, tensor([2, 0], { dtype })).toArray()).toEqual([[3, 1], [1, 3]]);
    }
    const far = tensor(BigInt64Array.of(2n ** 32n, 0n));
    expect(() => crossEntropy(logits, far)).toThrow("target 4294967296 at position 0 is outside [0, 2]");
    expect(() => indexSelect(logits, 1, far)).toThrow("index 4294967296 at position 0 is outside [-3, 2]");
    expect(crossEntropy(logits, tensor([2, -100], { dtype: "int64" })).item()).toBeCloseTo(0.40760, 4);
  });
});

describe("integers stay exact", () => {
  test("rounding leaves them alone", () => {
    for (const round of ["floor", "ceil", "round", "trunc"] as const) expect(seen(int(16_777_217, -3)[round]())).toEqual(["int32", [16_777_217, -3]]);
    const x = int(1);
    x.floor().add_(1);
    expect(x.toArray()).toEqual([1]);
  });

  test("clamp with a fraction gives floats, with whole bounds integers", () => {
    expect(seen(int(1, 2, 3).clamp({ min: 1.5 }))).toEqual(["float32", [1.5, 2, 3]]);
    expect(seen(int(1, 2, 3).clamp({ max: 2.5 }))).toEqual(["float32", [1, 2, 2.5]]);
    expect(seen(int(1, 2, 3).clamp({ min: 2 }))).toEqual(["int32", [2, 2, 3]]);
    expect(seen(tensor([1, 200], { dtype: "uint8" }).clamp({ min: -5, max: 300 }))).toEqual(["uint8", [1, 200]]);
  });

  test("powers", () => {
    expect(seen(int(3, -2).pow(3))).toEqual(["int32", [27, -8]]);
    expect(tensor([3037000499], { dtype: "int64" }).pow(2).toTypedArray("int64")).toEqual(BigInt64Array.of(3037000499n ** 2n));
    expect(seen(int(4).pow(0.5))).toEqual(["float32", [2]]);
    expect(seen(int(2, -1).pow(int(-1, -3)))).toEqual(["int32", [0, -1]]);
  });

  test("a comparison with a number that the dtype does not hold is right", () => {
    const bytes = tensor([0, 44, 255], { dtype: "uint8" });
    expect(bytes.gt(-1).toArray()).toEqual([true, true, true]);
    expect(bytes.eq(300).toArray()).toEqual([false, false, false]);
    expect(int(1, -1_294_967_296).lt(3_000_000_000).toArray()).toEqual([true, true]);
    expect(int(-1_294_967_296).eq(3_000_000_000).toArray()).toEqual([false]);
  });
});

test("a bool is true whatever number it was made of", () => {
  for (const x of [full([3], 2, { dtype: "bool" }), fill_(zeros([3], { dtype: "bool" }), 0.5), full([3], NaN, { dtype: "bool" })]) {
    expect(x.toTypedArray("bool")).toEqual(Uint8Array.of(1, 1, 1));
  }
});

describe("arange", () => {
  test("counts beyond 32 bits in int64", () => {
    expect(seen(arange(0, 1e10, 4e9))).toEqual(["int64", [0, 4e9, 8e9]]);
  });

  test("takes its options right after the numbers", () => {
    expect(seen(arange(2, { dtype: "float64" }))).toEqual(["float64", [0, 1]]);
    expect(seen(arange(1, 3, { dtype: "uint8" }))).toEqual(["uint8", [1, 2]]);
    expect(seen(arange(0, 1, 0.5, { dtype: "float64" }))).toEqual(["float64", [0, 0.5]]);
    expect(arange(2, { requiresGrad: true, dtype: "float32" }).requiresGrad).toBe(true);
  });
});
