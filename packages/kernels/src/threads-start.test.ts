import { EventEmitter } from "node:events";
import { Script } from "node:vm";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { replaceBuiltin } from "./testing/replace-builtin.ts";

let warnings: unknown[][] = [];
/** The workers that are started and never run a task, by index minus one, and what they were given. */
let started: EventEmitter[] = [];
let given: Given[] = [];

interface Given {
  readonly program: string;
  readonly workerData: { readonly index: number; readonly arrived: Int32Array };
}

beforeEach(() => {
  [warnings, started, given] = [[], [], []];
  vi.resetModules();
  vi.spyOn(process, "emitWarning").mockImplementation((...what: unknown[]) => void warnings.push(what));
});
afterEach(() => {
  vi.doUnmock("./process-limits.ts");
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** The kernels in a process where `start` decides about each worker; those that it lets start do nothing. */
async function kernelsWhere(start: (index: number) => void) {
  class Worker extends EventEmitter {
    constructor(program: string, { workerData }: Omit<Given, "program">) {
      super();
      start(workerData.index);
      started.push(this);
      given.push({ program, workerData });
    }
    unref(): void {}
    postMessage(): void {}
  }
  replaceBuiltin("node:worker_threads", { Worker });
  const { getNumThreads, setNumThreads } = await import("./threads.ts");
  const { wasm, memory } = await import("./wasm.ts");
  /** The sum of 100,000 ones, in several tasks. */
  const sum = (): number => {
    const n = 100_000, x = wasm.allocate(n * 4) >>> 0, out = wasm.allocate(4) >>> 0;
    new Float32Array(memory.buffer, x, n).fill(1);
    wasm.reduce(0, 0, x, out, 1, n, 1);
    return new Float32Array(memory.buffer, out, 1)[0] ?? NaN;
  };
  return { getNumThreads, setNumThreads, sum };
}

const refusal = (code: string, message: string) => Object.assign(new Error(message), { code });

test("a worker that cannot start: one warning, fewer threads, the same results", async () => {
  const { getNumThreads, setNumThreads, sum } = await kernelsWhere((index) => {
    if (index === 2) throw refusal("ERR_WORKER_INIT_FAILED", "Worker initialization failure: EAGAIN");
  });
  setNumThreads(4);
  expect([getNumThreads(), started.length]).toEqual([2, 1]);
  expect(warnings).toEqual([["a worker thread cannot start (Worker initialization failure: EAGAIN): kernels run on 2 threads", { code: "threads/start" }]]);
  expect(sum()).toBe(100_000);
  // Nor is it tried again.
  setNumThreads(8);
  setNumThreads(1);
  setNumThreads(3);
  expect([getNumThreads(), started.length, warnings.length]).toEqual([2, 1, 1]);
});

test("under the permission model: one thread, and how to get more", async () => {
  const { getNumThreads, setNumThreads, sum } = await kernelsWhere(() => {
    throw refusal("ERR_ACCESS_DENIED", "Access to this API has been restricted");
  });
  setNumThreads(2);
  expect(getNumThreads()).toBe(1);
  expect(warnings).toEqual([["a worker thread cannot start (Access to this API has been restricted): kernels run on one thread; node --allow-worker lets it start", { code: "threads/start" }]]);
  expect(sum()).toBe(100_000);
});

/** What a worker's program does last before it waits for tasks. */
function arrive(index: number): void {
  const arrived = given[index - 1]?.workerData.arrived ?? new Int32Array(0);
  Atomics.store(arrived, index, 1);
}

test("a worker that fails before it runs kernels is done without; one that fails later is an error", async () => {
  const { getNumThreads, setNumThreads, sum } = await kernelsWhere(() => undefined);
  setNumThreads(4);
  expect(getNumThreads()).toBe(4);
  started[0]?.emit("online");
  arrive(1);
  // As in an engine that begins with the program and then refuses it.
  started[1]?.emit("online");
  started[1]?.emit("error", refusal("ERR_WORKER_OUT_OF_MEMORY", "Worker terminated due to reaching memory limit"));
  started[2]?.emit("error", refusal("ERR_WORKER_OUT_OF_MEMORY", "Worker terminated due to reaching memory limit"));
  expect(getNumThreads()).toBe(2);
  expect(warnings).toEqual([["a worker thread cannot start (Worker terminated due to reaching memory limit): kernels run on 2 threads", { code: "threads/start" }]]);
  expect(sum()).toBe(100_000);
  expect(() => started[0]?.emit("error", new Error("kernel aborted"))).toThrow("kernel aborted");
});

test("the workers' program runs where the engine has declared what a CommonJS module has (Bun, Deno)", async () => {
  const { setNumThreads } = await kernelsWhere(() => undefined);
  setNumThreads(2);
  const program = given[0]?.program ?? "";
  expect(program).toContain("workerLoop");
  for (const declared of ["", "const exports = {}, require = null, module = { exports }, __filename = '', __dirname = '';"]) {
    expect(() => new Script(`"use strict"; ${declared}\n${program}`)).not.toThrow();
  }
});

/** A process with these limits. */
function withLimits(limits: { readonly quota?: number; readonly limit?: number; readonly used?: number }): void {
  const { quota = Infinity, limit = Infinity, used = 0 } = limits;
  vi.doMock("./process-limits.ts", () => ({ processorQuota: () => quota, addressSpace: () => ({ limit, used }) }));
}

test("a worker for which there are no addresses is not tried: it would end the process", async () => {
  withLimits({ limit: 12e9, used: 9.7e9 });
  const { getNumThreads, setNumThreads, sum } = await kernelsWhere(() => undefined);
  setNumThreads(4);
  expect([getNumThreads(), started.length]).toEqual([3, 2]);
  expect(warnings).toEqual([["a worker thread cannot start (the process has no addresses left for it, ulimit -v): kernels run on 3 threads", { code: "threads/start" }]]);
  expect(sum()).toBe(100_000);
});

test.each([[0.5, 1], [1, 1], [1.9, 1], [Infinity, 4], [3, 3], [100, 4]])("with a quota of %d processors there are %d threads of 4", async (quota, threads) => {
  replaceBuiltin("node:os", { availableParallelism: () => 4 });
  vi.stubEnv("TAPEGRAD_THREADS", "");
  withLimits({ quota });
  const { getNumThreads } = await kernelsWhere(() => undefined);
  expect(getNumThreads()).toBe(threads);
});

test("TAPEGRAD_THREADS wins over a quota", async () => {
  vi.stubEnv("TAPEGRAD_THREADS", "5");
  withLimits({ quota: 2 });
  const { getNumThreads } = await kernelsWhere(() => undefined);
  expect(getNumThreads()).toBe(5);
});
