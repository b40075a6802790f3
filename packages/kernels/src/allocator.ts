import { wasm } from "./wasm.ts";

/**
 * The module's allocator, with a stock of small blocks that were given back: most blocks of a program that works on small tensors
 * are short-lived, and taking one from here is cheaper than calling the module.
 */
const stepBits = 6;
const step = 1 << stepBits;
const smallBytes = 1024;
/** How many blocks of one size are in stock at most. */
const depth = 256;

/** Pointers, `depth` places for each size in steps, and how many there are. */
const stock = new Uint32Array((smallBytes / step + 1) * depth);
const counts = new Int32Array(smallBytes / step + 1);

/** In steps; 1 for an empty block. */
function sizeOf(bytes: number): number {
  return bytes === 0 ? 1 : (bytes + step - 1) >>> stepBits;
}

/** Address of a new block; 0 where there is no room. */
export function allocateBlock(bytes: number): number {
  if (bytes > smallBytes) return wasm.allocate(bytes) >>> 0;
  const size = sizeOf(bytes);
  const count = counts[size] as number;
  if (count === 0) return wasm.allocate(size * step) >>> 0;
  counts[size] = count - 1;
  return stock[size * depth + count - 1] as number;
}

/** Gives the stock back to the module; whether there was any. */
export function emptyStock(): boolean {
  let isAny = false;
  for (let size = 0; size < counts.length; size++) {
    const count = counts[size] as number;
    for (let i = 0; i < count; i++) wasm.release(stock[size * depth + i] as number);
    counts[size] = 0;
    isAny ||= count > 0;
  }
  return isAny;
}

/** Gives back a block of so many bytes. */
export function releaseBlock(pointer: number, bytes: number): void {
  const size = sizeOf(bytes);
  if (bytes > smallBytes || counts[size] === depth) {
    wasm.release(pointer);
    return;
  }
  const count = counts[size] as number;
  stock[size * depth + count] = pointer;
  counts[size] = count + 1;
}
