import { forgetReferences, type Batch } from "./block.ts";

/**
 * How many bytes of each batch are spilled. Spilled blocks are referred to by their storages alone, so that the host's copies die with
 * them; nobody tells when that happens, but the batches know.
 */
const bytesOf = new Map<Batch, number>();
/** With so many batches it is time to look which are dead: a list of the dead would grow for ever. */
let mostBatches = 4096;

export function addSpilled(batch: Batch, bytes: number): void {
  bytesOf.set(batch, (bytesOf.get(batch) ?? 0) + bytes);
}

/** A block was brought back or freed. */
export function removeSpilled(batch: Batch, bytes: number): void {
  const left = (bytesOf.get(batch) ?? 0) - bytes;
  if (left > 0) bytesOf.set(batch, left);
  else bytesOf.delete(batch);
}

/** Forgets the batches that are dead, and returns how many bytes of them were spilled. */
export function dropDeadSpilled(): number {
  let dead = 0;
  for (const [batch, bytes] of bytesOf) {
    if (batch.deref() !== undefined) continue;
    dead += bytes;
    bytesOf.delete(batch);
  }
  forgetReferences();
  mostBatches = Math.max(4096, 2 * bytesOf.size);
  return dead;
}

/** The same when there are many. */
export function dropDeadOfMany(): number {
  return bytesOf.size < mostBatches ? 0 : dropDeadSpilled();
}
