import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { DType } from "@tapegrad/kernels";
import { ones, tensor } from "./creation.ts";
import { equal } from "./equality.ts";
import type { Op } from "./op-spec.ts";
import { dispatch, opTable } from "./op.ts";
import { add, div, mul, sub } from "./ops/arithmetic.ts";
import { to } from "./ops/cast.ts";
import { neg } from "./ops/neg.ts";
import { argmax } from "./ops/select-extremum.ts";
import type { Tensor } from "./tensor.ts";
import "./methods.ts";

interface Fixture {
  readonly promotion: readonly (readonly [a: string, b: string, result: DType, quotient: DType])[];
  readonly unaryTypes: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly binaryTypes: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly casts: Readonly<Record<string, Readonly<Record<string, readonly (number | string)[]>>>>;
  readonly integers: Readonly<Record<string, readonly number[]>>;
}

const fixture = JSON.parse(readFileSync(new URL("../fixtures/ops.json", import.meta.url), "utf8")) as Fixture;

function operand(written: string): Tensor | number {
  const [dtype, kind] = written.split(" ") as [DType, string];
  if (kind === "number") return dtype === "float32" ? 1.5 : 2;
  return ones(kind === "tensor" ? [2] : [], { dtype });
}

describe("two operands meet in PyTorch's dtype: a 0-d tensor or number does not raise it within its category", () => {
  test.each(fixture.promotion)("%s and %s: %s, quotient %s", (a, b, result, quotient) => {
    const [x, y] = [operand(a), operand(b)];
    expect(add(x, y).dtype).toBe(result);
    expect(mul(x, y).dtype).toBe(result);
    expect(div(x, y).dtype).toBe(quotient);
    if (!a.startsWith("bool")) expect(sub(x, y).dtype).toBe(result);
  });
});

/** Where the dtype of a result differs from PyTorch's. */
const deviations: Readonly<Record<string, string>> = {
  // The function makes it int64 before the op sees it.
  "square bool": "error",
  // Positions are read as numbers.
  "argmax int64": "int32", "argmax int32": "int32", "argmax uint8": "int32",
};

function resultOf(op: Op, inputs: readonly Tensor[]): string {
  const attrs = op.samples().some((sample) => sample.attrs !== null) ? { dims: [0], keepdim: false } : null;
  try {
    return (dispatch(op, inputs, attrs) as Tensor).dtype;
  } catch (error) {
    return (error as Error).name === "DTypeError" ? "error" : String(error);
  }
}

describe("ops on integers and bools give PyTorch's dtype, or that of a listed deviation", () => {
  const rows = [
    ...Object.entries(fixture.unaryTypes).map(([name, types]) => ({ name, types, count: 1 })),
    ...Object.entries(fixture.binaryTypes).map(([name, types]) => ({ name, types, count: 2 })),
  ].filter(({ name }) => name !== "mean");

  test.each(rows)("$name", ({ name, types, count }) => {
    const op = opTable.get(name) as Op;
    for (const [dtype, expected] of Object.entries(types)) {
      const x = ones([2], { dtype: dtype as DType });
      expect(`${dtype} ${resultOf(op, Array.from({ length: count }, () => x))}`).toBe(`${dtype} ${deviations[`${name} ${dtype}`] ?? expected}`);
    }
  });
});

describe("casts give PyTorch's values", () => {
  const rows = Object.entries(fixture.casts).flatMap(([source, { values = [], ...targets }]) =>
    Object.entries(targets).map(([target, expected]) => ({ source: source as DType, target: target as DType, values, expected })),
  );
  test.each(rows)("$source to $target", ({ source, target, values, expected }) => {
    const x = to(tensor(Float64Array.from(values, Number), { dtype: source }), target);
    expect(Array.from(x.toTypedArray(), Number)).toEqual(expected.map(Number).map((value) => (Object.is(value, -0) ? 0 : value)));
  });
});

test("integers wrap as PyTorch's do", () => {
  const int = (value: number): Tensor => tensor([value], { dtype: "int32" });
  const byte = (value: number): Tensor => tensor([value], { dtype: "uint8" });
  expect(add(int(2 ** 31 - 1), 1).toArray()).toEqual(fixture.integers["add"]);
  expect(mul(int(65537), 65537).toArray()).toEqual(fixture.integers["mul"]);
  expect(neg(tensor([1, 255], { dtype: "uint8" })).toArray()).toEqual(fixture.integers["neg"]);
  expect(sub(byte(1), byte(2)).toArray()).toEqual(fixture.integers["sub"]);
});

test("argmax is int32, whatever it looks at", () => {
  for (const dtype of ["float64", "float16", "uint8"] as const) expect(argmax(ones([3], { dtype })).dtype).toBe("int32");
  expect(equal(argmax(tensor([1, 3, 3])), tensor(1, { dtype: "int32" }))).toBe(true);
});

test("every pair of dtypes runs through every binary op, or is refused by name", () => {
  const dtypes: readonly DType[] = ["float32", "float64", "float16", "bfloat16", "int64", "int32", "uint8", "bool"];
  const binary = [...opTable.values()].filter((op) => op.name in fixture.binaryTypes);
  expect(binary.length).toBe(Object.keys(fixture.binaryTypes).length);
  for (const op of binary) {
    for (const a of dtypes) for (const b of dtypes) {
      const run = (): Tensor => dispatch(op, [ones([3], { dtype: a }), ones([2, 3], { dtype: b })], null) as Tensor;
      if (op.dtypes.includes(a)) expect(run().shape).toEqual([2, 3]);
      else expect(run).toThrow(`${op.name}/dtype`);
    }
  }
});
