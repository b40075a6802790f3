import fc from "fast-check";
import { expect, test } from "vitest";
import { allocateBlock, releaseBlock } from "./allocator.ts";
import { heapBytes, wasm } from "./wasm.ts";

test("blocks of any size do not overlap, whether new or taken from the stock", () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 900, max: 1200 })), { minLength: 1, maxLength: 60 });
  fc.assert(fc.property(sizes, fc.infiniteStream(fc.boolean()), (list, coins) => {
    const blocks: { pointer: number; bytes: number; value: number }[] = [];
    list.forEach((bytes, i) => {
      const pointer = allocateBlock(bytes);
      expect(pointer % 16).toBe(0);
      heapBytes().fill(i + 1, pointer, pointer + bytes);
      blocks.push({ pointer, bytes, value: i + 1 });
      const released = coins.next().value ? blocks.shift() : undefined;
      if (released !== undefined) releaseBlock(released.pointer, released.bytes);
    });
    for (const { pointer, bytes, value } of blocks) {
      expect(heapBytes().subarray(pointer, pointer + bytes).every((byte) => byte === value)).toBe(true);
      releaseBlock(pointer, bytes);
    }
  }), { numRuns: 100 });
});

test("the stock is bounded: what is beyond goes back to the module", () => {
  const fill = (): void => {
    const pointers = Array.from({ length: 5000 }, () => allocateBlock(1000));
    for (const pointer of pointers) releaseBlock(pointer, 1000);
  };
  fill();
  const pages = wasm.pageCount();
  // Much larger than what the module has left, unless those 5000 blocks are free again.
  const large = wasm.allocate(4_000_000);
  expect(wasm.pageCount() - pages).toBeLessThan(10);
  wasm.release(large);
  fill();
  expect(wasm.pageCount() - pages).toBeLessThan(10);
});
