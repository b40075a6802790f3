/**
 * How the benchmark talks to its workers: one line of JSON each way, over stdin and stdout. A worker first says that it
 * is ready, then answers each request with seconds or an error; in between it blocks on stdin and leaves the machine to
 * the others. Lines that are not JSON objects are ignored: some libraries greet on stdout.
 */
import { modelNames, scaledModelNames, type ModelName, type ScaledModelName } from "./models.ts";
import type { OpCase } from "./ops/op-case.ts";
import { opCases } from "./ops/op-cases.ts";

export const chainOps = ["add", "mul", "relu", "mixed"] as const;
export type ChainOp = (typeof chainOps)[number];

export type Request =
  /** Training steps of a model; a peak also asks for the process's largest resident set. */
  | { readonly task: "train" | "peak"; readonly model: ModelName; readonly steps: number }
  /** `repeats` times forward and backward through a chain of `length` ops. */
  | { readonly task: "overhead"; readonly op: ChainOp; readonly length: number; readonly repeats: number }
  /** `repeats` calls of an op. */
  | { readonly task: "op"; readonly case: OpCase; readonly repeats: number }
  /** Training steps of a model of a chosen size. */
  | { readonly task: "scale"; readonly model: ScaledModelName; readonly batch: number; readonly width: number; readonly steps: number };

/** How long it took, by the worker's own clock, the loss at the end as a sign of life, and the largest resident set. */
export interface Answer {
  readonly seconds: number;
  readonly loss?: number;
  readonly megabytes?: number;
}

/** A line as an object; null if it is none. */
export function parseLine(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : null;
  } catch {
    return null;
  }
}

/** Reads a request. Throws TypeError for anything else. */
export function parseRequest(line: string): Request {
  const { task, steps, length, repeats, batch, width, ...names } = parseLine(line) ?? {};
  const model = modelNames.find((name) => name === names["model"]);
  const scaled = scaledModelNames.find((name) => name === names["model"]);
  const op = chainOps.find((name) => name === names["op"]);
  const opCase = findCase(names["case"]);
  if ((task === "train" || task === "peak") && model !== undefined && typeof steps === "number") return { task, model, steps };
  if (task === "overhead" && op !== undefined && typeof length === "number" && typeof repeats === "number") return { task, op, length, repeats };
  if (task === "op" && opCase !== undefined && typeof repeats === "number") return { task, case: opCase, repeats };
  if (task === "scale" && scaled !== undefined && typeof batch === "number" && typeof width === "number" && typeof steps === "number") {
    return { task, model: scaled, batch, width, steps };
  }
  throw new TypeError(`not a request: ${line}`);
}

/** A case by its name; its spec is for workers in other languages. */
function findCase(value: unknown): OpCase | undefined {
  if (typeof value !== "object" || value === null || !("name" in value)) return undefined;
  return opCases.find(({ name }) => name === value.name);
}
