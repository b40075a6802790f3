/**
 * How the benchmark talks to its workers: one line of JSON each way, over stdin and stdout. A worker first says that it
 * is ready, then answers each request with seconds or an error; in between it blocks on stdin and leaves the machine to
 * the others. Lines that are not JSON objects are ignored: some libraries greet on stdout.
 */
import { modelNames, type ModelName } from "./models.ts";

export const chainOps = ["add", "mul", "relu", "mixed"] as const;
export type ChainOp = (typeof chainOps)[number];

/** `steps` training steps of a model, or `repeats` times forward and backward through a chain of `length` ops. */
export type Request =
  | { readonly task: "train"; readonly model: ModelName; readonly steps: number }
  | { readonly task: "overhead"; readonly op: ChainOp; readonly length: number; readonly repeats: number };

/** How long it took, by the worker's own clock, and the loss at the end as a sign of life. */
export interface Answer {
  readonly seconds: number;
  readonly loss?: number;
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
  const { task, steps, length, repeats, ...names } = parseLine(line) ?? {};
  const model = modelNames.find((name) => name === names["model"]);
  const op = chainOps.find((name) => name === names["op"]);
  if (task === "train" && model !== undefined && typeof steps === "number") return { task, model, steps };
  if (task === "overhead" && op !== undefined && typeof length === "number" && typeof repeats === "number") return { task, op, length, repeats };
  throw new TypeError(`not a request: ${line}`);
}
