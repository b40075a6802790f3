import { JsonPipe, WorkerError, type WorkerCommand } from "./json-pipe.ts";
import type { Answer, Request } from "./protocol.ts";

/** A child process that measures on request; `protocol.ts` says how. One request at a time. */
export class WorkerProcess {
  readonly version: string;
  readonly #pipe: JsonPipe;

  private constructor(pipe: JsonPipe, version: string) {
    this.#pipe = pipe;
    this.version = version;
  }

  /** Starts a worker with the first of the commands that works. Throws WorkerError with the last one's reason. */
  static async start(commands: readonly WorkerCommand[], limitSeconds: number): Promise<WorkerProcess> {
    let failure = new WorkerError("there is no command to start it");
    for (const command of commands) {
      const pipe = new JsonPipe(command);
      try {
        const { version } = await pipe.receive(limitSeconds);
        return new WorkerProcess(pipe, String(version));
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
    const { seconds, loss, error } = await this.#pipe.receive(limitSeconds);
    if (typeof error === "string") throw new WorkerError(error);
    if (typeof seconds !== "number") throw new WorkerError("its answer has no time");
    if (typeof loss === "number" || loss === undefined) return loss === undefined ? { seconds } : { seconds, loss };
    throw new WorkerError("its loss is not a number");
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
