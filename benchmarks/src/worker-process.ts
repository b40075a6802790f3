import { JsonPipe, WorkerError, type WorkerCommand } from "./json-pipe.ts";
import type { Answer, Request } from "./protocol.ts";

/** A child process that measures on request; `protocol.ts` says how. One request at a time. */
export class WorkerProcess {
  readonly version: string;
  /** Which kernels its library computes with; null if it did not say. */
  readonly kernels: unknown;
  readonly #pipe: JsonPipe;

  private constructor(pipe: JsonPipe, version: string, kernels: unknown) {
    this.#pipe = pipe;
    this.version = version;
    this.kernels = kernels;
  }

  /** Starts a worker with the first of the commands that works. Throws WorkerError with the last one's reason. */
  static async start(commands: readonly WorkerCommand[], limitSeconds: number): Promise<WorkerProcess> {
    let failure = new WorkerError("there is no command to start it");
    for (const command of commands) {
      const pipe = new JsonPipe(command);
      try {
        const { version, kernels = null } = await pipe.receive(limitSeconds);
        return new WorkerProcess(pipe, String(version), kernels);
      } catch (error) {
        if (!(error instanceof WorkerError)) throw error;
        failure = error;
        await pipe.close();
      }
    }
    throw failure;
  }

  /** Throws WorkerError when the worker refuses, dies, or takes longer than the limit, in which case it is killed. */
  async ask(request: Request, limitSeconds: number): Promise<Answer> {
    this.#pipe.send(request);
    const { seconds, loss, megabytes, error } = await this.#pipe.receive(limitSeconds);
    if (typeof error === "string") throw new WorkerError(error);
    if (typeof seconds !== "number") throw new WorkerError("its answer has no time");
    if (loss !== undefined && typeof loss !== "number") throw new WorkerError("its loss is not a number");
    return { seconds, ...(loss === undefined ? {} : { loss }), ...(typeof megabytes === "number" ? { megabytes } : {}) };
  }

  /** False once the process has ended. */
  get isAlive(): boolean {
    return this.#pipe.isOpen;
  }

  /** Ends the process. */
  close(): Promise<void> {
    return this.#pipe.close();
  }
}
