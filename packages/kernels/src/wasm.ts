import { backendName } from "./backend-choice.ts";
import { blasImports } from "./blas-functions.ts";
import type { KernelExports } from "./exports.generated.ts";
import { compileKernels, type KernelModule } from "./kernel-module.ts";
import { reserveMemory, type Reserved } from "./reserve-memory.ts";

/** Where the kernels are not used, as much as lies at fixed addresses, below. */
const nothingReserved: Reserved = { memory: { buffer: new SharedArrayBuffer(2 ** 14), grow: () => 0 }, maxBytes: 2 ** 32 - 2 ** 16 };

const reserved = backendName === "wasm" ? reserveMemory() : nothingReserved;

/** The one memory that the launching thread and all workers share. Grows as needed, up to `maxMemoryBytes`. */
export const memory = reserved.memory;

/** 4 GiB, or less where the system does not give that many addresses. */
export const maxMemoryBytes = reserved.maxBytes;

/** Null where the kernels are not used. */
export const kernels: KernelModule | null = backendName === "wasm" ? compileKernels() : null;

function abort(): never {
  throw new Error("kernel aborted");
}

/** Frees memory that a kernel asks for; false if there is nothing to free, which throws where the kernel `isNeeded` to have it. */
type RoomMaker = (bytes: number, isNeeded: boolean) => boolean;

let makeRoom: RoomMaker = () => false;

/** What runs when a kernel finds no room for its temporaries. */
export function setRoomMaker(maker: RoomMaker): void {
  makeRoom = maker;
}

const roomImports = { makeRoom: (bytes: number, isNeeded: number) => Number(makeRoom(bytes >>> 0, isNeeded !== 0)) };

function instantiate({ module, wideModule, hasWide }: KernelModule): KernelExports {
  const wide = wideModule === null ? {} : { ...new WebAssembly.Instance(wideModule, { env: { memory } }).exports };
  const env = { memory, abort, ...blasImports, ...roomImports, hasWide: Number(hasWide) };
  return new WebAssembly.Instance(module, { env, wide }).exports as KernelExports;
}

/** Functions of kernels that are not there: whoever calls one has passed over the backend. */
function absentKernels(): KernelExports {
  const absent = (name: string) => (): never => {
    throw new Error(`the kernel ${name} was called, and the backend is ${backendName}`);
  };
  return new Proxy({} as KernelExports, { get: (_, name) => absent(String(name)) });
}

/** The launching thread's instance. */
export const wasm = kernels === null ? absentKernels() : instantiate(kernels);

let pages = 0;
let bytes: Uint8Array = new Uint8Array(0);

/** Makes the views anew after the memory has grown. Asking the module is far cheaper than asking for `memory.buffer`. */
function refreshViews(): void {
  const now = wasm.pageCount();
  if (now === pages) return;
  pages = now;
  bytes = new Uint8Array(memory.buffer);
}

/** All of the memory as bytes; valid until the next allocation. */
export function heapBytes(): Uint8Array {
  refreshViews();
  return bytes;
}

/** Where kernels find the shapes and strides that the host passes (`assembly/runtime/control.ts`). */
export const layoutPointer = 8192;
export const layoutWords = new Int32Array(memory.buffer, layoutPointer, 1024);

/** Where small blocks are listed that are spilled together, and where their bytes are gathered. */
export const spillListPointer = 12288;
export const spillList = new Int32Array(memory.buffer, spillListPointer, 128);
export const spillRoomPointer = 12800;
export const spillRoomBytes = 3584;
