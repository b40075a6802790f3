import { readFileSync } from "node:fs";
import type { DType, Tensor } from "@tapegrad/tensor";
import { fromValues } from "./operands.ts";

/** Numbers as the fixture writes them: those that JSON has no sign for are strings. */
export type Written = number | "NaN" | "Infinity" | "-Infinity" | "-0";

/** An array of the fixture. */
export interface WrittenArray {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly values: readonly Written[];
}

/** One call in PyTorch. */
export interface Case {
  readonly op: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly inputs: readonly (WrittenArray | null)[];
  readonly out: WrittenArray;
  readonly dOut: WrittenArray;
  readonly grads: readonly (WrittenArray | null)[];
  /** Of batch norm: running mean and variance before and after the call. */
  readonly running?: readonly [WrittenArray, WrittenArray];
  readonly runningAfter?: readonly [WrittenArray, WrittenArray];
}

interface Fixture {
  readonly torch: string;
  readonly cases: readonly Case[];
  readonly specials: {
    readonly values: readonly Written[];
    readonly unary: Readonly<Record<string, readonly Written[]>>;
    readonly binary: Readonly<Record<string, readonly Written[]>>;
  };
}

/** What `packages/tensor/fixtures/generate-ops.py` wrote. */
export const fixture = JSON.parse(readFileSync(new URL("../../../tensor/fixtures/ops.json", import.meta.url), "utf8")) as Fixture;

export const numbers = (values: readonly Written[]): Float64Array => Float64Array.from(values, Number);

export function tensorOf(array: WrittenArray): Tensor {
  return fromValues(numbers(array.values), array.shape, array.dtype);
}
