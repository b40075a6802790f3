import { SerializationError, showValue, Tensor, type GeneratorState } from "@tapegrad/tensor";
import type { StateDict } from "@tapegrad/nn";
import type { DataLoaderState } from "@tapegrad/data";
import type { OptimizerState } from "@tapegrad/optim";

/** The entry of the file's metadata that holds the notes. */
export const notesName = "tapegrad.checkpoint";

/** What a checkpoint holds beside tensors, as JSON. What is null was not saved. */
export interface CheckpointNotes {
  readonly version: 1;
  readonly epoch: number;
  readonly defaultGenerator: GeneratorState | null;
  readonly generator: GeneratorState | null;
  readonly loader: DataLoaderState | null;
  /** The optimizer's state without its tensors. */
  readonly optimizer: OptimizerState<object> | null;
}

/** Notes as they come from a file: the parts are for those to check who know them. */
export interface ReadNotes extends Readonly<Record<"defaultGenerator" | "generator" | "loader" | "optimizer", unknown>> {
  readonly epoch: number;
}

/** The notes that a file's metadata hold. Throws SerializationError `checkpoint/format`. */
export function readNotes(path: string, metadata: Readonly<Record<string, string>>): ReadNotes {
  const text = metadata[notesName];
  if (text === undefined) throw malformed(path, `it has no ${notesName} in its metadata`, "loadSafetensors reads files of tensors alone");
  let notes: unknown;
  try {
    notes = JSON.parse(text);
  } catch {
    throw malformed(path, `its ${notesName} is not JSON`);
  }
  if (!isRecord(notes)) throw malformed(path, `its ${notesName} is ${showValue(notes)}, not an object`);
  const { version, epoch, defaultGenerator, generator, loader, optimizer } = notes;
  if (version !== 1) throw malformed(path, `its version is ${showValue(version)}, and only 1 is known`);
  if (!Number.isSafeInteger(epoch) || (epoch as number) < 0) throw malformed(path, `its epoch ${showValue(epoch)} must be an integer, 0 or more`);
  return { epoch: epoch as number, defaultGenerator, generator, loader, optimizer };
}

function malformed(path: string, fact: string, hint?: string): SerializationError {
  return new SerializationError({ op: "loadCheckpoint", fact: `${path} is no checkpoint: ${fact}`, ...(hint === undefined ? {} : { hint }), code: "checkpoint/format", data: { path } });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const optimizerPrefix = "optimizer.state.";

/** An optimizer's state in two: the tensors under their names in the file, and numbers that JSON keeps. Throws SerializationError `checkpoint/option`. */
export function splitState({ paramGroups, state }: OptimizerState<object>): { readonly tensors: StateDict; readonly numbers: OptimizerState<object> } {
  for (const [i, group] of paramGroups.entries()) {
    for (const [name, value] of Object.entries(group)) if (!isPlain(value)) throw notPlain(name, i, value);
  }
  const tensors: StateDict = {};
  const numbers = Object.entries(state).map(([i, own]) => {
    const entries = Object.entries(own);
    for (const [name, value] of entries) if (value instanceof Tensor) tensors[`${optimizerPrefix}${i}.${name}`] = value;
    return [i, Object.fromEntries(entries.filter(([, value]) => !(value instanceof Tensor)))] as const;
  });
  return { tensors, numbers: { paramGroups, state: Object.fromEntries(numbers) } };
}

/** The optimizer's state put together again; what is wrong with it, the optimizer says. */
export function joinState(numbers: unknown, tensors: Readonly<StateDict>): unknown {
  if (!isRecord(numbers) || !isRecord(numbers["state"])) return numbers;
  const state = new Map(Object.entries(numbers["state"]).map(([i, own]) => [i, isRecord(own) ? { ...own } : own]));
  for (const [name, x] of Object.entries(tensors)) {
    if (!name.startsWith(optimizerPrefix)) continue;
    const dot = name.indexOf(".", optimizerPrefix.length);
    const own = state.get(name.slice(optimizerPrefix.length, dot));
    if (isRecord(own)) Object.defineProperty(own, name.slice(dot + 1), { value: x, enumerable: true });
  }
  return { ...numbers, state: Object.fromEntries(state) };
}

/** Whether JSON gives back what it was given. */
function isPlain(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || value === null) return value === null || typeof value === "string" || typeof value === "boolean";
  if (Array.isArray(value)) return value.every(isPlain);
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && Object.values(value).every(isPlain);
}

function notPlain(name: string, group: number, value: unknown): SerializationError {
  return new SerializationError({
    op: "saveCheckpoint",
    fact: `the option ${name} of parameter group ${group} is ${showValue(value)}, which a file cannot hold`,
    hint: "finite numbers, texts, booleans, null, and arrays and plain objects of them can be",
    code: "checkpoint/option",
    data: { name, group },
  });
}
