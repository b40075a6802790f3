import type { DType } from "@tapegrad/kernels";
import { notATensor } from "./copies.ts";
import { MemoryError } from "./errors.ts";
import { offerSaved } from "./op-context.ts";
import { executor } from "./execute.ts";
import { unrecorded, type Inputs, type Interpreter, type Op, type OpSpec, type Savable } from "./op-spec.ts";
import { Tensor } from "./tensor.ts";

/** A defined op: `run` records and executes it. */
export interface DefinedOp<N extends readonly string[], A> {
  readonly op: Op;
  readonly run: (inputs: Inputs<N>, attrs: A) => Tensor;
}

const table = new Map<string, Op>();

/** Every op, by name. The proof suite runs over it. */
export const opTable: ReadonlyMap<string, Op> = table;

const floating: readonly DType[] = ["float32", "float64", "float16", "bfloat16"];

/** Enters an op in the table and returns the function that dispatches it. */
export function defineOp<const N extends readonly string[], A, const S extends readonly Savable<N>[] = readonly []>(
  spec: OpSpec<N, A, S>,
): DefinedOp<N, A> {
  if (table.has(spec.name)) throw new Error(`op ${spec.name} is defined twice`);
  const bare = spec.inputs.map((name) => name.replace("?", ""));
  const gradients = spec.backward as Readonly<Record<string, ((dOut: Tensor, saved: unknown) => Tensor) | null>> | undefined;
  const hasGradients = Object.values(gradients ?? {}).some((gradient) => gradient !== null);
  const op = {
    name: spec.name,
    inputs: spec.inputs,
    saves: spec.saves,
    savedPositions: spec.saves.map((name) => bare.indexOf(name)),
    differentiable: hasGradients || spec.createGraphByComposite === true,
    view: spec.view ?? false,
    halfNative: spec.halfNative ?? spec.view ?? false,
    random: spec.random ?? false,
    scoped: spec.scoped ?? false,
    takesNumbers: spec.takesNumbers ?? false,
    createGraphByComposite: spec.createGraphByComposite ?? false,
    dtypes: spec.dtypes ?? floating,
    infer: spec.infer,
    forward: spec.forward,
    hasGradients,
    gradientInPlace: spec.gradientInPlace ?? false,
    gradients: bare.map((name) => gradients?.[name] ?? null),
    composite: spec.composite ?? null,
    samples: spec.samples,
    errors: spec.errors ?? (() => []),
  } as Op;
  table.set(spec.name, op);
  offerSaved(spec.saves);
  return { op, run: (inputs, attrs) => dispatch(op, inputs, attrs) };
}

const stack: Interpreter[] = [];
let top: Interpreter = executor;

/** Puts an interpreter on top of the stack; `make` gets the one below. */
export function pushInterpreter(make: (below: Interpreter) => Interpreter): void {
  const interpreter = make(top);
  stack.push(interpreter);
  top = interpreter;
}

/** Removes the interpreter on top. */
export function popInterpreter(): void {
  stack.pop();
  top = stack.at(-1) ?? executor;
}

/** Runs an op through the interpreters. Throws ArgumentError `tapegrad/not-a-tensor`, `tapegrad/two-copies`. */
export function dispatch(op: Op, inputs: readonly (Tensor | null)[], attrs: unknown): Tensor {
  try {
    return top.run(op, inputs, attrs, unrecorded);
  } catch (error) {
    if (error instanceof MemoryError && error.code === "empty/too-large") error.rename(op.name);
    throw error instanceof TypeError ? explained(op, inputs, error) : error;
  }
}

/** What a TypeError says about an input that is no tensor of this copy of the library; the error itself if all are. */
function explained(op: Op, inputs: readonly unknown[], error: TypeError): Error {
  const position = inputs.findIndex((x, i) => !(x instanceof Tensor) && !(x === null && op.inputs[i]?.endsWith("?") === true));
  if (position < 0) return error;
  const must = op.takesNumbers ? "a tensor or a number" : "a tensor";
  return notATensor(op.name, op.inputs[position]?.replace("?", "") ?? `input ${position}`, inputs[position], error, must);
}
