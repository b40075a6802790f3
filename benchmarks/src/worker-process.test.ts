import { expect, test } from "vitest";
import { WorkerError, type WorkerCommand } from "./json-pipe.ts";
import { WorkerProcess } from "./worker-process.ts";

const request = { task: "train", model: "mlp", steps: 1 } as const;

/** A worker that greets, and answers with what `answer` makes of a request. */
function worker(answer: string): WorkerCommand {
  const program = `
    const write = (message) => console.log(JSON.stringify(message));
    console.log("Hi, looks like you are running a library");
    write({ ready: true, version: "1.2.3" });
    require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => { const request = JSON.parse(line); ${answer} });`;
  return { file: process.execPath, args: ["-e", program] };
}

async function ask(answer: string, limitSeconds = 20): Promise<unknown> {
  const started = await WorkerProcess.start([worker(answer)], 20);
  try {
    return await started.ask(request, limitSeconds);
  } finally {
    await started.close();
    expect(started.isAlive).toBe(false);
  }
}

test("a worker says its version and answers", async () => {
  const started = await WorkerProcess.start([worker("write({ seconds: request.steps / 4, loss: 2 })")], 20);
  expect(started.version).toBe("1.2.3");
  expect(await started.ask(request, 20)).toEqual({ seconds: 0.25, loss: 2 });
  expect(await started.ask({ ...request, steps: 2 }, 20)).toEqual({ seconds: 0.5, loss: 2 });
  await started.close();
});

test("a worker may say more: its kernels, and how much memory it took", async () => {
  const started = await WorkerProcess.start([worker("write({ seconds: 1, megabytes: 12.5 })")], 20);
  expect(started.kernels).toBeNull();
  expect(await started.ask(request, 20)).toEqual({ seconds: 1, megabytes: 12.5 });
  await started.close();
});

test("the first command that works is taken", async () => {
  const broken: WorkerCommand = { file: process.execPath, args: ["-e", "throw new RangeError('no library')"] };
  const missing: WorkerCommand = { file: "no-such-program-anywhere", args: [] };
  const started = await WorkerProcess.start([missing, broken, worker("")], 20);
  expect(started.version).toBe("1.2.3");
  await started.close();
  await expect(WorkerProcess.start([missing, broken], 20)).rejects.toThrow(new WorkerError("it ended (exit code 1): RangeError: no library"));
  await expect(WorkerProcess.start([missing], 20)).rejects.toThrow(/^it cannot be started: .*no-such-program-anywhere/);
  await expect(WorkerProcess.start([], 20)).rejects.toThrow(new WorkerError("there is no command to start it"));
});

test("what a worker cannot do is told", async () => {
  await expect(ask("write({ error: 'no such kernel' })")).rejects.toThrow(new WorkerError("no such kernel"));
  await expect(ask("write({})")).rejects.toThrow(new WorkerError("its answer has no time"));
  await expect(ask("write({ seconds: 1, loss: NaN })")).rejects.toThrow(new WorkerError("its loss is not a number"));
  await expect(ask("process.exit(3)")).rejects.toThrow(new WorkerError("it ended (exit code 3)"));
});

test("a worker that takes too long is ended", async () => {
  await expect(ask("for (;;);", 0.2)).rejects.toThrow(new WorkerError("it takes more than 0.2 s"));
});
