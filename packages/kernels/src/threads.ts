import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { kernelModule, memory, wasm } from "./wasm.ts";

export const maxThreads = 64;

/** A worker's whole program: it lives inside `workerLoop` and never returns to its event loop while it is wanted. */
const workerProgram = `
const { workerData } = require("node:worker_threads");
const { module, memory, index } = workerData;
const abort = () => { throw new Error("kernel aborted"); };
new WebAssembly.Instance(module, { env: { memory, abort } }).exports.workerLoop(index);
`;

/** Workers by thread index minus one. */
const workers: Worker[] = [];
let threads = 1;

/** Threads that run kernels, the calling one included. */
export function getNumThreads(): number {
  return threads;
}

/**
 * Sets how many threads run kernels. Results do not depend on it. Workers start in the background: until they are
 * ready, the calling thread does all the work.
 */
export function setNumThreads(count: number): void {
  if (!Number.isInteger(count) || count < 1 || count > maxThreads) {
    throw new RangeError(`setNumThreads: the count ${count} must be an integer from 1 to ${maxThreads}`);
  }
  threads = count;
  // Returning workers end by themselves: nothing but `workerLoop` keeps them.
  workers.length = Math.min(workers.length, count - 1);
  wasm.setThreadCount(count);
  while (workers.length < count - 1) {
    const worker = new Worker(workerProgram, { eval: true, workerData: { module: kernelModule, memory, index: workers.length + 1 } });
    worker.unref();
    workers.push(worker);
  }
}

/** The number of threads to start with: `TAPEGRAD_THREADS`, or one for each available core, at most 8. */
export function defaultThreads(): number {
  const wanted = Number(process.env["TAPEGRAD_THREADS"]);
  if (Number.isInteger(wanted) && wanted >= 1 && wanted <= maxThreads) return wanted;
  return Math.min(availableParallelism(), 8);
}
