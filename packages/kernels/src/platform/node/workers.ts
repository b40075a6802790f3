import type { Worker } from "node:worker_threads";
import type { BlasPlace, KernelWorker, WorkerEvents, WorkerJob } from "../platform.ts";

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

/** Whoever starts one has no hold on it but its port. */
const workers: Worker[] = [];

/** Throws where a worker cannot start, for any reason. */
export function startWorker(job: WorkerJob, events: WorkerEvents): KernelWorker {
  // Loaded with the first worker: it takes a millisecond.
  const { MessageChannel, Worker } = process.getBuiltinModule("node:worker_threads");
  // Without the process's own options: `--input-type=module` would take `require` away.
  const { port1, port2: port } = new MessageChannel();
  const worker = new Worker(workerProgram, { eval: true, execArgv: [], workerData: { ...job, port }, transferList: [port] });
  port1.unref();
  worker.once("online", () => events.started());
  worker.on("error", (error) => events.failed(error));
  // The only message there is (the program above).
  worker.on("message", (reason: string) => events.lacksBlas(reason));
  worker.unref();
  workers.push(worker);
  return { giveBlas: (place: BlasPlace) => port1.postMessage(place) };
}

/** How a worker can be had where starting one has failed so; null where the error says all there is. */
export function workerRemedy(error: unknown): string | null {
  return error instanceof Error && "code" in error && error.code === "ERR_ACCESS_DENIED" ? "node --allow-worker lets it start" : null;
}
