import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { parseLine } from "./protocol.ts";

/** How a worker is started. */
export interface WorkerCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** Variables to set; undefined removes one. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Why a worker did not answer. The message is what the report gives as the reason. */
export class WorkerError extends Error {
  override readonly name = "WorkerError";
}

interface Waiting {
  readonly resolve: (message: Readonly<Record<string, unknown>>) => void;
  readonly reject: (error: WorkerError) => void;
}

/** A child process that is spoken to in lines of JSON. */
export class JsonPipe {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #received: Readonly<Record<string, unknown>>[] = [];
  #waiting: Waiting | null = null;
  #failure: WorkerError | null = null;
  #lastWords = "";

  constructor({ file, args, env = {} }: WorkerCommand) {
    const child = spawn(file, args, { env: { ...process.env, ...env }, stdio: "pipe" });
    this.#child = child;
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-2000);
    });
    // A worker that died is told of through its exit; the broken pipe says nothing more.
    child.stdin.on("error", () => {});
    child.on("error", (error) => this.#fail(`it cannot be started: ${error.message}`));
    child.on("close", (code, signal) => {
      const words = this.#lastWords.trim().split("\n");
      const why = words.findLast((line) => /^\w*Error/.test(line)) ?? words.at(-1);
      this.#fail(`it ended (${signal ?? `exit code ${code}`})${why ? `: ${why}` : ""}`);
    });
    createInterface({ input: child.stdout }).on("line", (line) => this.#take(line));
  }

  /** False once the child has ended. */
  get isOpen(): boolean {
    return this.#failure === null;
  }

  send(message: object): void {
    if (this.isOpen) this.#child.stdin.write(`${JSON.stringify(message)}\n`);
  }

  /** The next message. Kills the child when it takes too long. */
  async receive(limitSeconds: number): Promise<Readonly<Record<string, unknown>>> {
    const early = this.#received.shift();
    if (early !== undefined) return early;
    if (this.#failure !== null) throw this.#failure;
    const timer = setTimeout(() => {
      this.#fail(`it takes more than ${limitSeconds} s`);
      this.#child.kill("SIGKILL");
    }, limitSeconds * 1000);
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting = { resolve, reject };
      });
    } finally {
      clearTimeout(timer);
      this.#waiting = null;
    }
  }

  /** Ends the child: by the end of its stdin, or by force. */
  async close(): Promise<void> {
    const child = this.#child;
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.stdin.end();
    const timer = setTimeout(() => child.kill("SIGKILL"), 2000);
    await ended;
    clearTimeout(timer);
  }

  #take(line: string): void {
    const message = parseLine(line);
    if (message === null) return;
    if (this.#waiting === null) this.#received.push(message);
    else this.#waiting.resolve(message);
  }

  #fail(reason: string): void {
    this.#failure ??= new WorkerError(reason);
    this.#waiting?.reject(this.#failure);
  }
}
