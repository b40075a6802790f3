import { grad } from "@tapegrad/autograd";
import { Tensor, type DType } from "@tapegrad/tensor";
import { seedOf, type Case, type OpCases, type Operands } from "./case-list.ts";
import type { Input } from "./input.ts";
import { make, weightsFor } from "./values.ts";

/** What our side gave, beside what PyTorch gave (fixture.ts). */
export interface Found {
  readonly raises?: Error;
  readonly outputs: readonly Tensor[];
  /** By leaf; null where nothing depends on it. */
  readonly first: readonly (Tensor | null)[] | Error;
  /** The same with a graph of their own, which fused ops compute in other ways. */
  readonly recorded: readonly (Tensor | null)[];
  readonly second: readonly (Tensor | null)[] | Error;
}

const isFloating = (dtype: DType): boolean => dtype.startsWith("float");

/** Inputs whose gradient is compared. */
export function leavesOf({ inputs }: Case): readonly Input[] {
  return Object.values(inputs).filter((input): input is Input => typeof input === "object" && input !== null && isFloating(input.dtype) && !input.constant);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function gradientsOf(outputs: readonly Tensor[], leaves: readonly Tensor[], seed: number, createGraph: boolean): readonly (Tensor | null)[] {
  const weights = outputs.map((x, k) => (x.requiresGrad ? weightsFor(x.shape, x.dtype, seed + k) : null));
  const tracked = outputs.filter((x) => x.requiresGrad);
  if (tracked.length === 0 || leaves.length === 0) return leaves.map(() => null);
  return grad(tracked, leaves, { gradOutputs: weights.filter((w) => w !== null), createGraph, retainGraph: true, allowUnused: true });
}

/** Calls an op, and takes the gradients that generate.py takes. */
export function runCase(op: OpCases, entry: Case): Found {
  const seed = seedOf(op.name, entry);
  const made = Object.entries(entry.inputs).map(([name, input], i) => [name, typeof input === "object" && input !== null ? operand(input, seed + i) : input] as const);
  const leaves = made.flatMap(([, x]) => (x instanceof Tensor && x.requiresGrad ? [x] : []));
  const none = { outputs: [], first: [], recorded: [], second: [] };
  let outputs: readonly Tensor[];
  try {
    outputs = resultsOf(op.run(Object.fromEntries(made) as Partial<Operands> as Operands, entry.options));
  } catch (error) {
    return { ...none, raises: asError(error) };
  }
  try {
    const first = gradientsOf(outputs, leaves, seed + 100, false);
    const recorded = gradientsOf(outputs, leaves, seed + 100, true);
    try {
      return { outputs, first, recorded, second: gradientsOf(recorded.filter((g) => g !== null), leaves, seed + 200, false) };
    } catch (error) {
      return { outputs, first, recorded, second: asError(error) };
    }
  } catch (error) {
    return { ...none, outputs, first: asError(error) };
  }
}

function operand(input: Input, seed: number): Tensor {
  const x = make(input, seed);
  return isFloating(input.dtype) && !input.constant ? x.detach().requiresGrad_() : x;
}

function resultsOf(result: Tensor | boolean | readonly Tensor[]): readonly Tensor[] {
  if (result instanceof Tensor) return [result];
  return typeof result === "boolean" ? [make({ shape: [], dtype: "bool", values: [Number(result)], layout: "plain", constant: true }, 0)] : result;
}
