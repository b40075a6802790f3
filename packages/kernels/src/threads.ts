import type { MessagePort, Worker } from "node:worker_threads";
import { TapegradError } from "./errors.ts";
import { addressSpace, processorQuota } from "./process-limits.ts";
import { setting } from "./surroundings.ts";
import { kernels, memory, wasm } from "./wasm.ts";

const { availableParallelism } = process.getBuiltinModule("node:os");

const maxThreads = 64;

/** Where each worker notes, by its index, that it has come to its loop; until then no task of a kernel's depends on it. */
const arrived = new Int32Array(new SharedArrayBuffer(4 * maxThreads));

/**
 * A worker's whole program: it lives inside `workerLoop` and never returns to its event loop while it is wanted. So it fetches
 * the message that says where BLAS is when a kernel first calls for it, from a port of its own: Deno's `parentPort` is none that can be asked. Should
 * that fail, it says so and gives 0: the kernel then multiplies by itself, whereas an error would leave the launching thread waiting for
 * this task for ever. The program is a block because Bun and Deno run it where `module` is declared.
 */
const workerProgram = `{
const { parentPort, receiveMessageOnPort, workerData } = require("node:worker_threads");
const { module, wideModule, hasWide, memory, index, arrived, port } = workerData;
const abort = () => { throw new Error("kernel aborted"); };
let blas;
function bindBlas() {
  try {
    const { modulePath, file } = receiveMessageOnPort(port).message;
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
const { workerLoop } = new WebAssembly.Instance(module, { env, wide }).exports;
Atomics.store(arrived, index, 1);
workerLoop(index);
}
`;

/** Where a worker finds BLAS: a module that binds it, and the library file that the launching thread has bound. */
export interface BlasPlace {
  readonly modulePath: string;
  readonly file: string;
}

/** Workers by thread index minus one. None is ever started twice: those above the count sleep until it grows again. */
const workers: Worker[] = [];
/** The other ends of their ports. */
const ports: MessagePort[] = [];
let threads = defaultThreads();
let started = false;
/** How many threads there can be, as far as is known: less once a worker could not start. */
let startable = maxThreads;
/** Workers that were started and are not known to run yet. */
let starting = 0;
let blasPlace: BlasPlace | null = null;

/** Threads that run kernels, the calling one included. */
export function getNumThreads(): number {
  return threads;
}

/**
 * Sets how many threads run kernels; without it, `TAPEGRAD_THREADS` or one for each available core, at most 8, and no more than a
 * control group's quota grants. Where workers cannot start, there are fewer, with one warning. Results do not depend on it.
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
  threads = Math.min(count, startable);
  if (kernels !== null) startThreads();
}

/** Starts the workers before the first work that is worth sharing: programs with small tensors never pay for them. */
export function ensureThreads(): void {
  if (!started && kernels !== null) startThreads();
}

/** Workers start in the background: until they are ready, the calling thread does all the work. */
function startThreads(): void {
  started = true;
  while (workers.length < threads - 1) {
    const index = workers.length + 1;
    try {
      if (!hasRoomForWorker()) throw new Error("the process has no addresses left for it, ulimit -v");
      workers.push(startWorker(index));
    } catch (error) {
      doWithout(index, error);
    }
  }
  wasm.setThreadCount(threads);
}

function startWorker(index: number): Worker {
  // Loaded with the first worker: it takes a millisecond.
  const { MessageChannel, Worker } = process.getBuiltinModule("node:worker_threads");
  // Without the process's own options: `--input-type=module` would take `require` away.
  const { port1, port2: port } = new MessageChannel();
  const worker = new Worker(workerProgram, { eval: true, execArgv: [], workerData: { ...kernels, memory, index, arrived, port }, transferList: [port] });
  port1.unref();
  ports.push(port1);
  let isStarting = true;
  starting++;
  const noteStarted = (): void => {
    if (isStarting) starting--;
    isStarting = false;
  };
  worker.once("online", noteStarted);
  worker.on("error", (error) => {
    noteStarted();
    // One that has run kernels may have left one half done.
    if (arrived[index] === 1) throw error;
    doWithout(index, error);
    wasm.setThreadCount(threads);
  });
  // The only message there is (the program above).
  worker.on("message", (error: string) => {
    process.emitWarning(`a worker thread cannot use the BLAS (${error}); it multiplies by plain loops`, { code: "blas/worker" });
  });
  worker.unref();
  if (blasPlace !== null) port1.postMessage(blasPlace);
  return worker;
}

/** What an isolate of V8's reserves of addresses, and a little more: one that finds too few takes the whole process with it. */
const workerAddressBytes = 2 ** 30;

function hasRoomForWorker(): boolean {
  const { limit, used } = addressSpace();
  // Those that are starting may not have reserved theirs yet.
  return limit - used >= (starting + 1) * workerAddressBytes;
}

/** Goes on without the workers from this index on, of which none is tried again. */
function doWithout(index: number, error: unknown): void {
  const isFirst = startable === maxThreads;
  startable = Math.min(startable, index);
  threads = Math.min(threads, startable);
  if (!isFirst) return;
  const reason = error instanceof Error ? error.message : String(error);
  const isDenied = error instanceof Error && "code" in error && error.code === "ERR_ACCESS_DENIED";
  process.emitWarning(`a worker thread cannot start (${reason}): kernels run on ${threads === 1 ? "one thread" : `${threads} threads`}${isDenied ? "; node --allow-worker lets it start" : ""}`, { code: "threads/start" });
}

/** Tells the workers, those too that start later, where BLAS is. Once, and before a kernel uses it. */
export function giveWorkersBlas(place: BlasPlace): void {
  blasPlace = place;
  for (const port of ports) port.postMessage(place);
}

function defaultThreads(): number {
  const wanted = Number(setting("TAPEGRAD_THREADS"));
  if (Number.isInteger(wanted) && wanted >= 1 && wanted <= maxThreads) return wanted;
  // Rounded down: threads that wait for each other stand still together once the quota is used up.
  return Math.max(1, Math.min(availableParallelism(), 8, Math.floor(processorQuota())));
}
