import { createInterface } from "node:readline";
import type { ModelName } from "../models.ts";
import { parseRequest, type Answer, type ChainOp, type Request } from "../protocol.ts";

/** A model that takes training steps; the loss of the last one comes back once all have been computed. */
export interface Training {
  run(steps: number): Promise<number>;
  /** Gives back memory, for libraries that cannot do so themselves. */
  dispose?(): void;
}

/** What a worker can do with its library. */
export interface Library {
  readonly version: string;
  build(model: ModelName): Training | Promise<Training>;
  /** Forward and backward through a chain of recorded ops. */
  chain?(op: ChainOp, length: number): void;
}

/** Answers requests on stdin until it ends. */
export async function serve(library: Library): Promise<void> {
  let current: { readonly model: ModelName; readonly training: Training } | null = null;

  async function answer(request: Request): Promise<Answer> {
    if (request.task === "overhead") return timeChain(library, request.op, request.length, request.repeats);
    if (current?.model !== request.model) {
      current?.training.dispose?.();
      current = null;
      current = { model: request.model, training: await library.build(request.model) };
    }
    const { training } = current;
    const start = performance.now();
    const loss = await training.run(request.steps);
    return { seconds: (performance.now() - start) / 1000, loss };
  }

  write({ ready: true, version: library.version });
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      write(await answer(parseRequest(line)));
    } catch (error) {
      write({ error: error instanceof Error ? firstLine(error) : String(error) });
    }
  }
}

function timeChain(library: Library, op: ChainOp, length: number, repeats: number): Answer {
  if (library.chain === undefined) throw new Error("the overhead of ops is not measured here");
  const start = performance.now();
  for (let i = 0; i < repeats; i++) library.chain(op, length);
  return { seconds: (performance.now() - start) / 1000 };
}

function firstLine(error: Error): string {
  return `${error.name}: ${error.message.split("\n")[0] ?? ""}`;
}

function write(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
