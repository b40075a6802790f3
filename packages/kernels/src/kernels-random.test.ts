import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { inArena, isSameForAnyThreads } from "./testing/arena.ts";
import { firstDifference, numbersFrom, size, ulps32 } from "./testing/numbers.ts";
import { setNumThreads } from "./threads.ts";
import { wasm } from "./wasm.ts";

afterAll(() => setNumThreads(1));

/** Philox4x32-10, one counter at a time, after the paper's description. */
function philox(key: readonly [number, number], counter: readonly [number, number, number, number]): [number, number, number, number] {
  let [k0, k1] = key;
  let [x0, x1, x2, x3] = counter;
  for (let round = 0; round < 10; round++) {
    const a = BigInt(x0) * 0xd2511f53n, b = BigInt(x2) * 0xcd9e8d57n;
    const [highA, lowA] = [Number(a >> 32n), Number(a & 0xffffffffn)], [highB, lowB] = [Number(b >> 32n), Number(b & 0xffffffffn)];
    [x0, x1, x2, x3] = [(highB ^ x1 ^ k0) >>> 0, lowB, (highA ^ x3 ^ k1) >>> 0, lowA];
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return [x0, x1, x2, x3];
}

/** The words of element blocks from a 64-bit counter on. */
function wordsFrom(key: readonly [number, number], counter: bigint, count: number): number[] {
  const words: number[] = [];
  for (let step = 0n; words.length < count; step++) {
    const at = BigInt.asUintN(64, counter + step);
    words.push(...philox(key, [Number(at & 0xffffffffn), Number(at >> 32n), 0, 0]));
  }
  return words.slice(0, count);
}

type Floats = Float32Array | Float64Array;

const low32 = (counter: bigint): number => Number(counter & 0xffffffffn);
const high32 = (counter: bigint): number => Number(counter >> 32n);

const start = fc.record({
  key: fc.tuple(fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: 0, max: 0xffffffff })),
  counter: fc.oneof(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), fc.constantFrom(0n, 0xfffffffen, 0xffffffffn)),
});

describe("Philox4x32-10", () => {
  // The known-answer vectors published with the Random123 library (tests/kat_vectors).
  it.each<readonly [readonly [number, number, number, number], readonly [number, number], readonly number[]]>([
    [[0, 0, 0, 0], [0, 0], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]],
    [[0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff], [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]],
    [[0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0], [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1]],
  ])("gives the published words for counter %j", (counter, key, expected) => {
    inArena((arena) => {
      const out = arena.room(16);
      wasm.randomWords(out, 1, ...key, ...counter);
      expect([...arena.read(Int32Array, out, 4)].map((word) => word >>> 0)).toEqual(expected);
    });
    expect(philox(key, counter)).toEqual(expected);
  });
});

describe("random fills", () => {
  it("randomUniform scales the upper 24 or 53 bits", () => {
    fc.assert(fc.property(size, start, (n, { key, counter }) => {
      inArena((arena) => {
        const out32 = arena.room(n * 4, 4), out64 = arena.room(n * 8, 8);
        wasm.randomUniform(0, out32, n, ...key, low32(counter), high32(counter), -1, 3);
        wasm.randomUniform(1, out64, n, ...key, low32(counter), high32(counter), -1, 3);
        const words = wordsFrom(key, counter, 2 * n);
        const u32 = Float32Array.from({ length: n }, (_, i) => ((words[i] ?? 0) >>> 8) * 2 ** -24 * 4 - 1);
        const bits = (i: number): bigint => ((BigInt(words[2 * i + 1] ?? 0) << 32n) | BigInt(words[2 * i] ?? 0)) >> 11n;
        const u64 = Float64Array.from({ length: n }, (_, i) => Number(bits(i)) * 2 ** -53 * 4 - 1);
        expect(firstDifference(arena.read(Float32Array, out32, n), u32)).toBe(-1);
        expect(firstDifference(arena.read(Float64Array, out64, n), u64)).toBe(-1);
      });
    }), { numRuns: 60 });
  });

  it("randomUniform never reaches the upper end, however narrow the range", () => {
    for (const bounds of [[1, 1.0000001192092896], [-1.0000001192092896, -1], [16777215, 16777216], [-1e-30, 0], [0, 1e-44]] as const) {
      const [low, high] = [Math.fround(bounds[0]), Math.fround(bounds[1])];
      inArena((arena) => {
        const n = 4096, out32 = arena.room(n * 4), out64 = arena.room(n * 8);
        wasm.randomUniform(0, out32, n, 1, 2, 0, 0, low, high);
        wasm.randomUniform(1, out64, n, 1, 2, 0, 0, low, high);
        for (const values of [arena.read(Float32Array, out32, n), arena.read(Float64Array, out64, n)]) {
          expect(values.every((v) => v >= low && v < high)).toBe(true);
        }
      });
    }
  });

  it("randomNormal is Box and Muller's transform of the words", () => {
    fc.assert(fc.property(size, start, (n, { key, counter }) => {
      inArena((arena) => {
        const out32 = arena.room(n * 4, 4), out64 = arena.room(n * 8, 8);
        wasm.randomNormal(0, out32, n, ...key, low32(counter), high32(counter), 0, 1);
        wasm.randomNormal(1, out64, n, ...key, low32(counter), high32(counter), 10, 2);
        const a = arena.read(Float32Array, out32, n), b = arena.read(Float64Array, out64, n);
        const words = wordsFrom(key, counter, 4 * n + 4);
        const word = (i: number): number => words[i] ?? 0;
        const bits = (i: number): number => Number(((BigInt(word(i + 1)) << 32n) | BigInt(word(i))) >> 11n) * 2 ** -53;
        for (let i = 0; i < n; i++) {
          const pair = i & ~1, turn = (i & 1) === 0 ? Math.cos : Math.sin;
          const u = Math.fround((Math.fround(word(pair)) + 1) * 2 ** -32);
          const expected = Math.sqrt(-2 * Math.log(u)) * turn(2 * Math.PI * (word(pair + 1) * 2 ** -32));
          expect(Math.abs((a[i] ?? NaN) - expected)).toBeLessThan(3e-6);
          const radius = Math.sqrt(-2 * Math.log(bits(2 * pair) + 2 ** -53));
          expect(b[i]).toBeCloseTo(10 + 2 * radius * turn(2 * Math.PI * bits(2 * pair + 2)), 10);
        }
      });
    }), { numRuns: 40 });
  });

  // Found by a search through four billion counters under the key 1, 2: words at which a logarithm or an angle may go wrong.
  it.each([
    [1_178_950_210, 0, 0x00000000], [2_810_765_309, 2, 0x00000000], [21_789_116, 0, 0xffffff8e], [58_376_091, 0, 0xffffff95],
    [3_104_106_120, 1, 0x00000000], [4_768_176_002, 0, 0xffffffff], [1_560_177_888, 1, 0xffffffff], [3_029_440_583, 3, 0x00000000],
  ] as const)("at counter %i, whose word %i is %i, all fills stay what they are", (counter, place, word) => {
    const at = [1, 2, low32(BigInt(counter)), high32(BigInt(counter))] as const;
    expect(wordsFrom([1, 2], BigInt(counter), 4)[place]).toBe(word);
    inArena((arena) => {
      for (const [code, type] of [[0, Float32Array], [1, Float64Array]] as const) {
        const out = arena.room(4 * type.BYTES_PER_ELEMENT), read = (): Floats => arena.read<Floats>(type, out, 4);
        wasm.randomNormal(code, out, 4, ...at, 0, 1);
        expect(read().every((value) => Math.abs(value) < (code === 0 ? 6.7 : 8.7))).toBe(true);
        for (const [low, high] of [[0, 1], [-1, 3], [-1e30, 1e30], [1, 1 + 2 ** -23]] as const) {
          wasm.randomUniform(code, out, 4, ...at, low, high);
          expect(read().every((value) => value >= Math.fround(low) && value < Math.fround(high))).toBe(true);
        }
      }
      const out = arena.room(16);
      for (const [low, high] of [[0, 1], [-(2 ** 31), 2 ** 31 - 1], [5, 8]] as const) {
        wasm.randomInt(out, 4, ...at, low, high);
        expect(arena.read(Int32Array, out, 4).every((value) => value >= low && value < high)).toBe(true);
      }
      // Nothing is dropped with p = 0, all with p = 1, at any word.
      const [x, mask] = [arena.put(Float32Array.of(1, 1, 1, 1)), arena.room(4)];
      for (const p of [0, 1]) {
        wasm.dropout(0, x, out, mask, 4, p, ...at);
        expect([...arena.read(Float32Array, out, 4)]).toEqual(p === 0 ? [1, 1, 1, 1] : [0, 0, 0, 0]);
      }
    });
  });

  it("randomNormal has the moments of the normal distribution", () => {
    const n = 400_000;
    for (const [code, type] of [[0, Float32Array], [1, Float64Array]] as const) {
      inArena((arena) => {
        const out = arena.room(n * type.BYTES_PER_ELEMENT);
        wasm.randomNormal(code, out, n, 5, 6, 0, 0, 0, 1);
        const values = [...arena.read<Float32Array | Float64Array>(type, out, n)];
        const moment = (power: number): number => values.reduce((sum, v) => sum + v ** power, 0) / n;
        // Five standard errors each.
        expect(Math.abs(moment(1))).toBeLessThan(5 / Math.sqrt(n));
        expect(Math.abs(moment(2) - 1)).toBeLessThan((5 * Math.sqrt(2)) / Math.sqrt(n));
        expect(Math.abs(moment(3))).toBeLessThan((5 * Math.sqrt(15)) / Math.sqrt(n));
        expect(Math.abs(moment(4) - 3)).toBeLessThan((5 * Math.sqrt(96)) / Math.sqrt(n));
      });
    }
  });

  it("randomInt multiplies and shifts", () => {
    fc.assert(fc.property(
      size, start, fc.tuple(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 2 }), fc.integer({ min: 1, max: 2 ** 31 })),
      (n, { key, counter }, [low, span]) => {
        const high = Math.min(low + span, 2 ** 31 - 1);
        inArena((arena) => {
          const out = arena.room(n * 4, 4);
          wasm.randomInt(out, n, ...key, low32(counter), high32(counter), low, high);
          const expected = wordsFrom(key, counter, n).map((w) => low + Number((BigInt(w) * BigInt(high - low)) >> 32n));
          expect(firstDifference(arena.read(Int32Array, out, n), expected)).toBe(-1);
        });
      },
    ), { numRuns: 60 });
  });

  it("continues where the counter was advanced to", () => {
    const whole = inArena((arena) => {
      const out = arena.room(400);
      wasm.randomUniform(0, out, 100, 1, 2, 7, 0, 0, 1);
      return arena.read(Float32Array, out, 100);
    });
    const parts = inArena((arena) => {
      const out = arena.room(400);
      wasm.randomUniform(0, out, 40, 1, 2, 7, 0, 0, 1);
      wasm.randomUniform(0, out + 160, 60, 1, 2, 17, 0, 0, 1);
      return arena.read(Float32Array, out, 100);
    });
    expect(firstDifference(parts, whole)).toBe(-1);
  });
});

describe("dropout", () => {
  it("keeps what the words say and scales it; the backward pass uses the mask", () => {
    fc.assert(fc.property(size, start, fc.constantFrom(0, 0.1, 0.5, 0.9, 1), fc.constantFrom(0, 1), (n, { key, counter }, p, code) => {
      const type = code === 0 ? Float32Array : Float64Array;
      // What is dropped plays no part, be it infinite or NaN.
      const x = type.from(numbersFrom(n, n, -5, 5)).map((v, i) => (i % 5 === 1 ? Infinity : i % 7 === 2 ? NaN : v));
      const mask = Uint8Array.from(wordsFrom(key, counter, n), (w) => Number((w >>> 8) * 2 ** -24 >= p));
      const scale = p < 1 ? (code === 0 ? Math.fround(1 / (1 - p)) : 1 / (1 - p)) : 0;
      const expected = x.map((v, i) => (mask[i] === 1 ? v * scale : 0));
      inArena((arena) => {
        const px = arena.put(x), out = arena.room(x.byteLength, type.BYTES_PER_ELEMENT), pm = arena.room(n, 1), back = arena.room(x.byteLength);
        wasm.dropout(code, px, out, pm, n, p, ...key, low32(counter), high32(counter));
        expect(firstDifference(arena.read(Uint8Array, pm, n), mask)).toBe(-1);
        expect(firstDifference(arena.read<Float32Array | Float64Array>(type, out, n), expected)).toBe(-1);
        wasm.dropoutBackward(code, px, pm, back, n, p);
        expect(firstDifference(arena.read<Float32Array | Float64Array>(type, back, n), expected)).toBe(-1);
      });
    }), { numRuns: 100 });
  });
});

it("draws the same for any number of threads", () => {
  const n = 100_001;
  const x = Float32Array.from(numbersFrom(1, n, -1, 1));
  const fills = [
    (out: number) => wasm.randomUniform(0, out, n, 1, 2, 0xfffffff0, 0, 0, 1),
    (out: number) => wasm.randomUniform(1, out, n, 1, 2, 3, 4, 0, 1),
    (out: number) => wasm.randomNormal(0, out, n, 1, 2, 3, 4, 0, 1),
    (out: number) => wasm.randomNormal(1, out, n, 1, 2, 3, 4, 0, 1),
    (out: number) => wasm.randomInt(out, n, 1, 2, 3, 4, -5, 5),
  ];
  for (const fill of fills) {
    expect(isSameForAnyThreads(() => inArena((arena) => {
      const out = arena.put(new Float64Array(n));
      fill(out);
      return arena.read(Int32Array, out, 2 * n);
    }))).toBe(true);
  }
  expect(isSameForAnyThreads(() => inArena((arena) => {
    const out = arena.room(n * 4);
    wasm.dropout(0, arena.put(x), out, arena.room(n), n, 0.3, 1, 2, 3, 4);
    return arena.read(Float32Array, out, n);
  }))).toBe(true);
});

it("ulps32 counts", () => {
  expect(ulps32(1, 1)).toBe(0);
  expect(ulps32(1 + 2 ** -23, 1)).toBe(1);
  expect(ulps32(NaN, 1)).toBe(Infinity);
});
