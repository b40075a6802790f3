import { engineCollector, machineMemory, setting } from "#platform";
import { usedAfterFree } from "./absent-block.ts";
import { allocateBlock, emptyStock, releaseBlock } from "./allocator.ts";
import { batchOfNext, Block, closeBatch, type Batch } from "./block.ts";
import type { DType } from "./dtype.ts";
import { MemoryError, TapegradError } from "./errors.ts";
import { addSpilled, dropDeadOfMany, dropDeadSpilled, removeSpilled } from "./spilled-bytes.ts";
import { heapBytes, kernels, maxMemoryBytes, memory, setRoomMaker, spillList, spillListPointer, spillRoomBytes, spillRoomPointer, wasm } from "./wasm.ts";

/*
 * The heap as a cache over garbage-collected host memory (docs/architecture.md, "Memory").
 *
 * Resident blocks form a list; when the budget is reached, those at its old end are copied out. A block that was used since it came to
 * the young end goes there a second time instead, so that those are found that were not used for long: using a block only
 * notes the call. The list refers to blocks, never to storages, so a storage that nobody uses can be collected while its
 * block is resident; and a spilled block is referred to by its storage alone, so its host copy dies with it.
 */

/** Figures since the process started, and the present state in bytes. */
interface HeapCounters {
  resident: number;
  peak: number;
  blocks: number;
  spilled: number;
  spills: number;
  spilledTotal: number;
  restores: number;
  collected: number;
}

const stats: HeapCounters = { resident: 0, peak: 0, blocks: 0, spilled: 0, spills: 0, spilledTotal: 0, restores: 0, collected: 0 };
/** Where blocks were made, in debug mode. */
const origins = new WeakMap<Block, string>();

let newest: Block | null = null;
let oldest: Block | null = null;
let call = 1;
let debug = false;

const mebibyte = 2 ** 20;
/** A resident block costs some 200 bytes of JavaScript heap, and time of its collector: this many at most. */
const maxBlocks = 2 ** 17;
/** The memory's addresses, of a 32-bit one as a rule, less what the allocator needs for itself. */
const maxBudget = maxMemoryBytes * (4000 / 4096);

/** The address space that a program gets unless it says otherwise: half of the machine's memory, three quarters of 4 GiB at most. */
const defaultLimit = Math.min(maxMemoryBytes * (3 / 4), machineMemory() / 2);

let budget = Math.min(256 * mebibyte, defaultLimit);
/** How far the budget grows by itself. */
let budgetLimit = defaultLimit;
/** How many blocks may be resident; small, so that dead ones do not grow old, and grown like the budget. */
let blockLimit = 4096;

const wantedMebibytes = Number(setting("TAPEGRAD_HEAP_MB"));
if (wantedMebibytes >= 1) budget = budgetLimit = Math.min(wantedMebibytes * mebibyte, maxBudget);

/** A spilled block that comes back was no garbage: the working set is larger than the budget, which grows by it. */
function learnFromRestore(bytes: number): void {
  budget = Math.min(budget + 2 * bytes, Math.max(budgetLimit, budget));
  blockLimit = Math.min(blockLimit + 2, maxBlocks);
}

/** The most bytes that a block can have: what the kernels' memory has beside their own constants. */
export const mostBlockBytes = kernels === null ? maxMemoryBytes : (wasm.mostBytes() >>> 0) - (2 ** 32 - maxMemoryBytes);

function heapExhausted(bytes: number): MemoryError {
  const [resident, free] = kernels === null ? [stats.spilled, 0] : [stats.resident, wasm.mostBytesNow() >>> 0];
  return new MemoryError({
    op: "heap",
    fact: `${bytes} bytes do not fit: the running call uses ${resident} of the memory's ${mostBlockBytes} bytes, the largest free piece has ${free}`,
    hint: "use a smaller batch or model",
    code: "heap/exhausted",
    data: { bytes, resident, free, most: mostBlockBytes },
  });
}

/** Starts a kernel call: blocks asked for from here on stay in place until the next call starts. */
export function beginCall(): void {
  call++;
}

/** A new uninitialised block, resident, belonging to the running call. Its storage must hold the `tokenOfNewest`. */
export function newBlock(bytes: number, dtype: DType): Block {
  const block = new Block(bytes, dtype, batchOfNext(bytes));
  if (debug) origins.set(block, callSite());
  if (kernels === null) placeOnHost(block);
  else makeResident(block);
  return block;
}

/** Without kernels there is no heap to be in: a block is what one in the heap becomes when it is copied out, and stays that. */
function placeOnHost(block: Block): void {
  try {
    block.host = new Uint8Array(block.bytes);
  } catch {
    throw heapExhausted(block.bytes);
  }
  stats.spilled += block.bytes;
  addSpilled(block.batch, block.bytes);
  stats.spilled -= dropDeadOfMany();
}

/** The block's address, after bringing it back if it was spilled. It stays there until the next `beginCall`. */
export function blockPointer(block: Block): number {
  if (block.pointer === 0) {
    const host = block.host;
    if (host === null) throw usedAfterFree(block);
    makeResident(block);
    heapBytes().set(spilledBytes(block, host), block.pointer);
    block.host = null;
    dropHostCopy(block);
    stats.restores++;
    learnFromRestore(block.bytes);
  }
  block.call = call;
  block.fixedIn = call;
  return block.pointer;
}

/** The block's bytes for reading on the host, wherever they are; valid until the next allocation. */
export function blockBytes(block: Block): Uint8Array {
  if (block.host !== null) return spilledBytes(block, block.host);
  if (block.freed) throw usedAfterFree(block);
  return heapBytes().subarray(block.pointer, block.pointer + block.bytes);
}

/** Keeps a block where it is until it was unpinned as often, whatever is allocated meanwhile; freed earlier, it is given away then. */
export function pinBlock(block: Block): void {
  if (kernels !== null) blockPointer(block);
  block.pins++;
}

export function unpinBlock(block: Block): void {
  block.pins--;
  if (block.pins === 0 && block.freed) giveUp(block);
}

/** Frees the block at once, without a copy. For owners who know that nobody else will read it. */
export function freeBlock(block: Block): void {
  if (block.freed) return;
  block.freed = true;
  if (block.pins === 0) giveUp(block);
}

function giveUp(block: Block): void {
  if (block.pointer !== 0) dropResident(block);
  else if (block.host !== null) {
    block.host = null;
    dropHostCopy(block);
  }
}

function dropHostCopy(block: Block): void {
  stats.spilled -= block.bytes;
  removeSpilled(block.batch, block.bytes);
}

function makeResident(block: Block): void {
  block.pointer = allocate(block.bytes);
  block.call = call;
  linkNewest(block);
  stats.resident += block.bytes;
  stats.blocks++;
  if (stats.resident > stats.peak) stats.peak = stats.resident;
}

function dropResident(block: Block): void {
  releaseBlock(block.pointer, block.bytes);
  block.pointer = 0;
  unlink(block);
  stats.resident -= block.bytes;
  stats.blocks--;
}

/** What the last collection left: what is resident beyond that may be garbage. */
const survived = { bytes: 0, blocks: 0 };
const usualCollectionMs = 5;
/** How long a collection took of late. */
let collectionMs = usualCollectionMs;
/** What spilling costs: copying, a host array for each block, and caches that hold the copy instead of what is needed next. */
const spillMsPerByte = 1 / 2e6;
const spillMsPerBlock = 3e-4;

function isFull(bytes: number): boolean {
  return stats.resident + bytes > budget || stats.blocks >= blockLimit;
}

/** Room for a block: first what is garbage goes, then the least recently used blocks are copied out. */
function makeRoom(bytes: number): void {
  if (!isFull(bytes)) return;
  const spillMs = (stats.resident - survived.bytes) * spillMsPerByte + (stats.blocks - survived.blocks) * spillMsPerBlock;
  if (spillMs > collectionMs) {
    freeGarbage();
    growToLive();
  }
  while (isFull(bytes) && spillOldest());
}

/** Frees the blocks of storages that nobody holds any more, as the engine's collector tells. */
function freeGarbage(): void {
  const collector = engineCollector();
  if (collector !== null) {
    const start = performance.now();
    collector.forgetReads();
    collector.collect();
    // On a busy machine a collection may seem to take much longer than it does; the next ones may tell.
    collectionMs = Math.min((collectionMs + performance.now() - start) / 2, 1.25 * collectionMs);
  }
  let batch: Batch | null = null;
  let isGarbage = false;
  for (let block = oldest; block !== null; ) {
    const { newer } = block;
    if (block.batch !== batch) {
      batch = block.batch;
      isGarbage = batch.deref() === undefined;
    }
    // The running call may have no more use for its operands' tensors, but has for their bytes.
    if (isGarbage && block.call !== call && block.pins === 0) {
      dropResident(block);
      block.freed = true;
      stats.collected++;
    }
    block = newer;
  }
  // Reading the tokens has brought them back for the running job; this lets go of them.
  stats.spilled -= dropDeadSpilled();
  survived.bytes = stats.resident;
  survived.blocks = stats.blocks;
}

/** What a collection leaves is alive: with less than as much again for garbage, collections would come too often. */
function growToLive(): void {
  budget = Math.min(Math.max(budget, 2 * stats.resident), Math.max(budgetLimit, budget));
}

/** What happens once, before the heap becomes large. */
let beforeLarge: (() => void) | null = null;
const largeHeap = 8 * mebibyte;

/** `action` runs when the blocks in the heap first come to 8 MiB, before the one that makes them so is there. */
export function whenHeapIsLarge(action: () => void): void {
  beforeLarge = action;
}

function allocate(bytes: number): number {
  if (bytes > mostBlockBytes) throw heapExhausted(bytes);
  makeRoom(bytes);
  if (beforeLarge !== null && stats.resident + bytes >= largeHeap) {
    const action = beforeLarge;
    beforeLarge = null;
    action();
  }
  for (;;) {
    const pointer = allocateBlock(bytes);
    if (pointer !== 0) return pointer;
    if (!reclaim()) throw heapExhausted(bytes);
  }
}

/** The call in which the memory was found full and garbage was freed. */
let reclaimedIn = 0;

/**
 * Makes room where the memory itself is full, or in pieces: first what is garbage goes, then the least recently used blocks, at last
 * all that the running call has not been told the address of. False when there is nothing left but what it has.
 */
function reclaim(): boolean {
  if (reclaimedIn !== call) {
    reclaimedIn = call;
    freeGarbage();
    return true;
  }
  return spillOldest() || spillAllButFixed();
}

function spillAllButFixed(): boolean {
  let isAny = emptyStock();
  for (let block = oldest; block !== null; ) {
    const { newer } = block;
    if (block.fixedIn !== call && block.pins === 0) {
      copyOut(block);
      isAny = true;
    }
    block = newer;
  }
  return isAny;
}

// What a kernel needs for itself comes from the same memory.
setRoomMaker((bytes, isNeeded) => {
  if (bytes <= mostBlockBytes && reclaim()) return true;
  if (!isNeeded) return false;
  const error = heapExhausted(bytes);
  wasm.freeTemporaries();
  throw error;
});

/**
 * The first block, from this one towards the young end, that was not used since it was linked, or hardly later: what a new block
 * is used for at once should not keep it. Those passed over come by again, at the young end. Null when all that are left belong
 * to the running call.
 */
function longUnused(from: Block | null): Block | null {
  // An op is two calls: one makes room for its result, the other computes.
  const soon = stats.blocks >> 2;
  for (let block = from; block !== null; ) {
    const { newer } = block;
    if (block.call !== call && block.pins === 0) {
      if (newer === null || block.call - block.linkedAt <= soon) return block;
      unlink(block);
      linkNewest(block);
    }
    block = newer;
  }
  return null;
}

/** Copies a block out that was not used for long, or some small ones; false when all that are left belong to the running call. */
function spillOldest(): boolean {
  const block = longUnused(oldest);
  if (block === null) return false;
  if (block.bytes <= smallBytes) spillSmall(block);
  else copyOut(block);
  stats.spilled -= dropDeadOfMany();
  return true;
}

function copyOut(block: Block): void {
  block.host = heapBytes().slice(block.pointer, block.pointer + block.bytes);
  block.hostOffset = 0;
  dropSpilled(block);
}

function dropSpilled(block: Block): void {
  stats.spilled += block.bytes;
  addSpilled(block.batch, block.bytes);
  stats.spilledTotal += block.bytes;
  stats.spills++;
  dropResident(block);
}

const smallBytes = 128;

/** Small blocks are copied together, into an array that they share: for each alone it would cost much more than the copy. */
function spillSmall(first: Block): void {
  const most = Math.min(spillList.length / 2, 1 + (stats.blocks >> 3));
  const gathered: Block[] = [];
  let bytes = 0;
  for (let block: Block | null = first; block !== null && block.bytes <= smallBytes; block = longUnused(block.newer)) {
    const size = (block.bytes + 15) & ~15;
    const count = gathered.length;
    if (count === most || bytes + size > spillRoomBytes) break;
    spillList[2 * count] = block.pointer;
    spillList[2 * count + 1] = size;
    block.hostOffset = bytes;
    bytes += size;
    gathered.push(block);
  }
  wasm.gatherBlocks(spillListPointer, gathered.length, spillRoomPointer);
  const host = heapBytes().slice(spillRoomPointer, spillRoomPointer + bytes);
  for (const block of gathered) {
    block.host = host;
    dropSpilled(block);
  }
}

function spilledBytes(block: Block, host: Uint8Array): Uint8Array {
  return host.subarray(block.hostOffset, block.hostOffset + block.bytes);
}

function linkNewest(block: Block): void {
  block.linkedAt = block.call;
  block.older = newest;
  block.newer = null;
  if (newest !== null) newest.newer = block;
  newest = block;
  if (oldest === null) oldest = block;
}

function unlink(block: Block): void {
  if (block.newer !== null) block.newer.older = block.older;
  else newest = block.older;
  if (block.older !== null) block.older.newer = block.newer;
  else oldest = block.newer;
  block.newer = null;
  block.older = null;
}

/**
 * Sets how many bytes of tensors may be in the heap at once; more are spilled to the host. Without it, or the environment
 * variable TAPEGRAD_HEAP_MB, the budget starts at 256 MiB and grows as long as spilled tensors are needed again.
 *
 * Throws    TapegradError `heap/budget`
 */
export function setHeapBudget(bytes: number): void {
  if (!(bytes >= mebibyte && bytes <= maxBudget)) {
    throw new TapegradError({
      op: "setHeapBudget",
      fact: `the budget ${bytes} must be from ${mebibyte} to ${maxBudget} bytes`,
      code: "heap/budget",
      data: { bytes },
    });
  }
  budget = bytes;
  budgetLimit = bytes;
  collectionMs = usualCollectionMs;
  beginCall();
  makeRoom(0);
}

/**
 * Frees now what tensors that nobody holds any more occupy, and returns how many bytes that was. Never needed: it happens
 * by itself when the heap's budget is reached.
 */
export function collectGarbage(): number {
  const before = stats.resident + stats.spilled;
  // No call is running: what the last one used, and what was made last, may go too.
  beginCall();
  closeBatch();
  freeGarbage();
  return before - stats.resident - stats.spilled;
}

/** In debug mode each tensor remembers where it was made, and `memoryStats` lists it. Slow. */
export function setMemoryDebug(on: boolean): void {
  debug = on;
}

function callSite(): string {
  const stack = new Error("made").stack ?? "";
  const outside = stack.split("\n").slice(1).find((line) => !/[\\/]packages[\\/](kernels|tensor|autograd|nn|optim)[\\/](src|dist)/.test(line));
  return (outside ?? "unknown").trim();
}

/** What `memoryStats` tells; all sizes in bytes. */
export interface MemoryStats {
  /** In the heap now. Tensors that were dropped but not yet collected count. */
  readonly resident: number;
  /** Copied out to host memory and not brought back; copies that were dropped count until `collectGarbage`, or the heap itself, looks. */
  readonly spilled: number;
  /** `resident + spilled`: after `collectGarbage`, what tensors that somebody holds occupy, and small ones that were made beside them. */
  readonly live: number;
  /** The most that was in the heap at once. */
  readonly peak: number;
  readonly budget: number;
  /** Size of the WebAssembly memory behind the heap. */
  readonly reserved: number;
  /** Storages in the heap. */
  readonly blocks: number;
  readonly spills: number;
  readonly spilledTotal: number;
  readonly restores: number;
  /** Storages that were found to be garbage, and freed without a copy. */
  readonly collected: number;
  readonly residentByDType: Readonly<Record<DType, number>>;
  /** Resident bytes by the place that made them; only in debug mode. */
  readonly origins?: ReadonlyMap<string, number>;
}

/** The state of the heap. */
export function memoryStats(): MemoryStats {
  const present = {
    ...stats,
    live: stats.resident + stats.spilled,
    budget,
    reserved: memory.buffer.byteLength,
    residentByDType: residentByDType(),
  };
  return debug ? { ...present, origins: residentOrigins() } : present;
}

/** Starts the measurement of `peak` anew from what is resident now. */
export function resetPeakMemory(): void {
  stats.peak = stats.resident;
}

function residentByDType(): Record<DType, number> {
  const sizes: Record<DType, number> = { float32: 0, float64: 0, float16: 0, bfloat16: 0, int64: 0, int32: 0, uint8: 0, bool: 0 };
  for (let block = newest; block !== null; block = block.older) sizes[block.dtype] += block.bytes;
  return sizes;
}

function residentOrigins(): Map<string, number> {
  const sizes = new Map<string, number>();
  for (let block = newest; block !== null; block = block.older) {
    const origin = origins.get(block) ?? "made before debug mode";
    sizes.set(origin, (sizes.get(origin) ?? 0) + block.bytes);
  }
  return sizes;
}
