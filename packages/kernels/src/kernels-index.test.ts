import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { inArena, isSameForAnyThreads } from "./testing/arena.ts";
import { firstDifference, integersFrom, numbersFrom } from "./testing/numbers.ts";
import { setNumThreads } from "./threads.ts";
import { wasm } from "./wasm.ts";

afterAll(() => setNumThreads(1));

const shape = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.tuple(
      fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 9 }),
      fc.oneof(fc.integer({ min: 1, max: 17 }), fc.integer({ min: 60, max: 70 })), fc.integer({ min: 0, max: 20 }),
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom([1, 50, 300, 200], [40, 10, 20, 70], [1, 9, 1, 40_003], [3, 5, 20_000, 2], [20, 5, 600, 4]) },
);

/** Indices of both signs. */
function indicesFrom(seed: number, count: number, n: number): Int32Array {
  return Int32Array.from(integersFrom(seed, count, -n, n - 1));
}

const wrap = (index: number, n: number): number => (index < 0 ? index + n : index);

describe("indexing", () => {
  it("indexSelect and gather move elements of any size", () => {
    fc.assert(fc.property(shape, fc.constantFrom(1, 2, 4, 8), fc.integer(), ([outer = 1, n = 1, inner = 1, m = 1], bytes, seed) => {
      const x = Uint8Array.from(integersFrom(seed, outer * n * inner * bytes, 0, 255));
      const rows = indicesFrom(seed + 1, m, n), each = indicesFrom(seed + 2, outer * m * inner, n);
      const selected = new Uint8Array(outer * m * inner * bytes), gathered = new Uint8Array(selected.length);
      for (let o = 0; o < outer; o++) {
        for (let k = 0; k < m; k++) {
          for (let i = 0; i < inner; i++) {
            const to = (o * m + k) * inner + i;
            for (let b = 0; b < bytes; b++) {
              selected[to * bytes + b] = x[((o * n + wrap(rows[k] ?? 0, n)) * inner + i) * bytes + b] ?? 0;
              gathered[to * bytes + b] = x[((o * n + wrap(each[to] ?? 0, n)) * inner + i) * bytes + b] ?? 0;
            }
          }
        }
      }
      inArena((arena) => {
        const px = arena.put(x), out = arena.room(selected.length, bytes);
        wasm.indexSelect(bytes, px, arena.put(rows), out, outer, n, inner, m);
        expect(firstDifference(arena.read(Uint8Array, out, selected.length), selected)).toBe(-1);
        wasm.gather(bytes, px, arena.put(each), out, outer, n, inner, m);
        expect(firstDifference(arena.read(Uint8Array, out, gathered.length), gathered)).toBe(-1);
      });
    }), { numRuns: 150 });
  });

  it("indexAdd and scatterAdd add repeated indices up", () => {
    const dtypes = fc.constantFrom(
      { code: 0, type: Float32Array } as const, { code: 1, type: Float64Array } as const,
      { code: 3, type: Int32Array } as const, { code: 4, type: Uint8Array } as const,
    );
    fc.assert(fc.property(shape, dtypes, fc.integer(), ([outer = 1, n = 1, inner = 1, m = 1], { code, type }, seed) => {
      type Numbers = Float32Array | Float64Array | Int32Array | Uint8Array;
      const rows = indicesFrom(seed + 1, m, n), each = indicesFrom(seed + 2, outer * m * inner, n);
      const dst: Numbers = type.from(integersFrom(seed, outer * n * inner, 0, 9));
      const src: Numbers = type.from(integersFrom(seed + 3, outer * m * inner, 0, 9));
      const added = dst.slice(), scattered = dst.slice();
      for (let o = 0; o < outer; o++) {
        for (let k = 0; k < m; k++) {
          for (let i = 0; i < inner; i++) {
            const from = (o * m + k) * inner + i;
            const row = (o * n + wrap(rows[k] ?? 0, n)) * inner + i, single = (o * n + wrap(each[from] ?? 0, n)) * inner + i;
            added[row] = (added[row] ?? 0) + (src[from] ?? 0);
            scattered[single] = (scattered[single] ?? 0) + (src[from] ?? 0);
          }
        }
      }
      inArena((arena) => {
        const first = arena.put(dst), second = arena.put(dst), source = arena.put(src);
        wasm.indexAdd(code, first, arena.put(rows), source, outer, n, inner, m);
        expect(firstDifference(arena.read<Numbers>(type, first, dst.length), added)).toBe(-1);
        wasm.scatterAdd(code, second, arena.put(each), source, outer, n, inner, m);
        expect(firstDifference(arena.read<Numbers>(type, second, dst.length), scattered)).toBe(-1);
      });
    }), { numRuns: 150 });
  });

  it("checkIndices finds the first index outside", () => {
    inArena((arena) => {
      const check = (...indices: number[]): number => wasm.checkIndices(arena.put(Int32Array.from(indices)), indices.length, 5);
      expect(check(0, 4, -5, -1)).toBe(-1);
      expect(check(0, 5, 9)).toBe(1);
      expect(check(0, 4, -6)).toBe(2);
      expect(check()).toBe(-1);
    });
  });

  it("does not depend on the number of threads, nor does the order of float additions", () => {
    for (const [outer, n, inner, m] of [[1, 20, 300, 500], [50, 10, 20, 90]] as const) {
      const src = Float32Array.from(numbersFrom(3, outer * m * inner, -1, 1));
      const each = indicesFrom(4, outer * m * inner, n), rows = indicesFrom(5, m, n);
      expect(isSameForAnyThreads(() => inArena((arena) => {
        const added = arena.put(new Float32Array(outer * n * inner)), scattered = arena.put(new Float32Array(outer * n * inner));
        const source = arena.put(src), gathered = arena.room(src.byteLength), selected = arena.room(src.byteLength);
        wasm.indexAdd(0, added, arena.put(rows), source, outer, n, inner, m);
        wasm.scatterAdd(0, scattered, arena.put(each), source, outer, n, inner, m);
        wasm.gather(4, added, arena.put(each), gathered, outer, n, inner, m);
        wasm.indexSelect(4, scattered, arena.put(rows), selected, outer, n, inner, m);
        const both = new Float32Array(2 * src.length);
        both.set(arena.read(Float32Array, gathered, src.length));
        both.set(arena.read(Float32Array, selected, src.length), src.length);
        return both;
      }))).toBe(true);
    }
  });
});
