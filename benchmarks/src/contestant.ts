import { fileURLToPath } from "node:url";
import type { PeerName } from "./arguments.ts";
import type { Contender } from "./interleave.ts";
import type { Answer, Request } from "./protocol.ts";
import { WorkerError, type WorkerCommand } from "./json-pipe.ts";
import { WorkerProcess } from "./worker-process.ts";

/** Time for a worker to load its library. */
const startSeconds = 60;

/** One who takes part in a benchmark, in a process of its own, which is started when first needed and again after a time-out. */
export class Contestant implements Contender {
  readonly name: string;
  readonly #commands: readonly WorkerCommand[];
  #process: WorkerProcess | null = null;
  /** Why it cannot be started at all. */
  #absence: WorkerError | null = null;
  #version: string | null = null;
  #kernels: unknown = null;

  constructor(name: string, commands: readonly WorkerCommand[]) {
    this.name = name;
    this.#commands = commands;
  }

  /** The library's version; null as long as it has not been started. */
  get version(): string | null {
    return this.#version;
  }

  /** Which kernels the library computes with; null if it did not say, or has not been started. */
  get kernels(): unknown {
    return this.#kernels;
  }

  async ask(request: Request, limitSeconds: number): Promise<Answer> {
    if (this.#absence !== null) throw this.#absence;
    if (this.#process === null || !this.#process.isAlive) this.#process = await this.#start();
    return this.#process.ask(request, limitSeconds);
  }

  async close(): Promise<void> {
    await this.#process?.close();
    this.#process = null;
  }

  async #start(): Promise<WorkerProcess> {
    try {
      const started = await WorkerProcess.start(this.#commands, startSeconds);
      this.#version = started.version;
      this.#kernels = started.kernels;
      return started;
    } catch (error) {
      if (error instanceof WorkerError) this.#absence = error;
      throw error;
    }
  }
}

/** How ours is run. */
export interface OwnOptions {
  readonly threads: number;
  /** Whether a BLAS of the system may be used, where there is one. */
  readonly blas: boolean;
}

/** Ours. */
export function ourselves({ threads, blas }: OwnOptions): Contestant {
  const worker = nodeWorker(new URL("./workers/ours.js", import.meta.url), threads);
  return new Contestant("ours", [{ ...worker, env: ownEnvironment(blas) }]);
}

/** The variables of every process of ours. */
export function ownEnvironment(blas: boolean): Record<string, string | undefined> {
  return { TAPEGRAD_BLAS: blas ? undefined : "off" };
}

/** A peer by its name. */
export function peerByName(name: PeerName, threads: number): Contestant {
  const tfjs = new URL("./workers/tfjs.js", import.meta.url);
  switch (name) {
    case "torch": return new Contestant(name, torchCommands(threads));
    case "jax-js": return new Contestant(name, [nodeWorker(new URL("./workers/jax-js.js", import.meta.url), threads)]);
    case "tfjs": return new Contestant(name, [nodeWorker(tfjs, threads, "cpu")]);
    case "tfjs-wasm": return new Contestant(name, [nodeWorker(tfjs, threads, "wasm")]);
  }
}

function nodeWorker(program: URL, threads: number, ...more: string[]): WorkerCommand {
  return { file: process.execPath, args: [fileURLToPath(program), String(threads), ...more] };
}

function torchCommands(threads: number): WorkerCommand[] {
  const path = fileURLToPath(new URL("../peers/torch_worker.py", import.meta.url));
  // OpenMP's own default is best for everybody: its threads spin for some milliseconds between parallel regions, which
  // makes torch fast, and then sleep (at most 10 ms of processor time after the last step). "passive" would slow torch
  // down, "active" all the others.
  const env = { OMP_WAIT_POLICY: undefined, GOMP_SPINCOUNT: undefined, OMP_NUM_THREADS: String(threads) };
  return pythonCommands([path, String(threads)], env);
}

/** A Python program with the first Python that works: the user's, or the system's. Leaves no compiled files behind. */
export function pythonCommands(args: readonly string[], env: Record<string, string | undefined> = {}): WorkerCommand[] {
  return ["python3", "/usr/bin/python3"].map((file) => ({ file, args, env: { ...env, PYTHONDONTWRITEBYTECODE: "1" } }));
}
