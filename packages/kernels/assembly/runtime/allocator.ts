/**
 * The allocator under all blocks and temporaries: two-level segregated fit (Masmano et al., "TLSF: a new dynamic memory allocator for
 * real-time systems", 2004) over the whole 32-bit memory. Only the launching thread calls it.
 *
 * Blocks lie one behind the other and know the one before, so that a free one joins its free neighbours at once: no two free blocks
 * touch. Free blocks are listed by classes of size, 16 to each power of two. `tryClaim` fails only if no free block is large enough
 * and the memory cannot grow: where every block of the classes above is certain to fit, it takes the first; before it gives up, it
 * looks through the block's own class.
 */
import { ALLOCATOR } from "./control";

/** A block's header. Size in bytes with the header; the lowest bit tells that it is free. */
const SIZE: usize = 0;
/** The block before it in memory, 0 for the first. */
const BEFORE: usize = 4;
/** Neighbours in the list of a class; while the block is claimed, the claimer may use the second word. */
const NEXT: usize = 8, PREVIOUS: usize = 12;
const HEADER: usize = 16;
const FREE: u32 = 1;
const SMALLEST: u32 = 32;

/** Powers of two in which there is a free block (bits), classes of each (bits), first blocks of the classes. */
const POWERS: usize = ALLOCATOR, CLASSES: usize = ALLOCATOR + 64, HEADS: usize = ALLOCATOR + 256;
/** The last block in memory, where memory ends for the allocator, and claimed bytes. */
const LAST: usize = ALLOCATOR + 4, END: usize = ALLOCATOR + 8, CLAIMED: usize = ALLOCATOR + 12;

/** Below this, classes are 16 bytes apart, and all their blocks are of one size. */
const LINEAR: u32 = 256;
/**
 * Blocks from here on (64 MiB) are few: all that are free are looked at, and the one that lies highest is taken, from its end. So they
 * gather above the small ones, which would otherwise cut the memory into pieces that no large block fits in.
 */
const HUGE: u32 = 1 << 26;
/** One page less than 4 GiB, whose end would be address 0. */
const MOST_PAGES: i32 = 65535;

// @ts-ignore: decorator
@inline function sizeOf(block: usize): u32 {
  return load<u32>(block, SIZE) & ~FREE;
}
// @ts-ignore: decorator
@inline function isFree(block: usize): bool {
  return (load<u32>(block, SIZE) & FREE) != 0;
}

/** Index of the class of a size: 16 for each power of two. */
// @ts-ignore: decorator
@inline function classOf(size: u32): u32 {
  if (size < LINEAR) return size >> 4;
  const power = 31 - clz<u32>(size);
  return ((power - 7) << 4) + ((size >> (power - 4)) & 15);
}

// @ts-ignore: decorator
@inline function headOf(index: u32): usize {
  return HEADS + (<usize>index << 2);
}

function list(block: usize, size: u32): void {
  const index = classOf(size), head = headOf(index), first = load<usize>(head), power = <usize>(index >> 4) << 2;
  store<u32>(block, size | FREE, SIZE);
  store<usize>(block, first, NEXT);
  store<usize>(block, 0, PREVIOUS);
  if (first != 0) store<usize>(first, block, PREVIOUS);
  store<usize>(head, block);
  store<u32>(CLASSES + power, load<u32>(CLASSES + power) | (1 << (index & 15)));
  store<u32>(POWERS, load<u32>(POWERS) | (1 << (index >> 4)));
}

function unlist(block: usize): void {
  const next = load<usize>(block, NEXT), previous = load<usize>(block, PREVIOUS);
  if (next != 0) store<usize>(next, previous, PREVIOUS);
  if (previous != 0) {
    store<usize>(previous, next, NEXT);
    return;
  }
  const index = classOf(sizeOf(block)), power = <usize>(index >> 4) << 2;
  store<usize>(headOf(index), next);
  if (next != 0) return;
  const classes = load<u32>(CLASSES + power) & ~(1 << (index & 15));
  store<u32>(CLASSES + power, classes);
  if (classes == 0) store<u32>(POWERS, load<u32>(POWERS) & ~(1 << (index >> 4)));
}

/** The first class from `index` on that has a free block, or -1. */
// @ts-ignore: decorator
@inline function classFrom(index: u32): i32 {
  let power = index >> 4;
  let classes = power > 31 ? 0 : load<u32>(CLASSES + (<usize>power << 2)) & (<u32>-1 << (index & 15));
  if (classes == 0) {
    const powers = power > 30 ? 0 : load<u32>(POWERS) & (<u32>-1 << (power + 1));
    if (powers == 0) return -1;
    power = ctz<u32>(powers);
    classes = load<u32>(CLASSES + (<usize>power << 2));
  }
  return <i32>((power << 4) + ctz<u32>(classes));
}

/** A free block of at least that size, or 0. */
function find(size: u32): usize {
  if (size >= HUGE) return findHuge(size);
  // From the class on in which the smallest block is no smaller.
  const rounded = size < LINEAR ? size : size + (1 << (27 - clz<u32>(size))) - 1;
  const index = classFrom(classOf(rounded));
  if (index >= 0) return load<usize>(headOf(index));
  for (let block = load<usize>(headOf(classOf(size))); block != 0; block = load<usize>(block, NEXT)) if (sizeOf(block) >= size) return block;
  return 0;
}

/** The free block of at least that size that lies highest, or 0. */
function findHuge(size: u32): usize {
  let highest: usize = 0;
  for (let index = classFrom(classOf(size)); index >= 0; index = classFrom(index + 1)) {
    for (let block = load<usize>(headOf(index)); block != 0; block = load<usize>(block, NEXT)) {
      if (block > highest && sizeOf(block) >= size) highest = block;
    }
  }
  return highest;
}

/** Takes the place from `block` on, of `size` bytes, into the lists; the block before it is claimed. */
function addFree(block: usize, size: u32): void {
  const next = block + size;
  if (next < load<usize>(END)) store<usize>(next, block, BEFORE);
  else store<usize>(LAST, block);
  list(block, size);
}

/** Makes the memory larger, so that a block of `size` bytes fits at its end. */
function grow(size: u32): bool {
  let last = load<usize>(LAST), end = load<usize>(END);
  const before = memory.size();
  if (end == 0) {
    end = (__heap_base + 15) & ~15;
    const there = (<usize>before << 16) - end;
    store<usize>(END, <usize>before << 16);
    store<usize>(end, 0, BEFORE);
    addFree(end, there);
    if (there >= size) return true;
    last = end;
    end += there;
  }
  const atEnd = isFree(last) ? sizeOf(last) : 0;
  const needed = <i32>((<u64>size - <u64>atEnd + 0xffff) >> 16), most = MOST_PAGES - before;
  if (needed > most) return false;
  // Twice as large at a time, so that it happens seldom.
  const wanted = max(needed, min(before, most));
  if (memory.grow(wanted) < 0 && (wanted == needed || memory.grow(needed) < 0)) return false;
  const grown = (<usize>memory.size() << 16);
  store<usize>(END, grown);
  if (atEnd > 0) {
    unlist(last);
    addFree(last, <u32>(grown - last));
  } else {
    store<usize>(end, last, BEFORE);
    addFree(end, <u32>(grown - end));
  }
  return true;
}

/** Address of `bytes` bytes, a multiple of 16, or 0 where the memory has no room for them. */
export function tryClaim(bytes: usize): usize {
  if (bytes > mostBytes()) return 0;
  const size = max<u32>(SMALLEST, (<u32>bytes + <u32>HEADER + 15) & ~15);
  let block = find(size);
  if (block == 0) {
    if (!grow(size)) return 0;
    block = find(size);
  }
  const whole = sizeOf(block), rest = whole - size;
  unlist(block);
  if (rest < SMALLEST) store<u32>(block, whole, SIZE);
  else if (size < HUGE) {
    store<u32>(block, size, SIZE);
    store<usize>(block + size, block, BEFORE);
    addFree(block + size, rest);
  } else {
    const end = block + rest, next = block + whole;
    store<u32>(end, size, SIZE);
    store<usize>(end, block, BEFORE);
    if (next < load<usize>(END)) store<usize>(next, end, BEFORE);
    else store<usize>(LAST, end);
    list(block, rest);
    block = end;
  }
  store<u32>(CLAIMED, load<u32>(CLAIMED) + sizeOf(block));
  return block + HEADER;
}

/** Gives back what `tryClaim` gave. */
export function disclaim(pointer: usize): void {
  let block = pointer - HEADER, size = sizeOf(block);
  store<u32>(CLAIMED, load<u32>(CLAIMED) - size);
  const next = block + size, before = load<usize>(block, BEFORE);
  if (next < load<usize>(END) && isFree(next)) {
    unlist(next);
    size += sizeOf(next);
  }
  if (before != 0 && isFree(before)) {
    unlist(before);
    size += sizeOf(before);
    block = before;
  }
  addFree(block, size);
}

/** The most bytes that one block can have, in an empty memory. */
export function mostBytes(): usize {
  return (<usize>MOST_PAGES << 16) - ((__heap_base + 15) & ~15) - HEADER;
}

/** The most bytes that one block can have now. */
export function mostBytesNow(): usize {
  if (load<usize>(END) == 0) return mostBytes();
  const last = load<usize>(LAST);
  let most = (<u32>(MOST_PAGES - memory.size()) << 16) + (isFree(last) ? sizeOf(last) : 0);
  const powers = load<u32>(POWERS);
  if (powers != 0) {
    const power = 31 - clz<u32>(powers), index = (power << 4) + 31 - clz<u32>(load<u32>(CLASSES + (<usize>power << 2)));
    for (let block = load<usize>(headOf(index)); block != 0; block = load<usize>(block, NEXT)) most = max(most, sizeOf(block));
  }
  return most < <u32>HEADER ? 0 : most - <u32>HEADER;
}

/** Bytes of all claimed blocks, with their headers. */
export function claimedBytes(): usize {
  return load<u32>(CLAIMED);
}
