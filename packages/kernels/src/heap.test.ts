import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MemoryError } from "./errors.ts";
import { beginCall, memoryStats, mostBlockBytes, setHeapBudget } from "./heap.ts";
import { binaryOps } from "./operations.generated.ts";
import { Storage } from "./storage.ts";
import { setNumThreads } from "./threads.ts";
import { heapBytes, wasm } from "./wasm.ts";

setNumThreads(1);
const mebibyte = 2 ** 20;
const wholeMebibytes = Math.floor(mostBlockBytes / mebibyte);
const usualBudget = memoryStats().budget;
const made: Storage[] = [];

/** Memory that is not written is only reserved: a test may have gigabytes of it. */
function storageOf(mebibytes: number): Storage {
  const storage = new Storage("uint8", mebibytes * mebibyte);
  made.push(storage);
  return storage;
}

beforeEach(() => setHeapBudget(4000 * mebibyte));

afterEach(() => {
  for (const storage of made.splice(0)) storage.free();
  setHeapBudget(usualBudget);
});

function errorOf(action: () => unknown): MemoryError {
  try {
    action();
  } catch (error) {
    if (error instanceof MemoryError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("where the memory is full", () => {
  test("a block larger than the memory is refused at once, and nothing is copied out for it", () => {
    beginCall();
    storageOf(1);
    beginCall();
    const { resident, spills } = memoryStats();
    const free = wasm.mostBytesNow() >>> 0;
    expect(errorOf(() => storageOf(5000)).message).toBe(`heap: 5242880000 bytes do not fit: the running call uses ${resident} of the memory's ${mostBlockBytes} bytes, the largest free piece has ${free}
  hint: use a smaller batch or model
  code: heap/exhausted`);
    expect(memoryStats().spills).toBe(spills);
  });

  test("an error tells what the running call uses and what is free", () => {
    beginCall();
    const operand = storageOf(2200);
    expect(operand.pointer).toBeGreaterThan(0);
    const { message, data } = errorOf(() => storageOf(2200));
    const free = wasm.mostBytesNow() >>> 0;
    expect(free).toBeLessThan(2200 * mebibyte);
    expect(message).toBe(`heap: ${2200 * mebibyte} bytes do not fit: the running call uses ${2200 * mebibyte} of the memory's ${mostBlockBytes} bytes, the largest free piece has ${free}
  hint: use a smaller batch or model
  code: heap/exhausted`);
    expect(data).toEqual({ bytes: 2200 * mebibyte, resident: 2200 * mebibyte, free, most: mostBlockBytes });
  });

  test("blocks of earlier calls go, and come back as they were", () => {
    beginCall();
    const kept = [storageOf(30), storageOf(30)];
    kept.forEach((storage, i) => heapBytes().fill(i + 1, storage.pointer, storage.pointer + 1000));
    beginCall();
    const large = storageOf(wholeMebibytes - 40);
    expect(large.pointer).toBeGreaterThan(0);
    beginCall();
    large.free();
    expect(kept.map((storage) => [storage.elements[0], storage.elements[999]])).toEqual([[1, 1], [2, 2]]);
    expect(kept.map((storage) => heapBytes()[storage.pointer + 500])).toEqual([1, 2]);
  });

  test("of the running call, only what a kernel was told the address of stays", () => {
    beginCall();
    const told = storageOf(wholeMebibytes - 50);
    const { pointer } = told;
    const first = storageOf(30);
    first.elements[7] = 42;
    const second = storageOf(30);
    expect(told.pointer).toBe(pointer);
    expect(second.elements.length).toBe(30 * mebibyte);
    expect(first.elements[7]).toBe(42);
    const place = first.pointer;
    expect(heapBytes()[place + 7]).toBe(42);
    // Both cannot be there.
    expect(errorOf(() => second.pointer).code).toBe("heap/exhausted");
    expect([told.pointer, first.pointer]).toEqual([pointer, place]);
  });

  test("many small blocks do not stand in the way of a large one", () => {
    beginCall();
    for (let i = 0; i < 3000; i++) {
      storageOf(1);
      const small = new Storage("uint8", 100 + (i % 800));
      // Every second small one is given back, to the stock.
      if (i % 2 === 0) small.free();
      else made.push(small);
    }
    for (const storage of made) if (storage.length === mebibyte) storage.free();
    beginCall();
    const large = new Storage("uint8", mostBlockBytes - mebibyte);
    expect(large.pointer).toBeGreaterThan(0);
    large.free();
  });
});

describe("a kernel's own room", () => {
  const side = 1024;

  /** Takes all but 2 MiB, so that the heap does not know. */
  function fillMemory(): number {
    return wasm.allocate((wasm.mostBytesNow() >>> 0) - 2 * mebibyte) >>> 0;
  }

  /** Adds a transposed matrix, of which the kernel makes a copy. */
  function addTransposed(a: number, b: number, out: number): void {
    const layout = 8192;
    new Int32Array(heapBytes().buffer, layout, 7).set([2, side, side, 1, side, side, 1]);
    wasm.binaryStrided(binaryOps.add, 0, a, b, out, layout);
  }

  test("is made by copying out what the kernel does not use", () => {
    beginCall();
    const other = storageOf(16);
    beginCall();
    const [a, b, out] = [storageOf(4), storageOf(4), storageOf(4)];
    const rest = fillMemory();
    new Float32Array(heapBytes().buffer, a.pointer, side * side).forEach((_, i, values) => (values[i] = i % side));
    new Float32Array(heapBytes().buffer, b.pointer, side * side).fill(0.5);
    const before = memoryStats().spills;
    addTransposed(a.pointer, b.pointer, out.pointer);
    wasm.release(rest);
    expect(memoryStats().spills).toBe(before + 1);
    expect(other.freed).toBe(false);
    expect(new Float32Array(heapBytes().buffer, out.pointer, side * side).every((value, i) => value === Math.floor(i / side) + 0.5)).toBe(true);
  });

  test("that cannot be made is an error, after which nothing is lost", () => {
    beginCall();
    const [a, b, out] = [storageOf(4), storageOf(4), storageOf(4)];
    const rest = fillMemory();
    const pointers = [a, b, out].map((storage) => storage.pointer);
    const claimed = wasm.claimedBytes();
    const { message } = errorOf(() => addTransposed(a.pointer, b.pointer, out.pointer));
    expect(message.split(":")[1]).toBe(` ${4 * mebibyte} bytes do not fit`);
    expect(wasm.claimedBytes()).toBeLessThanOrEqual(claimed);
    wasm.release(rest);
    addTransposed(a.pointer, b.pointer, out.pointer);
    expect([a, b, out].map((storage) => storage.pointer)).toEqual(pointers);
  });
});
