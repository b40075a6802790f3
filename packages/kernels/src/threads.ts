import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { TapegradError } from "./errors.ts";
import { kernelModule, memory, wasm } from "./wasm.ts";

const maxThreads = 64;

/** A worker's whole program: it lives inside `workerLoop` and never returns to its event loop while it is wanted. */
const workerProgram = `
const { workerData } = require("node:worker_threads");
const { module, memory, index } = workerData;
const abort = () => { throw new Error("kernel aborted"); };
new WebAssembly.Instance(module, { env: { memory, abort } }).exports.workerLoop(index);
`;

/** Workers by thread index minus one. None is ever started twice: those above the count sleep until it grows again. */
const workers: Worker[] = [];
let threads = defaultThreads();
let started = false;

/** Threads that run kernels, the calling one included. */
export function getNumThreads(): number {
  return threads;
}

/**
 * Sets how many threads run kernels; without it, `TAPEGRAD_THREADS` or one for each available core, at most 8. Results do
 * not depend on it.
 *
 * Throws    TapegradError `threads/count`
 */
export function setNumThreads(count: number): void {
  if (!Number.isInteger(count) || count < 1 || count > maxThreads) {
    throw new TapegradError({
      op: "setNumThreads",
      fact: `the count ${count} must be an integer from 1 to ${maxThreads}`,
      code: "threads/count",
      data: { count },
    });
  }
  threads = count;
  startThreads();
}

/** Starts the workers before the first work that is worth sharing: programs with small tensors never pay for them. */
export function ensureThreads(): void {
  if (!started) startThreads();
}

/** Workers start in the background: until they are ready, the calling thread does all the work. */
function startThreads(): void {
  started = true;
  wasm.setThreadCount(threads);
  while (workers.length < threads - 1) {
    const worker = new Worker(workerProgram, { eval: true, workerData: { module: kernelModule, memory, index: workers.length + 1 } });
    worker.unref();
    workers.push(worker);
  }
}

function defaultThreads(): number {
  const wanted = Number(process.env["TAPEGRAD_THREADS"]);
  if (Number.isInteger(wanted) && wanted >= 1 && wanted <= maxThreads) return wanted;
  return Math.min(availableParallelism(), 8);
}
