import { addressSpace, processors, setting, startWorker, warn, workerRemedy } from "#platform";
import { TapegradError } from "./errors.ts";
import type { KernelModule } from "./kernel-module.ts";
import type { BlasPlace, KernelWorker } from "./platform/platform.ts";
import { kernels, memory, wasm } from "./wasm.ts";

const maxThreads = 64;

/** Where each worker notes, by its index, that it has come to its loop; until then no task of a kernel's depends on it. */
const arrived = new Int32Array(new SharedArrayBuffer(4 * maxThreads));

/** Workers by thread index minus one. None is ever started twice: those above the count sleep until it grows again. */
const workers: KernelWorker[] = [];
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
  startThreads();
}

/** Starts the workers before the first work that is worth sharing: programs with small tensors never pay for them. */
export function ensureThreads(): void {
  if (!started) startThreads();
}

/** Workers start in the background: until they are ready, the calling thread does all the work. */
function startThreads(): void {
  started = true;
  if (kernels === null) return;
  while (workers.length < threads - 1) {
    const index = workers.length + 1;
    try {
      if (!hasRoomForWorker()) throw new Error("the process has no addresses left for it, ulimit -v");
      workers.push(startOne(index, kernels));
    } catch (error) {
      doWithout(index, error);
    }
  }
  wasm.setThreadCount(threads);
}

function startOne(index: number, compiled: KernelModule): KernelWorker {
  let isStarting = true;
  const noteStarted = (): void => {
    if (isStarting) starting--;
    isStarting = false;
  };
  const worker = startWorker({ ...compiled, memory, index, arrived }, {
    started: noteStarted,
    failed(error) {
      noteStarted();
      // One that has run kernels may have left one half done.
      if (arrived[index] === 1) throw error;
      doWithout(index, error);
      wasm.setThreadCount(threads);
    },
    lacksBlas: (reason) => warn(`a worker thread cannot use the BLAS (${reason}); it multiplies by plain loops`, "blas/worker"),
  });
  starting++;
  if (blasPlace !== null) worker.giveBlas(blasPlace);
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
  const remedy = workerRemedy(error);
  warn(`a worker thread cannot start (${reason}): kernels run on ${threads === 1 ? "one thread" : `${threads} threads`}${remedy === null ? "" : `; ${remedy}`}`, "threads/start");
}

/** Tells the workers, those too that start later, where BLAS is. Once, and before a kernel uses it. */
export function giveWorkersBlas(place: BlasPlace): void {
  blasPlace = place;
  for (const worker of workers) worker.giveBlas(place);
}

function defaultThreads(): number {
  const wanted = Number(setting("TAPEGRAD_THREADS"));
  if (Number.isInteger(wanted) && wanted >= 1 && wanted <= maxThreads) return wanted;
  // Rounded down: threads that wait for each other stand still together once the quota is used up.
  return Math.max(1, Math.min(8, Math.floor(processors())));
}
