import { readFileSync } from "node:fs";
import type { KernelExports } from "./exports.ts";

/** The one memory that the launching thread and all workers share. Grows as needed, up to 4 GiB. */
export const memory = new WebAssembly.Memory({ initial: 16, maximum: 65536, shared: true });

/** The compiled kernels. `../dist` is right from `src` and from `dist` alike. */
export const kernelModule = new WebAssembly.Module(readFileSync(new URL("../dist/kernels.wasm", import.meta.url)));

function abort(): never {
  throw new Error("kernel aborted");
}

/** The launching thread's instance. */
export const wasm = new WebAssembly.Instance(kernelModule, { env: { memory, abort } }).exports as KernelExports;

let buffer: ArrayBufferLike = memory.buffer;
let bytes = new Uint8Array(buffer);

/** All of the memory as bytes, made anew after it has grown. */
export function heapBytes(): Uint8Array {
  if (buffer !== memory.buffer) {
    buffer = memory.buffer;
    bytes = new Uint8Array(buffer);
  }
  return bytes;
}

/** Where kernels find the shapes and strides that the host passes (`assembly/control.ts`). */
export const layoutPointer = 8192;
export const layoutWords = new Int32Array(memory.buffer, layoutPointer, 1024);
