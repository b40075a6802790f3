import type { HostArray } from "../dtype.ts";
import { setNumThreads } from "../threads.ts";
import { layoutPointer, layoutWords, memory, wasm } from "../wasm.ts";

type ArrayType<A extends HostArray> = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => A;

// All that tests allocate lies above 2 GiB, where an address or a byte offset that is taken for a signed number shows. What is below is
// only reserved. (Low addresses are what every test of the packages above has.)
wasm.allocate(2 ** 31);

const guardBytes = 64;
const guardValue = 0xa5;

/** Kernel memory for one test: arrays with guards on both sides, so that a kernel that writes too far is caught. */
export class Arena {
  readonly #blocks: { block: number; pointer: number; bytes: number }[] = [];

  /** Uninitialised room; `offset` bytes off the natural alignment of vectors. */
  room(bytes: number, offset = 0): number {
    const block = wasm.allocate(bytes + 2 * guardBytes + offset) >>> 0;
    const pointer = block + guardBytes + offset;
    new Uint8Array(memory.buffer, block, bytes + 2 * guardBytes + offset).fill(guardValue);
    this.#blocks.push({ block, pointer, bytes });
    return pointer;
  }

  put(values: HostArray, offset = 0): number {
    const pointer = this.room(values.byteLength, offset);
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    new Uint8Array(memory.buffer, pointer, bytes.length).set(bytes);
    return pointer;
  }

  /** A copy of what lies at a pointer. */
  read<A extends HostArray>(type: ArrayType<A>, pointer: number, length: number): A {
    const size = new type(new ArrayBuffer(0), 0, 0).BYTES_PER_ELEMENT;
    const copy = new Uint8Array(length * size);
    copy.set(new Uint8Array(memory.buffer, pointer, copy.length));
    return new type(copy.buffer, 0, length);
  }

  /** Frees everything, and throws if a guard has changed. */
  close(): void {
    for (const { block, pointer, bytes } of this.#blocks) {
      const before = new Uint8Array(memory.buffer, block, pointer - block);
      const after = new Uint8Array(memory.buffer, pointer + bytes, guardBytes);
      const isIntact = before.every((byte) => byte === guardValue) && after.every((byte) => byte === guardValue);
      wasm.release(block);
      if (!isIntact) throw new Error(`a kernel wrote outside its array of ${bytes} bytes`);
    }
    this.#blocks.length = 0;
  }
}

/** Runs `body` with an arena and closes it. */
export function inArena<R>(body: (arena: Arena) => R): R {
  const arena = new Arena();
  const result = body(arena);
  arena.close();
  return result;
}

/** Writes a layout where kernels find it, and returns its address. */
export function writeLayout(sizes: readonly number[], ...strides: readonly (readonly number[])[]): number {
  layoutWords.set([sizes.length, ...sizes, ...strides.flat()]);
  return layoutPointer;
}

/** Whether `run` gives the same bytes with 1, 2 and 3 threads; leaves one thread. */
export function isSameForAnyThreads(run: () => HostArray): boolean {
  const results = [1, 2, 3].map((threads) => {
    setNumThreads(threads);
    // Workers need time to start, and to leave: until then the calling thread would do all the work.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, threads > 1 ? 150 : 30);
    const result = run();
    return Buffer.from(result.buffer, result.byteOffset, result.byteLength);
  });
  setNumThreads(1);
  const [first] = results;
  return first !== undefined && first.length > 0 && results.every((result) => result.equals(first));
}
