import { tokenOfNewest, type Block } from "./block.ts";
import { beginCall, blockBytes, blockPointer, freeBlock, newBlock, pinBlock, unpinBlock } from "./heap.ts";
import { ensureThreads } from "./threads.ts";
import { dtypeInfo, type DType, type HostArray, type NumberArray } from "./dtype.ts";

/** No kernel uses threads on fewer elements. */
const sharedWork = 4096;

let storageCount = 0;

/** The serial number of the storage made last. */
export function lastStorageSerial(): number {
  return storageCount;
}

/** The elements that a tensor and its views share: `length` elements of one dtype, in the heap or spilled to the host. */
export class Storage {
  readonly dtype: DType;
  readonly length: number;
  /** Counts changes in place; the tape compares it with the value at saving time. */
  version = 0;
  /** Counts those changes in place that the tape recorded: views made before are stale afterwards. */
  recordedVersion = 0;
  /** Survives the scope it was made in. */
  kept = false;
  /** How many pending gradients of a running backward pass live here. */
  gradientUses = 0;
  /** How many saved tensors of pending gradient functions live here. */
  saves = 0;
  /** No program can reach it any more: it is freed as soon as nothing is saved here. */
  transient = false;
  /** Storages are numbered in the order they were made. */
  readonly serial = ++storageCount;
  readonly #block: Block;
  /** Held so that the batch counts as garbage only once every storage of it is gone. */
  readonly token: object;

  /** Uninitialised memory. */
  constructor(dtype: DType, length: number) {
    this.dtype = dtype;
    this.length = length;
    this.#block = newBlock(length * dtypeInfo[dtype].bytes, dtype);
    this.token = tokenOfNewest();
    if (scopeStart >= 0) made[madeCount++] = this;
    if (length >= sharedWork) ensureThreads();
  }

  /** Address of the first element, for the running kernel call. */
  get pointer(): number {
    return blockPointer(this.#block);
  }

  get freed(): boolean {
    return this.#block.freed;
  }

  /** A typed view of the elements for the host; valid until the next allocation. Internal: users get copies. */
  get elements(): HostArray {
    const bytes = blockBytes(this.#block);
    return dtypeInfo[this.dtype].create(bytes.buffer, bytes.byteOffset, this.length);
  }

  /** `elements` where the dtype is known not to be int64. */
  get numbers(): NumberArray {
    const elements = this.elements;
    if (elements instanceof BigInt64Array) throw new TypeError("int64 elements are bigints");
    return elements;
  }

  /** Overwrites the elements, from the first on. The values must be of the dtype's host type. */
  set(values: HostArray): void {
    const elements = this.elements;
    if (elements instanceof BigInt64Array) elements.set(values as BigInt64Array);
    else elements.set(values as NumberArray);
  }

  /** Keeps the elements where they are, and returns what lets them go. Several calls may keep them at once. */
  pin(): () => void {
    beginCall();
    pinBlock(this.#block);
    let isPinned = true;
    return () => {
      if (isPinned) unpinBlock(this.#block);
      isPinned = false;
    };
  }

  /** Frees the memory at once. The caller owns it and knows that nobody reads it again. */
  free(): void {
    freeBlock(this.#block);
  }
}

/** Frees a transient storage in which nothing is saved. */
export function freeIfForgotten(storage: Storage): void {
  if (storage.transient && storage.saves === 0) storage.free();
}

/** A storage with a copy of `values`, which must be of the dtype's host type. */
export function storageFrom(dtype: DType, values: HostArray): Storage {
  beginCall();
  const storage = new Storage(dtype, values.length);
  storage.set(values);
  return storage;
}

/** Storages made in the open scopes, those of the innermost one last; null behind `madeCount`. */
const made: (Storage | null)[] = [];
let madeCount = 0;
/** Where the innermost open scope begins; -1 with none open. */
let scopeStart = -1;

/** Opens a scope and returns where the enclosing one begins, to be handed to `leaveScope`. */
export function enterScope(): number {
  const outer = scopeStart;
  scopeStart = madeCount;
  return outer;
}

/** Knows its members. */
interface StorageSet {
  has(storage: Storage): boolean;
}

/** Frees what was made since `enterScope`, except what was kept; the `survivors` go over to the enclosing scope. */
export function leaveScope(outer: number, survivors: StorageSet): void {
  if (scopeStart < 0) return;
  const end = madeCount;
  madeCount = scopeStart;
  scopeStart = outer;
  for (let i = madeCount; i < end; i++) {
    const storage = made[i] as Storage;
    made[i] = null;
    if (storage.kept) continue;
    if (!survivors.has(storage)) storage.free();
    else if (outer >= 0) made[madeCount++] = storage;
  }
}
