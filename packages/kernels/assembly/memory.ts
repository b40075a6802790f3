/**
 * The allocator of the heap (AssemblyScript's TLSF). Only the launching thread may allocate.
 *
 * Blocks of some size start on a cache line: a BLAS whose vectors are as wide as one is a tenth slower where each of them lies
 * across two. The four bytes before a block say how far into the allocator's own block it lies.
 */
const CACHE_LINE: usize = 64;
/** The alignment of the allocator, and of small blocks. */
const ALIGNMENT: usize = 16;
const LARGE: i32 = 4096;
/**
 * Blocks from here on leave room between them. Arrays made one after another often have one size, a multiple of a page: they would
 * lie 64 bytes apart within their pages, and the processor, which compares the lowest 12 bits, takes what it is to load from the one
 * for what it has just stored to the other. About 1 KiB apart, a ReLU takes up to a seventh less time.
 */
const ROOMY: i32 = 65536;
const ROOM: i32 = 1024 - 64;

export function allocate(bytes: i32): usize {
  const isLarge = bytes >= LARGE;
  const whole = heap.alloc(<usize>bytes + (isLarge ? CACHE_LINE : ALIGNMENT) + (bytes >= ROOMY ? ROOM : 0));
  const pointer = isLarge ? (whole + CACHE_LINE) & ~(CACHE_LINE - 1) : whole + ALIGNMENT;
  store<u32>(pointer - 4, <u32>(pointer - whole));
  return pointer;
}

export function release(pointer: usize): void {
  heap.free(pointer - load<u32>(pointer - 4));
}

/** Size of the memory in 64 KiB pages: how the host notices cheaply that it has grown. */
export function pageCount(): i32 {
  return memory.size();
}

/** Copies blocks to one place, one after another: `list` holds `count` pairs of an address and of bytes, a multiple of 16. */
export function gatherBlocks(list: usize, count: i32, to: usize): void {
  for (let i = 0; i < count; i++, list += 8) {
    const from = load<u32>(list);
    const bytes = load<u32>(list, 4);
    for (let at: usize = 0; at < bytes; at += 16) v128.store(to + at, v128.load(from + at));
    to += bytes;
  }
}
