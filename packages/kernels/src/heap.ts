import { totalmem } from "node:os";
import type { DType } from "./dtype.ts";
import { MemoryError, TapegradError } from "./errors.ts";
import { heapBytes, heapWords, memory, wasm } from "./wasm.ts";

/**
 * The heap as a cache over garbage-collected host memory (docs/architecture.md, "Memory").
 *
 * A `Block` is the bytes of one storage: in the heap (`pointer` > 0), or spilled to the host (`host`), or freed. Resident
 * blocks form a list in order of last use; when the budget is reached, the least recently used ones are copied out. The
 * list refers to blocks, never to storages, so a storage that nobody uses can be collected while its block is resident;
 * and a spilled block is referred to by its storage alone, so its host copy dies with it.
 */
export class Block {
  pointer = 0;
  /** The spilled bytes; words for small blocks, which are copied without the cost of a call. */
  host: Uint8Array | Int32Array | null = null;
  freed = false;
  /** The kernel call that used the block last; blocks of the running call are never spilled. */
  call = 0;
  newer: Block | null = null;
  older: Block | null = null;
  readonly bytes: number;
  readonly dtype: DType;
  readonly batch: Batch;
  /** Where it was made, in debug mode. */
  readonly origin: string | null;

  constructor(bytes: number, dtype: DType, batch: Batch, origin: string | null) {
    this.bytes = bytes;
    this.dtype = dtype;
    this.batch = batch;
    this.origin = origin;
  }
}

/**
 * Blocks made one after another share one finalizer: a registry cell for each storage would grow without bound in a
 * synchronous loop. Every storage of the batch holds `token`; the batch itself must not, or the token would never die.
 */
class Batch {
  readonly id: number;
  /** The resident blocks of the batch: what the finalizer frees. */
  readonly resident: Block[] = [];
  /** Key for unregistering. */
  readonly key = {};
  registered = false;

  constructor(id: number) {
    this.id = id;
  }
}

const batchSize = 16;
const batches = new Map<number, Batch>();
let batchCount = 0;
let openBatch = new Batch(0);
let openToken: object = {};
let openMembers = batchSize;

const finalizers = new FinalizationRegistry<number>((batchId) => {
  const batch = batches.get(batchId);
  if (batch === undefined) return;
  batches.delete(batchId);
  batch.registered = false;
  for (const block of [...batch.resident]) {
    dropResident(block);
    block.freed = true;
    stats.collected++;
  }
});

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
const residentByDType: Record<DType, number> = { float32: 0, float64: 0, float16: 0, int32: 0, uint8: 0, bool: 0 };

let newest: Block | null = null;
let oldest: Block | null = null;
let call = 1;
let debug = false;

const mebibyte = 2 ** 20;
/** A resident block costs some 200 bytes of JavaScript heap, and time of its collector: this many at most. */
const maxBlocks = 2 ** 17;
/** The address space of a 32-bit memory, less what the allocator needs for itself. */
const maxBudget = 4000 * mebibyte;

/** The address space that a program gets unless it says otherwise: half of the machine's memory, 3 GiB at most. */
const defaultLimit = Math.min(3072 * mebibyte, totalmem() / 2);

let budget = Math.min(256 * mebibyte, defaultLimit);
/** How far the budget grows by itself. */
let budgetLimit = defaultLimit;
/** How many blocks may be resident; small, so that dead ones do not grow old, and grown like the budget. */
let blockLimit = 4096;

const wantedMebibytes = Number(process.env["TAPEGRAD_HEAP_MB"]);
if (wantedMebibytes >= 1) budget = budgetLimit = Math.min(wantedMebibytes * mebibyte, maxBudget);

/** A spilled block that comes back was no garbage: the working set is larger than the budget, which grows by it. */
function learnFromRestore(bytes: number): void {
  budget = Math.min(budget + 2 * bytes, Math.max(budgetLimit, budget));
  blockLimit = Math.min(blockLimit + 2, maxBlocks);
}

function heapExhausted(bytes: number): MemoryError {
  return new MemoryError({
    op: "heap",
    fact: `${bytes} bytes do not fit: ${stats.resident} of the budget of ${budget} bytes are in use`,
    hint: "use a smaller batch or model, or setHeapBudget() with more",
    code: "heap/exhausted",
    data: { bytes, resident: stats.resident, budget },
  });
}

function usedAfterFree(block: Block): MemoryError {
  return new MemoryError({
    op: "heap",
    fact: `a tensor of ${block.bytes} bytes is used after it was freed`,
    hint: "return it from its scope(), or keep() it",
    code: "heap/freed",
    data: { bytes: block.bytes },
  });
}

/** Starts a kernel call: blocks asked for from here on stay in place until the next call starts. */
export function beginCall(): void {
  call++;
}

/** A new uninitialised block, resident, belonging to the running call. Its storage must hold the `newestToken`. */
export function newBlock(bytes: number, dtype: DType): Block {
  if (openMembers === batchSize) {
    openBatch = new Batch(++batchCount);
    openToken = {};
    openMembers = 0;
  }
  openMembers++;
  const block = new Block(bytes, dtype, openBatch, debug ? callSite() : null);
  makeResident(block, openToken);
  return block;
}

/** The token of the batch that the newest block belongs to. */
export function newestToken(): object {
  return openToken;
}

/** The block's address, after bringing it back if it was spilled. It stays there until the next `beginCall`. */
export function blockPointer(block: Block, token: object): number {
  if (block.pointer === 0) {
    const host = block.host;
    if (host === null) throw usedAfterFree(block);
    makeResident(block, token);
    heapBytes().set(asBytes(host), block.pointer);
    block.host = null;
    stats.spilled -= block.bytes;
    stats.restores++;
    learnFromRestore(block.bytes);
  } else if (block !== newest) {
    unlink(block);
    linkNewest(block);
  }
  block.call = call;
  return block.pointer;
}

/** The block's bytes for reading on the host, wherever they are; valid until the next allocation. */
export function blockBytes(block: Block): Uint8Array {
  if (block.host !== null) return asBytes(block.host).subarray(0, block.bytes);
  if (block.freed) throw usedAfterFree(block);
  return heapBytes().subarray(block.pointer, block.pointer + block.bytes);
}

/** Frees the block at once, without a copy. For owners who know that nobody else will read it. */
export function freeBlock(block: Block): void {
  if (block.freed) return;
  block.freed = true;
  if (block.pointer !== 0) dropResident(block);
  else if (block.host !== null) {
    stats.spilled -= block.bytes;
    block.host = null;
  }
}

function makeResident(block: Block, token: object): void {
  block.pointer = allocate(block.bytes);
  block.call = call;
  linkNewest(block);
  const batch = block.batch;
  batch.resident.push(block);
  if (!batch.registered) {
    batch.registered = true;
    batches.set(batch.id, batch);
    finalizers.register(token, batch.id, batch.key);
  }
  stats.resident += block.bytes;
  stats.blocks++;
  residentByDType[block.dtype] += block.bytes;
  if (stats.resident > stats.peak) stats.peak = stats.resident;
}

function dropResident(block: Block): void {
  wasm.release(block.pointer);
  block.pointer = 0;
  unlink(block);
  const batch = block.batch;
  const members = batch.resident;
  const last = members.pop();
  if (last !== undefined && last !== block) members[members.indexOf(block)] = last;
  if (members.length === 0 && batch.registered) {
    batch.registered = false;
    batches.delete(batch.id);
    finalizers.unregister(batch.key);
  }
  stats.resident -= block.bytes;
  stats.blocks--;
  residentByDType[block.dtype] -= block.bytes;
}

function allocate(bytes: number): number {
  while ((stats.resident + bytes > budget || stats.blocks >= blockLimit) && spillOldest());
  while (true) {
    try {
      return wasm.allocate(Math.max(bytes, 16)) >>> 0;
    } catch {
      // The allocator traps when the memory cannot grow; make room until it can.
      if (!spillOldest()) throw heapExhausted(bytes);
    }
  }
}

/** Copies the least recently used block out; false when all that are left belong to the running call. */
function spillOldest(): boolean {
  const block = oldest;
  if (block === null || block.call === call) return false;
  block.host = block.bytes <= smallBytes ? copySmall(block) : heapBytes().slice(block.pointer, block.pointer + block.bytes);
  stats.spilled += block.bytes;
  stats.spilledTotal += block.bytes;
  stats.spills++;
  dropResident(block);
  return true;
}

/** Typed arrays of up to 64 bytes live in V8's own heap: ten times cheaper to make than larger ones. */
const smallBytes = 64;

function copySmall(block: Block): Int32Array {
  const words = heapWords();
  const copy = new Int32Array((block.bytes + 3) >> 2);
  const first = block.pointer >>> 2;
  for (let i = 0; i < copy.length; i++) copy[i] = words[first + i] as number;
  return copy;
}

function asBytes(host: Uint8Array | Int32Array): Uint8Array {
  return host instanceof Uint8Array ? host : new Uint8Array(host.buffer, host.byteOffset, host.byteLength);
}

function linkNewest(block: Block): void {
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
  beginCall();
  while (stats.resident > budget && spillOldest());
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
  /** Copied out to host memory and not brought back; an upper bound, since dropped copies are collected silently. */
  readonly spilled: number;
  /** `resident + spilled`. */
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
  /** Storages freed by the garbage collector, without a copy. */
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
    residentByDType: { ...residentByDType },
  };
  return debug ? { ...present, origins: residentOrigins() } : present;
}

/** Starts the measurement of `peak` anew from what is resident now. */
export function resetPeakMemory(): void {
  stats.peak = stats.resident;
}

function residentOrigins(): Map<string, number> {
  const origins = new Map<string, number>();
  for (let block = newest; block !== null; block = block.older) {
    const origin = block.origin ?? "made before debug mode";
    origins.set(origin, (origins.get(origin) ?? 0) + block.bytes);
  }
  return origins;
}
