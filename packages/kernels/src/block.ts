import { engineCollector } from "./collector.ts";
import type { DType } from "./dtype.ts";

/** The bytes of one storage: in the heap (`pointer` > 0), or spilled to the host (`host`), or freed. */
export class Block {
  pointer = 0;
  /** Where the spilled bytes are, from `hostOffset` on. */
  host: Uint8Array | null = null;
  hostOffset = 0;
  freed = false;
  /** How many native calls work on the bytes by themselves: as long as any does, they neither move nor are given to others. */
  pins = 0;
  /** The kernel call that made or used the block last; blocks of the running call stay in place as long as others can go. */
  call = 0;
  /** The call that was told the address: as long as it runs, the block cannot move. */
  fixedIn = 0;
  /** `call` when the block came to the young end of the list. */
  linkedAt = 0;
  newer: Block | null = null;
  older: Block | null = null;
  readonly bytes: number;
  readonly dtype: DType;
  readonly batch: Batch;

  constructor(bytes: number, dtype: DType, batch: Batch) {
    this.bytes = bytes;
    this.dtype = dtype;
    this.batch = batch;
  }
}

/**
 * The blocks of a batch share one token, which their storages hold: once it is collected, so are they all, and the blocks can
 * be freed without a copy. Small blocks made one after another share a batch, since a weak reference costs more than they do; a
 * large one has its own, so that no other tensor keeps it from being found.
 */
export type Batch = WeakRef<object>;

/** A function, so that `structuredClone` and `postMessage` refuse what holds one, and quote it: they would make an object of nonsense. */
const newToken = (): object => () => "tensors stay in their thread and process: x.clone() and module.clone() copy, x.toTypedArray() gives what can be sent";

const batchSize = 64;
const largeBytes = 1 << 14;
let openToken: object = newToken();
let openBatch: Batch = new WeakRef(openToken);
let openMembers = 0;
let newestToken = openToken;

/** Each new weak reference is remembered until the running job ends: after this many they are forgotten by hand. */
const mostRemembered = 1 << 15;
let remembered = 0;

/** The token of the batch that the newest block belongs to. */
export function tokenOfNewest(): object {
  return newestToken;
}

/** The newest blocks get no fellows, and no token is held here: they can be found to be garbage. Not while a block is being made. */
export function closeBatch(): void {
  openMembers = batchSize;
  openToken = newestToken = newToken();
}

/** The batch of the next block. */
export function batchOfNext(bytes: number): Batch {
  return bytes < largeBytes ? sharedBatch() : ownBatch();
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
  newestToken = newToken();
  if (++remembered >= mostRemembered) forgetReferences();
  return new WeakRef(newestToken);
}

/** All weak references that were made or read are forgotten by the running job. */
export function forgetReferences(): void {
  engineCollector()?.forgetReads();
  remembered = 0;
}
