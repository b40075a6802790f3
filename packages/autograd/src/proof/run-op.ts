import { ndarray } from "@tapegrad/reference";
import { dispatch, isFloating as isFloatingDType, type DType, type Op, type OutputSpec, type Sample, type Tensor } from "@tapegrad/tensor";
import { grad } from "../backward.ts";
import { numbersOf } from "./expect-values.ts";
import { fromValues, integersFor, valuesFor } from "./operands.ts";
import type { OracleCall } from "./oracle.ts";
import { randomFrom, type Random } from "./random.ts";

export type OpInputs = readonly (Tensor | null)[];

/** An op with one output, or one of the outputs of an op with several. */
export interface ProvenOp extends Op {
  readonly infer: (inputs: OpInputs, attrs: unknown) => OutputSpec;
  readonly composite: ((inputs: OpInputs, attrs: unknown) => Tensor) | null;
  readonly whole?: Op;
  readonly output?: number;
}

/** One output of an op with several, as if the op gave nothing else. */
export function outputOf(op: Op, output: number): ProvenOp {
  const { composite } = op;
  const pick = <T>(list: T | readonly T[]): T => (list as readonly T[])[output] as T;
  const sample = op.samples()[0] as Sample<unknown>;
  const spec = pick(op.infer(operands(sample, "float32", randomFrom(1)), sample.attrs));
  return {
    ...op,
    differentiable: op.differentiable && isFloatingDType(spec.dtype),
    name: `${op.name}.${op.outputs[output]}`,
    infer: (inputs, attrs) => pick(op.infer(inputs, attrs)),
    composite: composite === null ? null : (inputs, attrs) => pick(composite(inputs, attrs)),
    whole: op,
    output,
  };
}

/** Runs an op through the interpreters. */
export function call(op: Op, inputs: OpInputs, attrs: unknown): Tensor {
  const { whole = op, output = 0 } = op as ProvenOp;
  const out = dispatch(whole, inputs, attrs);
  return whole.isMany ? ((out as readonly Tensor[])[output] as Tensor) : (out as Tensor);
}

/** Operands for a sample. */
export function operands(sample: Sample<unknown>, dtype: DType, random: Random): OpInputs {
  return sample.inputs.map((input) => {
    if (input === null) return null;
    const own = input.dtype ?? dtype;
    return fromValues(valuesFor(input, own, random), input.shape, own);
  });
}

/** The same with integer values in floating dtypes; null where a range has no integers. */
export function integerOperands(sample: Sample<unknown>, dtype: DType, random: Random): OpInputs | null {
  const made: (Tensor | null)[] = [];
  for (const input of sample.inputs) {
    if (input === null) {
      made.push(null);
      continue;
    }
    const values = integersFor(input, input.dtype ?? dtype, random);
    if (values === null) return null;
    made.push(fromValues(values, input.shape, input.dtype ?? dtype));
  }
  return made;
}

/** The call as oracles see it. */
export function oracleCall(op: Op, inputs: OpInputs, attrs: unknown): OracleCall {
  const out = (op as ProvenOp).infer(inputs, attrs);
  return { inputs: inputs.map((x) => (x === null ? null : ndarray(numbersOf(x), x.shape))), attrs, out, dtype: out.dtype === "float64" ? "float64" : "float32" };
}

/** Values as a dtype stores them. */
export function stored(values: Float64Array, dtype: DType): Float64Array {
  switch (dtype) {
    case "float64": return values;
    case "float32": return Float64Array.from(Float32Array.from(values));
    case "float16":
    case "bfloat16": return numbersOf(fromValues(values, [values.length], dtype));
    case "int64": return values.map((value) => Math.trunc(value) + 0);
    case "int32": return Float64Array.from(Int32Array.from(values));
    case "uint8": return Float64Array.from(Uint8Array.from(values));
    case "bool": return values.map((value) => (value === 0 ? 0 : 1));
  }
}

export const isFloating = (x: Tensor | null): x is Tensor => x !== null && isFloatingDType(x.dtype);

/** Whether a call is recorded: the op has a derivative, and both an input and the output are floating. */
export function isRecorded(op: Op, inputs: OpInputs, out: Tensor): boolean {
  return op.differentiable && isFloating(out) && inputs.some((x, i) => isFloating(x) && (op.gradients[i] !== null || op.createGraphByComposite));
}

/** The inputs as leaves that require grad, where they are floating. */
export function leaves(inputs: OpInputs): OpInputs {
  return inputs.map((x) => (isFloating(x) ? x.detach().requiresGrad_() : x));
}

/** Gradients of a call with respect to its floating inputs, for a given upstream gradient; null where there is none. */
export function gradients(op: Op, inputs: OpInputs, attrs: unknown, dOut: Tensor): (Tensor | null)[] {
  const given = leaves(inputs);
  const out = call(op, given, attrs);
  return grad([out], given.filter(isFloating), { gradOutputs: [dOut], allowUnused: true });
}
