import { expect, test } from "vitest";
import { numbersFrom } from "./testing/numbers.ts";
import { wasm } from "./wasm.ts";

/** What a block has beside its bytes: a header, its alignment, room between large ones, and a rest that is too small to be a block. */
const mostOverhead = 16 + 64 + 960 + 16 + 32;
const end = 65535 * 65536;

interface Piece {
  readonly from: number;
  readonly to: number;
}

/** The live blocks in the order of their addresses, kept by plain means: what the allocator is compared with. */
class ShadowMemory {
  readonly pieces: Piece[] = [];
  bytes = 0;

  /** Throws for a block that overlaps another or leaves the memory. */
  add(piece: Piece): void {
    const at = this.#placeOf(piece.from);
    const [before, after] = [this.pieces[at - 1], this.pieces[at]];
    const reserved = wasm.pageCount() * 65536;
    if (piece.to > reserved || piece.from < 65536 || (before?.to ?? 0) > piece.from || (after?.from ?? end) < piece.to) {
      throw new Error(`[${piece.from}, ${piece.to}) overlaps [${before?.from}, ${before?.to}) or [${after?.from}, ${after?.to}), or leaves the memory of ${reserved}`);
    }
    this.pieces.splice(at, 0, piece);
    this.bytes += piece.to - piece.from;
  }

  take(index: number): Piece {
    const [piece] = this.pieces.splice(index, 1) as [Piece];
    this.bytes -= piece.to - piece.from;
    return piece;
  }

  largestGap(start: number): number {
    let largest = 0;
    let from = start;
    for (const piece of this.pieces) {
      largest = Math.max(largest, piece.from - from);
      from = piece.to;
    }
    return Math.max(largest, end - from);
  }

  #placeOf(from: number): number {
    let [low, high] = [0, this.pieces.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.pieces[middle] as Piece).from < from) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Sizes of every order from a few bytes to the whole memory, often at the edges of powers of two, where classes begin. */
function sizeFrom(order: number, edge: number): number {
  const power = 2 ** Math.floor(order * 28 + 4);
  const size = edge < 0.3 ? power + Math.floor(edge * 200) - 30 : Math.floor(power * (1 + edge));
  return Math.max(1, Math.min(size, wasm.mostBytes() >>> 0));
}

test("100,000 random blocks up to the memory's end: none overlaps, none is refused that has a place, all of it comes back", () => {
  // Blocks of other parts of this process, if there are any, stay where they are.
  wasm.release(wasm.allocate(1));
  const [claimed, most] = [wasm.claimedBytes(), wasm.mostBytesNow() >>> 0];
  const start = end - most - mostOverhead;
  const shadow = new ShadowMemory();
  const orders = numbersFrom(1, 100_000, 0, 1), edges = numbersFrom(2, 100_000, 0, 1), picks = numbersFrom(3, 100_000, 0, 1);
  let [refused, peak] = [0, 0];
  for (let i = 0; i < 100_000; i++) {
    // Phases of small blocks alone, of all sizes, and of large ones alone.
    const order = orders[i] as number, pick = picks[i] as number;
    const bytes = sizeFrom([order * 0.5, order, 0.7 + order * 0.3][Math.floor(i / 2000) % 3] as number, edges[i] as number);
    const pointer = wasm.allocate(bytes) >>> 0;
    if (pointer !== 0) shadow.add({ from: pointer, to: pointer + bytes });
    else {
      refused++;
      if (shadow.largestGap(start) >= bytes + 2 * mostOverhead) throw new Error(`${bytes} bytes were refused with ${shadow.largestGap(start)} free in one piece`);
    }
    peak = Math.max(peak, shadow.bytes);
    const isCrowded = shadow.pieces.length > 1500 || pointer === 0;
    for (let drops = isCrowded ? 3 : pick < 0.3 ? 1 : 0; drops > 0 && shadow.pieces.length > 0; drops--) {
      wasm.release(shadow.take(Math.floor(pick * shadow.pieces.length)).from);
    }
  }
  expect(refused).toBeGreaterThan(1000);
  expect(peak).toBeGreaterThan(3.9 * 2 ** 30);
  while (shadow.pieces.length > 0) wasm.release(shadow.take(shadow.pieces.length >> 1).from);
  expect(wasm.claimedBytes()).toBe(claimed);
  expect(wasm.mostBytesNow() >>> 0).toBe(most);
});

test("the whole memory is one block's, and no more", () => {
  const most = wasm.mostBytesNow() >>> 0;
  const pointer = wasm.allocate(most - mostOverhead) >>> 0;
  expect(pointer).toBeGreaterThan(0);
  expect(wasm.allocate(2 ** 20)).toBe(0);
  wasm.release(pointer);
  for (const bytes of [most + 1, 2 ** 32 - 65536, 2 ** 32 - 1]) expect(wasm.allocate(bytes)).toBe(0);
});
