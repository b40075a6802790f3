import { createInterface } from "node:readline";
import type { ModelName, ScaledModelName } from "../models.ts";
import type { OpSpec } from "../ops/op-case.ts";
import { peakMegabytes } from "../peak-memory.ts";
import { parseRequest, type Answer, type ChainOp, type Request } from "../protocol.ts";

/** A model that takes training steps; the loss of the last one comes back once all have been computed. */
export interface Training {
  run(steps: number): Promise<number>;
  /** Gives back memory, for libraries that cannot do so themselves. */
  dispose?(): void;
}

/** One op whose inputs are there. */
export interface BuiltOp {
  run(): void;
  dispose(): void;
}

/** What a worker can do with its library. */
export interface Library {
  readonly version: string;
  /** Which kernels it computes with, if it can say so. */
  readonly kernels?: unknown;
  build(model: ModelName): Training | Promise<Training>;
  /** Forward and backward through a chain of recorded ops. */
  chain?(op: ChainOp, length: number): void;
  buildOp?(spec: OpSpec): BuiltOp;
  buildScaled?(model: ScaledModelName, batch: number, width: number): Training;
}

/** Keeps what was built last, until something else is asked for. */
class Bench {
  #key = "";
  #dispose: () => void = () => {};
  #built: unknown = null;

  async build<T extends { dispose?(): void }>(key: string, make: () => T | Promise<T>): Promise<T> {
    if (this.#key === key) return this.#built as T;
    this.#dispose();
    this.#key = "";
    this.#built = null;
    this.#dispose = () => {};
    const built = await make();
    this.#key = key;
    this.#built = built;
    this.#dispose = () => built.dispose?.();
    return built;
  }
}

/** Answers requests on stdin until it ends. */
export async function serve(library: Library): Promise<void> {
  const bench = new Bench();

  async function train(key: string, steps: number, make: () => Training | Promise<Training>): Promise<Answer> {
    const training = await bench.build(key, make);
    const start = performance.now();
    const loss = await training.run(steps);
    return { seconds: (performance.now() - start) / 1000, loss };
  }

  async function answer(request: Request): Promise<Answer> {
    switch (request.task) {
      case "train": return train(request.model, request.steps, () => library.build(request.model));
      case "peak": {
        const answered = await train(request.model, request.steps, () => library.build(request.model));
        return { ...answered, megabytes: peakMegabytes() };
      }
      case "overhead": {
        const { chain } = library;
        if (chain === undefined) throw new Error("the overhead of ops is not measured here");
        return timed(request.repeats, () => chain(request.op, request.length));
      }
      case "op": {
        const { buildOp } = library;
        if (buildOp === undefined) throw new Error("single ops are not measured here");
        const built = await bench.build(`op ${request.case.name}`, () => buildOp(request.case.spec));
        return timed(request.repeats, () => built.run());
      }
      case "scale": {
        const { model, batch, width, steps } = request;
        const { buildScaled } = library;
        if (buildScaled === undefined) throw new Error("growing models are not measured here");
        return train(`${model} of ${batch} and ${width}`, steps, () => buildScaled(model, batch, width));
      }
    }
  }

  write({ ready: true, version: library.version, kernels: library.kernels });
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      write(await answer(parseRequest(line)));
    } catch (error) {
      write({ error: error instanceof Error ? firstLine(error) : String(error) });
    }
  }
}

function timed(repeats: number, work: () => void): Answer {
  const start = performance.now();
  for (let i = 0; i < repeats; i++) work();
  return { seconds: (performance.now() - start) / 1000 };
}

function firstLine(error: Error): string {
  return `${error.name}: ${error.message.split("\n")[0] ?? ""}`;
}

function write(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
