import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { TapegradError } from "./errors.ts";
import { kernels, memory, wasm } from "./wasm.ts";

const maxThreads = 64;

/**
 * A worker's whole program: it lives inside `workerLoop` and never returns to its event loop while it is wanted. So it fetches
 * the message that says where BLAS is when a kernel first calls for it. Should that fail, it says so and gives 0: the kernel
 * then multiplies by itself, whereas an error would leave the launching thread waiting for this task for ever.
 */
const workerProgram = `
const { parentPort, receiveMessageOnPort, workerData } = require("node:worker_threads");
const { module, wideModule, hasWide, memory, index } = workerData;
const abort = () => { throw new Error("kernel aborted"); };
let blas;
function bindBlas() {
  try {
    const { modulePath, file } = receiveMessageOnPort(parentPort).message;
    blas = require(modulePath).bind(file, memory);
  } catch (error) {
    parentPort.postMessage(String(error));
    blas = { gemmF32: () => 0, gemmF64: () => 0 };
  }
}
const gemmF32 = (tA, tB, m, n, k, a, lda, b, ldb, accumulate, c, ldc) => {
  if (blas === undefined) bindBlas();
  return blas.gemmF32(tA, tB, m, n, k, a, lda, b, ldb, accumulate, c, ldc);
};
const gemmF64 = (tA, tB, m, n, k, a, lda, b, ldb, accumulate, c, ldc) => {
  if (blas === undefined) bindBlas();
  return blas.gemmF64(tA, tB, m, n, k, a, lda, b, ldb, accumulate, c, ldc);
};
const loadBlas = () => 0, makeRoom = () => 0;
const wide = wideModule === null ? {} : new WebAssembly.Instance(wideModule, { env: { memory } }).exports;
const env = { memory, abort, gemmF32, gemmF64, loadBlas, makeRoom, hasWide: Number(hasWide) };
new WebAssembly.Instance(module, { env, wide }).exports.workerLoop(index);
`;

/** Where a worker finds BLAS: a module that binds it, and the library file that the launching thread has bound. */
export interface BlasPlace {
  readonly modulePath: string;
  readonly file: string;
}

/** Workers by thread index minus one. None is ever started twice: those above the count sleep until it grows again. */
const workers: Worker[] = [];
let threads = defaultThreads();
let started = false;
let blasPlace: BlasPlace | null = null;

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
    // Without the process's own options: `--input-type=module` would take `require` away.
    const workerData = { ...kernels, memory, index: workers.length + 1 };
    const worker = new Worker(workerProgram, { eval: true, execArgv: [], workerData });
    // The only message there is (the program above).
    worker.on("message", (error: string) => {
      process.emitWarning(`a worker thread cannot use the BLAS (${error}); it multiplies by plain loops`, { code: "blas/worker" });
    });
    worker.unref();
    if (blasPlace !== null) worker.postMessage(blasPlace);
    workers.push(worker);
  }
}

/** Tells the workers, those too that start later, where BLAS is. Once, and before a kernel uses it. */
export function giveWorkersBlas(place: BlasPlace): void {
  blasPlace = place;
  for (const worker of workers) worker.postMessage(place);
}

function defaultThreads(): number {
  const wanted = Number(process.env["TAPEGRAD_THREADS"]);
  if (Number.isInteger(wanted) && wanted >= 1 && wanted <= maxThreads) return wanted;
  return Math.min(availableParallelism(), 8);
}
