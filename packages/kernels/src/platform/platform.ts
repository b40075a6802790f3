// What the kernels need of the engine around them. `#platform` is it: node.ts, which Bun and Deno understand too. For an engine that is not like
// these, a file beside node.ts exports the same functions, and a condition in package.json's `imports` leads to it.
import type { CompiledModule, SharedMemory } from "../webassembly-types.ts";

/** The compiled modules, by the names of their files. */
export type KernelFile = "kernels.wasm" | "kernels-fma.wasm" | "kernels-wide.wasm";

/**
 * JavaScript's garbage collector, made to work inside a synchronous loop.
 *
 * A `WeakRef` that was made or read keeps its target alive until the running job ends, and a loop that never awaits is one
 * single job.
 */
export interface Collector {
  /** Lets go of the targets of weak references that the running job has made or read. Some 30 microseconds. */
  forgetReads(): void;
  /** A full collection: milliseconds, in proportion to what is alive. */
  collect(): void;
}

/** Flags of the engine, which belong to the process: what puts them up, and down again. */
export interface EngineFlags {
  readonly up: readonly string[];
  readonly down: readonly string[];
}

/** Where a worker finds BLAS: a module that binds it, and the library file that the launching thread has bound. */
export interface BlasPlace {
  readonly modulePath: string;
  readonly file: string;
}

/** What a worker is given: the kernels, their memory, its index, and where to note, by that, that it has come to its loop. */
export interface WorkerJob {
  readonly module: CompiledModule;
  readonly wideModule: CompiledModule | null;
  readonly hasWide: boolean;
  /** Small modules that live as long as the kernels (kernel-module.ts). */
  readonly markers: readonly CompiledModule[];
  readonly memory: SharedMemory;
  readonly index: number;
  readonly arrived: Int32Array;
}

/** What a worker tells. */
export interface WorkerEvents {
  /** It exists; its program may not run yet. */
  started(): void;
  failed(error: unknown): void;
  /** The BLAS cannot be used there, for this reason. */
  lacksBlas(reason: string): void;
}

/** A worker: it sleeps or runs tasks, and does not keep the process alive. */
export interface KernelWorker {
  /** Once. It may be called before the worker runs. */
  giveBlas(place: BlasPlace): void;
}

/** What a platform exports. */
export interface Platform {
  /** A variable of the environment, such as `TAPEGRAD_THREADS`; undefined too where it may not be read. */
  setting(name: `TAPEGRAD_${string}`): string | undefined;
  /** Bytes of the machine's memory; Infinity where it may not be asked for. */
  machineMemory(): number;
  /** Bytes of addresses that the process may have, and has; the limit is Infinity without one. */
  addressSpace(): { readonly limit: number; readonly used: number };
  /** How many processors' time this process may have; a fraction where it is granted one. */
  processors(): number;
  /** How the program is started so that a memory takes fewer addresses, as words behind "start it with"; null where there is no such way. */
  thriftyStart(): string | null;
  /** Tells the user what is worth knowing and no reason to stop. */
  warn(text: string, code: string): void;
  /** The engine's collector; null where the engine does not hand it out. Made when first needed. */
  engineCollector(): Collector | null;
  /** What lets the engine compile relaxed SIMD; null where nothing is needed, or helps. */
  readonly relaxedFlags: EngineFlags | null;
  /** What makes it join two vectors into one of 256 bits, and compile `marker` (kernel-module.ts); null where it does not, or was not looked at. */
  readonly wideFlags: EngineFlags | null;
  setEngineFlag(flag: string): void;
  /** A compiled module. Throws TapegradError `kernels/file` where it cannot be found. */
  readKernels(file: KernelFile): Uint8Array;
  /** The file that a name of one of our packages leads to from the file `place`, or null where the package is not installed. */
  packageFile(name: string, place: string): string | null;
  /** What the file `path` exports, which may call the system. */
  loadNative(path: string): unknown;
  /** Throws where a worker cannot start, for any reason. */
  startWorker(job: WorkerJob, events: WorkerEvents): KernelWorker;
  /** How a worker can be had where starting one has failed so; null where the error says all there is. */
  workerRemedy(error: unknown): string | null;
}
