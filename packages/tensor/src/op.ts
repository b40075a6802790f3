import type { DType } from "@tapegrad/kernels";
import { notATensor } from "./copies.ts";
import { MemoryError } from "./errors.ts";
import { executor, runningForwards } from "./execute.ts";
import { top } from "./interpreters.ts";
import { offerSaved } from "./op-context.ts";
import { inputName, unrecorded, type Inputs, type OneOutput, type Op, type OpResult, type OpSpec, type Results, type Savable } from "./op-spec.ts";
import { Tensor } from "./tensor.ts";

/** A defined op: `run` records and executes it. */
export interface DefinedOp<N extends readonly string[], A, O extends readonly string[] = OneOutput> {
  readonly op: Op;
  readonly run: (inputs: Inputs<N>, attrs: A) => Results<O>;
}

const table = new Map<string, Op>();

/** Every op, by name. The proof suite runs over it. */
export const opTable: ReadonlyMap<string, Op> = table;

/** Names of the library's own ops, which no program may take. */
const builtIn = new Set<string>();

const floating: readonly DType[] = ["float32", "float64", "float16", "bfloat16"];

/** Enters an op of the library in the table and returns the function that dispatches it. */
export function defineOp<
  const N extends readonly string[], A, const S extends readonly Savable<N, O>[] = readonly [], const O extends readonly string[] = OneOutput,
>(spec: OpSpec<N, A, S, O>): DefinedOp<N, A, O> {
  if (builtIn.has(spec.name)) throw new Error(`op ${spec.name} is defined twice`);
  builtIn.add(spec.name);
  return enterOp(spec);
}

/** Whether an op of this name is the library's own. */
export function isBuiltIn(name: string): boolean {
  return builtIn.has(name);
}

/** Enters an op in the table, in the place of another one of its name. */
export function enterOp<N extends readonly string[], A, S extends readonly string[], O extends readonly string[]>(spec: OpSpec<N, A, S, O>): DefinedOp<N, A, O> {
  const op = makeOp(spec);
  table.set(spec.name, op);
  return { op, run: (inputs, attrs) => dispatch(op, inputs, attrs) as Results<O> };
}

/** What interpreters and the tape see of a declaration; ops that are made for one purpose stay out of the table. One shape for all of them. */
export function makeOp<N extends readonly string[], A, S extends readonly string[], O extends readonly string[]>(spec: OpSpec<N, A, S, O>): Op {
  const bare = spec.inputs.map((name) => name.replace(/\?|\.\.\./, ""));
  const outputs: readonly string[] = spec.outputs ?? ["out"];
  const gradients = spec.backward as Readonly<Record<string, ((dOut: unknown, saved: unknown, at: number) => Tensor) | null>> | undefined;
  const hasGradients = Object.values(gradients ?? {}).some((gradient) => gradient !== null);
  const op = {
    name: spec.name,
    inputs: spec.inputs,
    restAt: spec.inputs.findIndex((name) => name.endsWith("...")),
    outputs,
    isMany: outputs.length !== 1,
    saves: spec.saves,
    savedPositions: spec.saves.map((name) => (bare.includes(name) ? bare.indexOf(name) : -1 - outputs.indexOf(name))),
    differentiable: hasGradients || spec.createGraphByComposite === true,
    changes: spec.changes ?? [],
    view: spec.view ?? false,
    halfNative: spec.halfNative ?? spec.view ?? false,
    random: spec.random ?? false,
    scoped: spec.scoped ?? false,
    unscoped: spec.unscoped ?? false,
    takesNumbers: spec.takesNumbers ?? false,
    flops: (spec.flops ?? null) as never,
    createGraphByComposite: spec.createGraphByComposite ?? false,
    dtypes: spec.dtypes ?? floating,
    infer: spec.infer as never,
    forward: spec.forward as never,
    hasGradients,
    gradientInPlace: spec.gradientInPlace ?? false,
    gradients: bare.map((name) => gradients?.[name] ?? null),
    composite: (spec.composite ?? null) as never,
    samples: spec.samples,
    errors: spec.errors ?? (() => []),
  } as Op;
  offerSaved(spec.saves);
  return op;
}

/** Runs an op through the interpreters. Throws ArgumentError `tapegrad/not-a-tensor`, `tapegrad/two-copies`. */
export function dispatch(op: Op, inputs: readonly (Tensor | null)[], attrs: unknown): OpResult {
  try {
    return (runningForwards === 0 ? top : executor).run(op, inputs, attrs, unrecorded);
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
  return notATensor(op.name, inputName(op, position), inputs[position], error, must);
}
