import { totalmem } from "node:os";
import { engineCollector } from "./collector.ts";
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
  /** Its place among the resident blocks of its batch. */
  place = 0;
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
 * The blocks of a batch share one token, which their storages hold: once it is collected, so are they all, and the blocks can
 * be freed without a copy. Small blocks made one after another share a batch, since a weak reference costs more than they do; a
 * large one has its own, so that no other tensor keeps it from being found.
 */
class Batch {
  /** The resident blocks of the batch. */
  readonly resident: Block[] = [];
  readonly token: WeakRef<object>;

  constructor(token: object) {
    this.token = new WeakRef(token);
  }
}

const batchSize = 64;
const largeBytes = 1 << 14;
/** Those with resident blocks. */
const batches = new Set<Batch>();
let openToken: object = {};
let openBatch = new Batch(openToken);
let openMembers = 0;
let newestToken = openToken;

/** Each new weak reference is remembered until the running job ends: after this many they are forgotten by hand. */
const mostRemembered = 1 << 15;
let remembered = 0;

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

/** A new uninitialised block, resident, belonging to the running call. Its storage must hold the `tokenOfNewest`. */
export function newBlock(bytes: number, dtype: DType): Block {
  const block = new Block(bytes, dtype, bytes < largeBytes ? sharedBatch() : ownBatch(), debug ? callSite() : null);
  makeResident(block);
  return block;
}

/** The token of the batch that the newest block belongs to. */
export function tokenOfNewest(): object {
  return newestToken;
}

function sharedBatch(): Batch {
  if (openMembers === batchSize) {
    openBatch = ownBatch();
    openToken = newestToken;
    openMembers = 0;
  }
  openMembers++;
  newestToken = openToken;
  return openBatch;
}

function ownBatch(): Batch {
  newestToken = {};
  if (++remembered >= mostRemembered) {
    remembered = 0;
    engineCollector()?.forgetReads();
  }
  return new Batch(newestToken);
}

/** The block's address, after bringing it back if it was spilled. It stays there until the next `beginCall`. */
export function blockPointer(block: Block): number {
  if (block.pointer === 0) {
    const host = block.host;
    if (host === null) throw usedAfterFree(block);
    makeResident(block);
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

function makeResident(block: Block): void {
  block.pointer = allocate(block.bytes);
  block.call = call;
  linkNewest(block);
  const batch = block.batch;
  block.place = batch.resident.length;
  if (batch.resident.push(block) === 1) batches.add(batch);
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
  if (last !== undefined && last !== block) {
    members[block.place] = last;
    last.place = block.place;
  }
  if (members.length === 0) batches.delete(batch);
  stats.resident -= block.bytes;
  stats.blocks--;
  residentByDType[block.dtype] -= block.bytes;
}

/** What the last collection left: what is resident beyond that may be garbage. */
const survived = { bytes: 0, blocks: 0 };
/** How long a collection took of late. */
let collectionMs = 5;
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
    collectionMs = (collectionMs + performance.now() - start) / 2;
  }
  for (const batch of batches) {
    if (batch.token.deref() !== undefined) continue;
    for (const block of [...batch.resident]) {
      // The running call may have no more use for its operands' tensors, but has for their bytes.
      if (block.call === call) continue;
      dropResident(block);
      block.freed = true;
      stats.collected++;
    }
  }
  // Reading the tokens has brought them back for the running job.
  collector?.forgetReads();
  remembered = 0;
  survived.bytes = stats.resident;
  survived.blocks = stats.blocks;
}

/** What a collection leaves is alive: with less than as much again for garbage, collections would come too often. */
function growToLive(): void {
  budget = Math.min(Math.max(budget, 2 * stats.resident), Math.max(budgetLimit, budget));
}

function allocate(bytes: number): number {
  makeRoom(bytes);
  for (let attempt = 0; ; attempt++) {
    try {
      return wasm.allocate(Math.max(bytes, 16)) >>> 0;
    } catch {
      // The allocator traps when the memory cannot grow: make room until it can.
      if (attempt === 0) freeGarbage();
      else if (!spillOldest()) throw heapExhausted(bytes);
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
  makeRoom(0);
}

/**
 * Frees now what tensors that nobody holds any more occupy, and returns how many bytes that was. Never needed: it happens
 * by itself when the heap's budget is reached.
 */
export function collectGarbage(): number {
  const before = stats.resident;
  freeGarbage();
  return before - stats.resident;
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
