import type { DType, OutputSpec } from "@tapegrad/tensor";
import type { NdArray } from "@tapegrad/reference";
import { exact, type Bound } from "./expect-values.ts";

/** One call of an op in float64 arrays: what an oracle gets. */
export interface OracleCall {
  /** Null for optional inputs left out. */
  readonly inputs: readonly (NdArray | null)[];
  readonly attrs: unknown;
  readonly out: OutputSpec;
  /** dtype in which the op computes: float32 or float64 for floating results. */
  readonly dtype: DType;
}

/** An independent account of an op, in plain loops over float64, and how near the kernels must come to it. */
export interface Oracle {
  readonly run: (call: OracleCall) => NdArray;
  readonly bound: (call: OracleCall) => Bound;
  /** On integer-valued operands the kernels must give the very bits. */
  readonly exactOnIntegers: boolean;
}

/** Relative spacing of the numbers of a floating dtype. */
export function epsilon(dtype: DType): number {
  return dtype === "float64" ? 2 ** -52 : 2 ** -23;
}

/** At most so many units in the last place off; 0 is bit equality. Integers and bools are always exact. */
export function ulps(float32: number, float64 = float32): (call: OracleCall) => Bound {
  return ({ out }) => {
    const allowed = out.dtype === "float64" ? float64 : out.dtype === "float32" ? float32 : 0;
    return allowed === 0 ? exact : { rtol: allowed * epsilon(out.dtype), atol: out.dtype === "float32" ? 2 ** -149 * allowed : 2 ** -1074 * allowed };
  };
}

/** The array of an input that is always there. */
export function input(call: OracleCall, i: number): NdArray {
  const x = call.inputs[i];
  if (x === null || x === undefined) throw new Error(`the oracle needs input ${i}`);
  return x;
}

/** Results that are exact in every dtype. */
export function exactly(run: (call: OracleCall) => NdArray): Oracle {
  return { run, bound: () => exact, exactOnIntegers: true };
}
