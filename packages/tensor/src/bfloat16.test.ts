import { describe, expect, test } from "vitest";
import "./methods.ts";
import { arange, full, ones, tensor, zeros } from "./creation.ts";
import { TapegradError } from "./errors.ts";
import { manualSeed } from "./generator.ts";
import { add } from "./ops/arithmetic.ts";
import { matmul } from "./ops/matmul.ts";
import { softmax } from "./ops/softmax.ts";
import { mean, sum } from "./ops/sum.ts";
import { formatTensor } from "./print.ts";
import { rand, randn } from "./random.ts";
import type { DType } from "@tapegrad/kernels";

const bf = (values: readonly number[] | readonly (readonly number[])[]) => tensor(values, { dtype: "bfloat16" });

describe("as PyTorch 2.15", () => {
  test("numbers are rounded", () => {
    const x = bf([0.1, 1 / 3, 3.0e38, -0, 1e-40, NaN, Infinity, 256.5, 257, 65504, 1.00390625, 1.01171875]);
    expect(x.toArray()).toEqual([0.10009765625, 0.333984375, Math.fround(3.00405527047391e38), -0, Math.fround(9.183549615799121e-41), NaN, Infinity, 256, 256, 65536, 1, 1.015625]);
    expect([...x.storage.elements]).toEqual([15821, 16043, 32610, 32768, 1, 32704, 32640, 17280, 17280, 18304, 16256, 16258]);
    expect(x.select(0, 1).item()).toBe(0.333984375);
  });

  // a + b with b bfloat16: both with dimensions; a 0-d; b 0-d; both 0-d.
  test.each<[DType, DType, DType, DType, DType]>([
    ["bool", "bfloat16", "bfloat16", "bfloat16", "bfloat16"],
    ["uint8", "bfloat16", "bfloat16", "bfloat16", "bfloat16"],
    ["int32", "bfloat16", "bfloat16", "bfloat16", "bfloat16"],
    ["int64", "bfloat16", "bfloat16", "bfloat16", "bfloat16"],
    ["float16", "float32", "bfloat16", "float16", "float32"],
    ["bfloat16", "bfloat16", "bfloat16", "bfloat16", "bfloat16"],
    ["float32", "float32", "bfloat16", "float32", "float32"],
    ["float64", "float64", "bfloat16", "float64", "float64"],
  ])("%s with it", (dtype, both, left0d, right0d, none) => {
    const make = (shape: readonly number[], own: DType) => ones(shape, { dtype: own });
    const found = [[[2], [2]], [[], [2]], [[2], []], [[], []]].map(([a = [], b = []]) => [add(make(a, dtype), make(b, "bfloat16")).dtype, add(make(b, "bfloat16"), make(a, dtype)).dtype]);
    expect(found).toEqual([both, left0d, right0d, none].map((expected) => [expected, expected]));
  });

  test("numbers do not widen it", () => {
    const x = ones([2], { dtype: "bfloat16" });
    expect([x.add(1), x.add(1.5), x.div(2), x.sum()].map(({ dtype }) => dtype)).toEqual(["bfloat16", "bfloat16", "bfloat16", "bfloat16"]);
    expect(x.gt(1).dtype).toBe("bool");
    expect(add(bf([1]), bf([2 ** -9])).item()).toBe(1);
  });

  test("ops", () => {
    const m = bf([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]);
    expect(matmul(m, bf([[1.1, -2.2, 3.3]]).t()).toArray()).toEqual([[0.66015625], [1.3203125]]);
    expect(sum(m, { dim: 0 }).toArray()).toEqual([0.5, 0.69921875, 0.90234375]);
    expect(mean(m).item()).toBe(0.349609375);
    expect(m.exp().toArray()).toEqual([[1.1015625, 1.21875, 1.3515625], [1.4921875, 1.6484375, 1.828125]]);
    expect(softmax(m, 1).toArray()).toEqual([[0.30078125, 0.33203125, 0.3671875], [0.30078125, 0.33203125, 0.3671875]]);
  });

  test("is printed", () => {
    expect(formatTensor(bf([[1.5, 2], [3, 4]]))).toBe("tensor([[1.5000, 2.0000],\n        [3.0000, 4.0000]], dtype=bfloat16)");
    expect(formatTensor(bf([0.1, 1 / 3, 3e38]))).toBe("tensor([1.0010e-01, 3.3398e-01, 3.0041e+38], dtype=bfloat16)");
  });
});

test("every way to make one", () => {
  expect(full([2], 1 / 3, { dtype: "bfloat16" }).toArray()).toEqual([0.333984375, 0.333984375]);
  expect(full([1], 1 + 2 ** -8 + 2 ** -40, { dtype: "bfloat16" }).item()).toBe(1.0078125);
  expect(bf([1 + 2 ** -8 + 2 ** -40]).item()).toBe(1.0078125);
  expect(zeros([1], { dtype: "bfloat16" }).item()).toBe(0);
  expect(arange(3, { dtype: "bfloat16" }).toArray()).toEqual([0, 1, 2]);
  for (const draw of [rand, randn]) {
    manualSeed(3);
    const wide = draw([1000]);
    manualSeed(3);
    expect(draw([1000], { dtype: "bfloat16" }).toTypedArray()).toEqual(wide.to("bfloat16").toTypedArray());
  }
  expect(tensor(Float32Array.of(0.1), { dtype: "bfloat16" }).item()).toBe(0.10009765625);
});

test("a value that it does not hold", () => {
  const end = 2 ** 128 - 2 ** 119;
  expect(full([1], end * (1 - 2 ** -50), { dtype: "bfloat16" }).item()).toBe(Math.fround(3.3895313892515355e38));
  const thrown = (): unknown => full([1], end, { dtype: "bfloat16" });
  expect(thrown).toThrow(TapegradError);
  expect(thrown).toThrow(`full: the value ${end} does not fit into bfloat16\n  code: full/value`);
});

test("copies of its elements are float32, also of a transposed tensor", () => {
  const x = bf([[1, 2], [3, 4]]);
  expect(x.toTypedArray("bfloat16")).toEqual(Float32Array.of(1, 2, 3, 4));
  expect(x.t().toTypedArray()).toEqual(Float32Array.of(1, 3, 2, 4));
  expect(x.t().toArray()).toEqual([[1, 3], [2, 4]]);
});
