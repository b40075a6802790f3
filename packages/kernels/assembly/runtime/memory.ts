/**
 * Blocks for the host, and room for the kernels while they run. Only the launching thread may ask for either.
 *
 * Blocks of some size start on a cache line: a BLAS whose vectors are as wide as one is a tenth slower where each of them lies
 * across two. The four bytes before a block say how far into the allocator's own block it lies.
 */
import { disclaim, tryClaim } from "./allocator";
import { TEMPORARIES } from "./control";

const CACHE_LINE: usize = 64;
const LARGE: usize = 4096;
/**
 * Blocks from here on leave room between them. Arrays made one after another often have one size, a multiple of a page: they would
 * lie 64 bytes apart within their pages, and the processor, which compares the lowest 12 bits, takes what it is to load from the one
 * for what it has just stored to the other. About 1 KiB apart, a ReLU takes up to a seventh less time.
 */
const ROOMY: usize = 65536;
const ROOM: usize = 1024 - 64;

/** 0 where there is no room. Sizes from 4 GiB on do not arrive here. */
export function allocate(bytes: usize): usize {
  const extra = bytes >= LARGE ? CACHE_LINE + (bytes >= ROOMY ? ROOM : 0) : 0;
  // So near the end of what 32 bits can tell, the sum would be small.
  const whole = bytes + extra < bytes ? 0 : tryClaim(bytes + extra);
  if (whole == 0) return 0;
  const pointer = bytes >= LARGE ? (whole + CACHE_LINE - 1) & ~(CACHE_LINE - 1) : whole;
  store<u32>(pointer - 4, <u32>(pointer - whole));
  return pointer;
}

export function release(pointer: usize): void {
  disclaim(pointer - load<u32>(pointer - 4));
}

/**
 * The host copies blocks out that the running kernel does not use, and gives 1 when there may be room. When there is nothing left to
 * copy out it throws if the kernel cannot do without, else it gives 0.
 */
// @ts-ignore: decorator
@external("env", "makeRoom")
declare function makeRoom(bytes: usize, isNeeded: bool): i32;

/** Kernels have no more temporaries at once than this. */
const MOST_TEMPORARIES: usize = 16;

function claim(bytes: usize, isNeeded: bool): usize {
  let pointer = tryClaim(bytes);
  while (pointer == 0) {
    if (makeRoom(bytes, isNeeded) == 0) return 0;
    pointer = tryClaim(bytes);
  }
  return pointer;
}

function remember(pointer: usize): void {
  for (let i: usize = 0; i < MOST_TEMPORARIES << 2; i += 4) {
    if (load<usize>(TEMPORARIES + i) != 0) continue;
    store<usize>(TEMPORARIES + i, pointer);
    return;
  }
  unreachable();
}

/** Room for the running kernel, which gives it back with `freeTemporary`. */
export function temporary(bytes: usize): usize {
  const pointer = claim(bytes, true);
  remember(pointer);
  return pointer;
}

/** The same for a kernel that can do without: 0 where there is no room. */
export function temporaryIfRoom(bytes: usize): usize {
  const pointer = claim(bytes, false);
  if (pointer != 0) remember(pointer);
  return pointer;
}

export function freeTemporary(pointer: usize): void {
  for (let i: usize = 0; i < MOST_TEMPORARIES << 2; i += 4) {
    if (load<usize>(TEMPORARIES + i) == pointer) store<usize>(TEMPORARIES + i, 0);
  }
  disclaim(pointer);
}

/** For the host, before it throws into a kernel: nobody will free what that had. */
export function freeTemporaries(): void {
  for (let i: usize = 0; i < MOST_TEMPORARIES << 2; i += 4) {
    const pointer = load<usize>(TEMPORARIES + i);
    if (pointer != 0) disclaim(pointer);
    store<usize>(TEMPORARIES + i, 0);
  }
}

/** Room that stays, for the pool; as `temporary` else. */
export function lasting(bytes: usize): usize {
  return claim(bytes, true);
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
