import fc from "fast-check";
import { expect, test } from "vitest";
import { heapBytes, wasm } from "./wasm.ts";

test("blocks do not overlap, keep what is in them, and start on a cache line from 4 KiB on", () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 16, max: 200 }), fc.integer({ min: 4000, max: 20_000 })), { minLength: 1, maxLength: 40 });
  fc.assert(fc.property(sizes, fc.infiniteStream(fc.boolean()), (list, coins) => {
    const blocks: { pointer: number; bytes: number; value: number }[] = [];
    list.forEach((bytes, i) => {
      const pointer = wasm.allocate(bytes) >>> 0;
      expect(pointer % (bytes >= 4096 ? 64 : 16)).toBe(0);
      heapBytes().fill(i + 1, pointer, pointer + bytes);
      blocks.push({ pointer, bytes, value: i + 1 });
      if (coins.next().value) wasm.release(blocks.shift()?.pointer ?? 0);
    });
    for (const { pointer, bytes, value } of blocks) {
      expect(heapBytes().subarray(pointer, pointer + bytes).every((byte) => byte === value)).toBe(true);
      wasm.release(pointer);
    }
  }), { numRuns: 100 });
});

test("a released block is there for the next", () => {
  for (let i = 0; i < 200; i++) wasm.release(wasm.allocate(2 ** 20));
  const before = wasm.pageCount();
  for (let i = 0; i < 2000; i++) wasm.release(wasm.allocate(2 ** 20 - (i % 64)));
  expect(wasm.pageCount()).toBe(before);
});

test("large blocks made one after another lie at different places within their pages", () => {
  const pointers = Array.from({ length: 4 }, () => wasm.allocate(2 ** 20) >>> 0);
  for (const [i, pointer] of pointers.slice(1).entries()) {
    const apart = (pointer - (pointers[i] ?? 0)) & 4095;
    expect(apart).toBeGreaterThanOrEqual(512);
    expect(apart).toBeLessThanOrEqual(4096 - 512);
  }
  for (const pointer of pointers) wasm.release(pointer);
});
