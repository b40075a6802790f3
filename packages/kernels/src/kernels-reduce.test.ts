import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { operations } from "../operations.mjs";
import type { HostArray } from "./dtype.ts";
import { reduceOps } from "./operations.generated.ts";
import { inArena, isSameForAnyThreads } from "./testing/arena.ts";
import { firstDifference, integersFrom, numbersFrom, size } from "./testing/numbers.ts";
import { missingTwins } from "./testing/twins.ts";
import { setNumThreads } from "./threads.ts";
import { wasm } from "./wasm.ts";

afterAll(() => setNumThreads(1));

type Op = keyof typeof reduceOps;

const dtypes = [
  { code: 0, type: Float32Array, bytes: 4 },
  { code: 1, type: Float64Array, bytes: 8 },
  { code: 3, type: Int32Array, bytes: 4 },
  { code: 4, type: Uint8Array, bytes: 1 },
  { code: 5, type: Uint8Array, bytes: 1 },
] as const;

/** The naive twins, on the elements of one output. */
const twins: Record<Op, (values: readonly number[]) => number> = {
  sum: (values) => values.reduce((a, b) => a + b, 0),
  prod: (values) => values.reduce((a, b) => a * b, 1),
  max: (values) => values.reduce((a, b) => Math.max(a, b), -Infinity),
  min: (values) => values.reduce((a, b) => Math.min(a, b), Infinity),
  any: (values) => Number(values.some((v) => v !== 0)),
  all: (values) => Number(values.every((v) => v !== 0)),
  sumSquares: (values) => values.reduce((a, b) => a + b * b, 0),
  argmax: (values) => extreme(values, (a, b) => a > b),
  argmin: (values) => extreme(values, (a, b) => a < b),
};

function extreme(values: readonly number[], beats: (a: number, b: number) => boolean): number {
  const nan = values.findIndex((v) => Number.isNaN(v));
  if (nan >= 0) return nan;
  return values.reduce((best, v, i) => (beats(v, values[best] ?? NaN) ? i : best), 0);
}

function naive(name: Op, x: ArrayLike<number>, outer: number, n: number, inner: number): number[] {
  const out: number[] = [];
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      out.push(twins[name](Array.from({ length: n }, (_, k) => x[(o * n + k) * inner + i] ?? NaN)));
    }
  }
  return out;
}

const names = Object.keys(reduceOps).filter((name): name is Op => name in reduceOps);
const shape = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.integer({ min: 1, max: 5 }), size, fc.constant(1)) },
  { weight: 4, arbitrary: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 40 }), fc.integer({ min: 2, max: 70 })) },
  { weight: 2, arbitrary: fc.constantFrom([1, 300, 700], [2, 1100, 20], [700, 9, 9], [1, 70, 1025], [4000, 12, 1], [3, 600, 1], [5, 2048, 1], [2, 8191, 1], [7, 3000, 1], [1, 70_001, 1], [3, 1, 50], [1, 20_000, 3]) },
);

describe("reduce", () => {
  it("has a naive twin for each operation", () => {
    expect(missingTwins(twins, operations.reductions.filter(({ isInternal }) => !isInternal))).toEqual([]);
  });

  it("gives integers exactly, for every operation, dtype and shape", () => {
    fc.assert(fc.property(
      shape, fc.constantFrom(...names), fc.constantFrom(...dtypes), fc.integer(),
      ([outer = 1, n = 1, inner = 1], name, { code, type, bytes }, seed) => {
        const [low, high] = code === 5 ? [0, 1] : code === 4 ? [0, name === "prod" ? 1 : 255] : name === "prod" ? [-1, 1] : [-9, 9];
        const x = type.from(integersFrom(seed, outer * n * inner, low, high));
        const isFloat = code < 2;
        const isCount = !isFloat && (name === "sum" || name === "prod");
        if (!isFloat && name === "sumSquares") return;
        const outType = isCount ? BigInt64Array : name === "any" || name === "all" ? Uint8Array : name.startsWith("arg") ? Int32Array : type;
        const outBytes = outType.BYTES_PER_ELEMENT;
        const expected = naive(name, x, outer, n, inner);
        inArena((arena) => {
          const out = arena.room(outer * inner * outBytes, outBytes);
          wasm.reduce(reduceOps[name], code, arena.put(x, bytes), out, outer, n, inner);
          const actual = Array.from(arena.read<HostArray>(outType, out, outer * inner), Number);
          // Neither order of additions nor a sign of zero is promised for float products.
          expect(firstDifference(actual.map((v) => v + 0), expected.map((v) => v + 0))).toBe(-1);
        });
      },
    ), { numRuns: 400 });
  });

  it.each([300, 511, 512, 513, 640, 2047, 2048, 2049, 8191, 8192, 8193, 9000, 17_001])("gives a row of %i the same bits beside any number of others, and the right sum", (n) => {
    const rows = 7;
    const x = Float32Array.from(numbersFrom(n, rows * n, -1, 1));
    const sums = (first: number, count: number): number[] =>
      inArena((arena) => {
        const out = arena.room(4 * count);
        wasm.reduce(reduceOps.sum, 0, arena.put(x.subarray(first * n, (first + count) * n)), out, count, n, 1);
        return [...arena.read(Float32Array, out, count)];
      });
    const alone = Array.from({ length: rows }, (_, r) => sums(r, 1)[0] as number);
    for (let count = 2; count <= rows; count++) expect(sums(0, count)).toEqual(alone.slice(0, count));
    alone.forEach((sum, r) => {
      const values = x.subarray(r * n, (r + 1) * n);
      const scale = values.reduce((total, value) => total + Math.abs(value), 0);
      expect(Math.abs(sum - values.reduce((total, value) => total + value, 0))).toBeLessThan(40 * 2 ** -24 * scale);
    });
  });

  it("counts integers in int64, of which sums and products wrap", () => {
    const largest = 2n ** 63n - 1n;
    const rows: readonly [code: number, values: HostArray, sum: bigint, product: bigint][] = [
      [3, Int32Array.of(2 ** 31 - 1, 2 ** 31 - 1), 4294967294n, 4611686014132420609n],
      [4, Uint8Array.of(255, 255, 2), 512n, 130050n],
      [5, Uint8Array.of(1, 1, 0), 2n, 0n],
      [6, BigInt64Array.of(largest, 2n), -largest, -2n],
    ];
    for (const [code, values, sum, product] of rows) {
      inArena((arena) => {
        const out = arena.room(16, 8), x = arena.put(values);
        wasm.reduce(reduceOps.sum, code, x, out, 1, values.length, 1);
        wasm.reduce(reduceOps.prod, code, x, out + 8, 1, values.length, 1);
        expect([...arena.read(BigInt64Array, out, 2)]).toEqual([sum, product]);
      });
    }
  });

  it("adds up more bytes than lanes of 32 bits hold", () => {
    const n = 2 ** 25 + 5;
    inArena((arena) => {
      const x = arena.room(n), out = arena.room(8);
      wasm.fill(4, x, n, 255);
      wasm.reduce(reduceOps.sum, 4, x, out, 1, n, 1);
      expect([...arena.read(BigInt64Array, out, 1)]).toEqual([BigInt(n) * 255n]);
    });
  });

  it("lets NaN win max, min, argmax and argmin, and be true", () => {
    fc.assert(fc.property(
      fc.integer({ min: 2, max: 70 }), fc.nat(69), fc.constantFrom(1, 3, 5), fc.constantFrom(0, 1),
      (n, place, inner, code) => {
        const values = numbersFrom(n, n * inner, -5, 5);
        const at = place % n;
        for (let i = 0; i < inner; i++) values[at * inner + i] = NaN;
        const x = code === 0 ? Float32Array.from(values) : Float64Array.from(values);
        inArena((arena) => {
          const pointer = arena.put(x), out = arena.room(inner * 8);
          const type = code === 0 ? Float32Array : Float64Array;
          for (const name of ["max", "min"] as const) {
            wasm.reduce(reduceOps[name], code, pointer, out, 1, n, inner);
            expect([...arena.read<Float32Array | Float64Array>(type, out, inner)]).toEqual(new Array(inner).fill(NaN));
          }
          for (const name of ["argmax", "argmin"] as const) {
            wasm.reduce(reduceOps[name], code, pointer, out, 1, n, inner);
            expect([...arena.read(Int32Array, out, inner)]).toEqual(new Array(inner).fill(at));
          }
          wasm.reduce(reduceOps.any, code, arena.put(x.map((v) => (Number.isNaN(v) ? v : 0))), out, 1, n, inner);
          expect([...arena.read(Uint8Array, out, inner)]).toEqual(new Array(inner).fill(1));
        });
      },
    ));
  });

  it("gives the identity where there is nothing to reduce", () => {
    for (const inner of [1, 5]) {
      for (const [name, identity] of [["sum", 0], ["prod", 1], ["sumSquares", 0]] as const) {
        inArena((arena) => {
          const out = arena.room(3 * inner * 4);
          wasm.reduce(reduceOps[name], 0, arena.room(0), out, 3, 0, inner);
          expect([...arena.read(Float32Array, out, 3 * inner)]).toEqual(new Array(3 * inner).fill(identity));
        });
      }
      for (const [name, identity] of [["any", 0], ["all", 1]] as const) {
        inArena((arena) => {
          const out = arena.room(3 * inner);
          wasm.reduce(reduceOps[name], 5, arena.room(0), out, 3, 0, inner);
          expect([...arena.read(Uint8Array, out, 3 * inner)]).toEqual(new Array(3 * inner).fill(identity));
        });
      }
    }
  });

  it.each([[1, 1_000_000, 1], [1, 100_000, 7], [3, 300_000, 1]])("sums float32 %j with an error that grows like a pairwise sum's", (outer, n, inner) => {
    // All of one sign and far from round: a running sum of a million terms loses 4 digits.
    const x = Float32Array.from(numbersFrom(5, outer * n * inner, 0.1, 0.3));
    const exact = naive("sum", x, outer, n, inner);
    inArena((arena) => {
      const out = arena.room(outer * inner * 4);
      wasm.reduce(reduceOps.sum, 0, arena.put(x), out, outer, n, inner);
      const actual = arena.read(Float32Array, out, outer * inner);
      exact.forEach((sum, i) => expect(Math.abs((actual[i] ?? NaN) - sum) / sum).toBeLessThan(4e-7));
    });
  });

  it("does not depend on the number of threads", () => {
    const x = Float32Array.from(numbersFrom(8, 480_000, -1, 1));
    const shapes = [[1, 480_000, 1], [4, 120_000, 1], [4800, 100, 1], [1, 4800, 100], [20, 1200, 20], [1, 40, 12_000]] as const;
    for (const name of ["sum", "prod", "max", "any", "argmin"] as const) {
      const run = (): Int32Array => inArena((arena) => {
        const pointer = arena.put(x);
        return Int32Array.from(shapes.flatMap(([outer, n, inner]) => {
          const out = arena.put(new Float32Array(outer * inner));
          wasm.reduce(reduceOps[name], 0, pointer, out, outer, n, inner);
          return [...arena.read(Int32Array, out, outer * inner)];
        }));
      });
      expect(isSameForAnyThreads(run), name).toBe(true);
    }
  });
});

describe("moments", () => {
  it("are those of the naive two passes", () => {
    fc.assert(fc.property(
      shape, fc.constantFrom(0, 1), fc.integer(), fc.constantFrom(0, 1000),
      ([outer = 1, n = 1, inner = 1], code, seed, offset) => {
        const type = code === 0 ? Float32Array : Float64Array;
        const x = type.from(numbersFrom(seed, outer * n * inner, offset - 1, offset + 1));
        inArena((arena) => {
          const count = outer * inner;
          const mean = arena.room(count * type.BYTES_PER_ELEMENT), m2 = arena.room(count * type.BYTES_PER_ELEMENT);
          wasm.moments(code, arena.put(x), mean, m2, outer, n, inner);
          const means = arena.read<Float32Array | Float64Array>(type, mean, count), m2s = arena.read<Float32Array | Float64Array>(type, m2, count);
          const epsilon = code === 0 ? 2 ** -24 : 2 ** -53;
          for (let o = 0; o < outer; o++) {
            for (let i = 0; i < inner; i++) {
              const values = Array.from({ length: n }, (_, k) => x[(o * n + k) * inner + i] ?? NaN);
              const exact = twins.sum(values) / n;
              const squares = values.reduce((a, v) => a + (v - exact) ** 2, 0);
              const at = o * inner + i;
              expect(Math.abs((means[at] ?? NaN) - exact)).toBeLessThanOrEqual(30 * epsilon * (offset + 1));
              expect(Math.abs((m2s[at] ?? NaN) - squares)).toBeLessThanOrEqual(100 * epsilon * (offset + 1) * Math.max(1, n));
            }
          }
        });
      },
    ), { numRuns: 60 });
  });

  it("do not cancel far from zero", () => {
    const x = Float32Array.from({ length: 4096 }, (_, i) => 4096 + (i % 2));
    inArena((arena) => {
      const mean = arena.room(4), m2 = arena.room(4);
      wasm.moments(0, arena.put(x), mean, m2, 1, 4096, 1);
      expect([...arena.read(Float32Array, mean, 1)]).toEqual([4096.5]);
      expect([...arena.read(Float32Array, m2, 1)]).toEqual([1024]);
    });
  });

  it("do not depend on the number of threads", () => {
    const x = Float32Array.from(numbersFrom(8, 240_000, -1, 1));
    for (const [outer, n, inner] of [[1, 240_000, 1], [1, 2400, 100]] as const) {
      expect(isSameForAnyThreads(() => inArena((arena) => {
        const out = arena.room(2 * outer * inner * 4);
        wasm.moments(0, arena.put(x), out, out + outer * inner * 4, outer, n, inner);
        return arena.read(Float32Array, out, 2 * outer * inner);
      }))).toBe(true);
    }
  });
});
