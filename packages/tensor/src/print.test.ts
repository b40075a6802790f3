import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import type { DType } from "@tapegrad/kernels";
import { tensor } from "./creation.ts";
import "./methods.ts";
import { transpose } from "./ops/permute.ts";
import { formatTensor } from "./print.ts";
import type { Tensor } from "./tensor.ts";

/** A case of fixtures/print.json, written by fixtures/print.py. */
interface PrintedCase {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values: readonly (number | string)[] | { readonly count: number; readonly step: number; readonly start: number };
  readonly requiresGrad: boolean;
  readonly text: string;
}

const { cases, source }: { cases: PrintedCase[]; source: string } = JSON.parse(readFileSync(new URL("../fixtures/print.json", import.meta.url), "utf8"));

function build({ dtype, shape, values, requiresGrad }: PrintedCase): Tensor {
  const numbers = Array.isArray(values) ? values.map(number) : ramp(values as Exclude<typeof values, readonly unknown[]>);
  // int64 is PyTorch's default integer, int32 ours.
  const own = (dtype === "int64" ? "int32" : dtype) as DType;
  return tensor(Float64Array.from(numbers), { dtype: own, shape, requiresGrad });
}

function number(value: number | string): number {
  return value === "inf" ? Infinity : value === "-inf" ? -Infinity : Number(value);
}

function ramp({ count, step, start }: { count: number; step: number; start: number }): number[] {
  return Array.from({ length: count }, (_, i) => start + i * step);
}

describe(`printing is ${source}'s`, () => {
  test.each(cases)("$name", (printed) => {
    expect(formatTensor(build(printed))).toBe(printed.text);
  });
});

test("a view prints its own elements", () => {
  expect(formatTensor(transpose(tensor([[1, 2], [3, 4]]), 0, 1))).toBe("tensor([[1., 3.],\n        [2., 4.]])");
});

test("int32 is the default integer, and an empty one says its dtype", () => {
  expect(formatTensor(tensor([1, 2], { dtype: "int32" }))).toBe("tensor([1, 2])");
  expect(formatTensor(tensor([], { dtype: "int32" }))).toBe("tensor([], dtype=int32)");
});

test("the result of a recorded op names the op", () => {
  const x = tensor([1, 2]);
  x.node = { name: "mul" };
  expect(formatTensor(x)).toBe("tensor([1., 2.], gradNode=<mul>)");
});

test("a suffix starts a line of its own where the last line is full", () => {
  const x = tensor([0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3.25], { dtype: "float64", requiresGrad: true });
  expect(formatTensor(x)).toBe("tensor([0.2500, 0.7500, 1.2500, 1.7500, 2.2500, 2.7500, 3.2500], dtype=float64,\n       requiresGrad=true)");
});

test("String and Node's inspect print the same text", () => {
  const x = tensor([true, false]);
  expect(String(x)).toBe("tensor([ true, false])");
  expect(inspect(x)).toBe("tensor([ true, false])");
});

test("a large tensor is summarised without delay", () => {
  const x = tensor(new Float32Array(4_000_000), { shape: [2000, 2000] });
  const start = performance.now();
  expect(formatTensor(x).split("\n")).toHaveLength(7);
  expect(performance.now() - start).toBeLessThan(1000);
});
