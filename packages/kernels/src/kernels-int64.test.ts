import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { binaryOps, reduceOps, unaryOps } from "./operations.generated.ts";
import { inArena, isSameForAnyThreads, writeLayout } from "./testing/arena.ts";
import { setNumThreads } from "./threads.ts";
import { wasm } from "./wasm.ts";

afterAll(() => setNumThreads(1));

const I64 = 6;
const wrap = (value: bigint): bigint => BigInt.asIntN(64, value);
const floorDivide = (a: bigint, b: bigint): bigint => a / b - (a % b !== 0n && a < 0n !== b < 0n ? 1n : 0n);

/** Values on both sides of what int32 and float64 hold, and at the ends of the range. */
const long = fc.oneof(fc.bigInt(-9n, 9n), fc.bigInt(-(2n ** 33n), 2n ** 33n), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n + 1n));
/** Below a vector, and past several of them. */
const longs = fc.integer({ min: 1, max: 40 }).chain((n) => fc.tuple(fc.array(long, { minLength: n, maxLength: n }), fc.array(long, { minLength: n, maxLength: n })));

const unaryTwins: Readonly<Record<string, (x: bigint) => bigint>> = {
  neg: (x) => wrap(-x),
  abs: (x) => wrap(x < 0n ? -x : x),
  sign: (x) => (x > 0n ? 1n : x < 0n ? -1n : 0n),
  square: (x) => wrap(x * x),
  relu: (x) => (x > 0n ? x : 0n),
};

const binaryTwins: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  add: (a, b) => wrap(a + b),
  sub: (a, b) => wrap(a - b),
  mul: (a, b) => wrap(a * b),
  maximum: (a, b) => (a > b ? a : b),
  minimum: (a, b) => (a < b ? a : b),
  // A zero divisor gives 0: the host refuses it.
  floorDivide: (a, b) => (b === 0n ? 0n : wrap(floorDivide(a, b))),
  remainder: (a, b) => (b === 0n ? 0n : a - floorDivide(a, b) * b),
};

const comparisons: Readonly<Record<string, (a: bigint, b: bigint) => boolean>> = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
  logicalAnd: (a, b) => a !== 0n && b !== 0n,
  logicalOr: (a, b) => a !== 0n || b !== 0n,
  logicalXor: (a, b) => (a !== 0n) !== (b !== 0n),
};

describe("int64, beyond what a float64 holds", () => {
  it.each(Object.entries(unaryTwins))("%s", (name, twin) => {
    fc.assert(fc.property(longs, ([x]) => inArena((arena) => {
      const out = arena.room(8 * x.length, 8);
      wasm.unary(unaryOps[name as keyof typeof unaryOps], I64, arena.put(BigInt64Array.from(x), 8), out, x.length, 0, 0);
      expect([...arena.read(BigInt64Array, out, x.length)]).toEqual(x.map(twin));
    })));
  });

  it.each(Object.entries(binaryTwins))("%s", (name, twin) => {
    fc.assert(fc.property(longs, ([a, b]) => inArena((arena) => {
      const out = arena.room(8 * a.length, 8);
      const code = binaryOps[name as keyof typeof binaryOps];
      const [pa, pb] = [arena.put(BigInt64Array.from(a), 8), arena.put(BigInt64Array.from(b), 8)];
      wasm.binary(code, I64, pa, pb, out, a.length);
      expect([...arena.read(BigInt64Array, out, a.length)]).toEqual(a.map((x, i) => twin(x, b[i] ?? 0n)));
      wasm.binaryStrided(code, I64, pa, pb, out, writeLayout([a.length], [1], [0]));
      expect([...arena.read(BigInt64Array, out, a.length)]).toEqual(a.map((x) => twin(x, b[0] ?? 0n)));
    })));
  });

  it.each(Object.entries(comparisons))("%s", (name, twin) => {
    fc.assert(fc.property(longs, fc.boolean(), ([a, other], same) => inArena((arena) => {
      const b = same ? a : other;
      const out = arena.room(a.length, 1);
      wasm.binary(binaryOps[name as keyof typeof binaryOps], I64, arena.put(BigInt64Array.from(a)), arena.put(BigInt64Array.from(b)), out, a.length);
      expect([...arena.read(Uint8Array, out, a.length)]).toEqual(a.map((x, i) => Number(twin(x, b[i] ?? 0n))));
    })));
  });

  it("clamp, with bounds that saturate", () => {
    fc.assert(fc.property(longs, fc.constantFrom([-5, 5], [-(2 ** 40), 2 ** 31], [-Infinity, 3], [7, Infinity]), ([x], [low = 0, high = 0]) => inArena((arena) => {
      const out = arena.room(8 * x.length, 8);
      wasm.unary(unaryOps.clamp, I64, arena.put(BigInt64Array.from(x)), out, x.length, low, high);
      const limit = (v: bigint): bigint => (v < low ? BigInt(low) : v > high ? BigInt(high) : v);
      expect([...arena.read(BigInt64Array, out, x.length)]).toEqual(x.map(limit));
    })));
  });

  it("extremes of rows and columns, and where they are", () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 30 }), fc.array(long, { minLength: 120, maxLength: 120 }), (inner, n, values) => inArena((arena) => {
      const x = arena.put(BigInt64Array.from(values.slice(0, n * inner)));
      const out = arena.room(8 * inner, 8);
      const columns = Array.from({ length: inner }, (_, i) => Array.from({ length: n }, (__, k) => values[k * inner + i] ?? 0n));
      const most = columns.map((column) => column.reduce((a, b) => (b > a ? b : a)));
      const least = columns.map((column) => column.reduce((a, b) => (b < a ? b : a)));
      wasm.reduce(reduceOps.max, I64, x, out, 1, n, inner);
      expect([...arena.read(BigInt64Array, out, inner)]).toEqual(most);
      wasm.reduce(reduceOps.min, I64, x, out, 1, n, inner);
      expect([...arena.read(BigInt64Array, out, inner)]).toEqual(least);
      wasm.reduce(reduceOps.argmax, I64, x, out, 1, n, inner);
      expect([...arena.read(Int32Array, out, inner)]).toEqual(columns.map((column, i) => column.indexOf(most[i] ?? 0n)));
    })));
  });

  it("sums and products wrap, whatever the shape", () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 12 }), fc.integer({ min: 1, max: 3 }), fc.array(long, { minLength: 108, maxLength: 108 }), (outer, n, inner, values) => inArena((arena) => {
      const x = arena.put(BigInt64Array.from(values.slice(0, outer * n * inner)));
      const out = arena.room(8 * outer * inner, 8);
      const column = (at: number): bigint[] => Array.from({ length: n }, (_, k) => values[(Math.floor(at / inner) * n + k) * inner + (at % inner)] ?? 0n);
      const all = Array.from({ length: outer * inner }, (_, at) => column(at));
      wasm.reduce(reduceOps.sum, I64, x, out, outer, n, inner);
      expect([...arena.read(BigInt64Array, out, all.length)]).toEqual(all.map((c) => wrap(c.reduce((a, b) => a + b, 0n))));
      wasm.reduce(reduceOps.prod, I64, x, out, outer, n, inner);
      expect([...arena.read(BigInt64Array, out, all.length)]).toEqual(all.map((c) => wrap(c.reduce((a, b) => a * b, 1n))));
    })));
  });

  it("casts to fewer bits wrap, and to bool ask for 0", () => {
    const values = [0n, 1n, -1n, 2n ** 32n, 2n ** 32n + 300n, -(2n ** 31n) - 1n, 2n ** 63n - 1n];
    inArena((arena) => {
      const x = arena.put(BigInt64Array.from(values)), out = arena.room(8 * values.length, 8);
      wasm.cast(I64, 3, x, out, values.length);
      expect([...arena.read(Int32Array, out, values.length)]).toEqual(values.map((v) => Number(BigInt.asIntN(32, v))));
      wasm.cast(I64, 4, x, out, values.length);
      expect([...arena.read(Uint8Array, out, values.length)]).toEqual(values.map((v) => Number(BigInt.asUintN(8, v))));
      wasm.cast(I64, 5, x, out, values.length);
      expect([...arena.read(Uint8Array, out, values.length)]).toEqual(values.map((v) => Number(v !== 0n)));
    });
  });

  it("long sums are the same for any number of threads", () => {
    const x = Int32Array.from({ length: 300_001 }, (_, i) => (i * 2654435761) | 0);
    for (const [outer, n, inner] of [[1, 300_001, 1], [1, 30_000, 10], [100, 3, 1000]] as const) {
      expect(isSameForAnyThreads(() => inArena((arena) => {
        const out = arena.room(8 * outer * inner, 8);
        wasm.reduce(reduceOps.sum, 3, arena.put(x), out, outer, n, inner);
        return arena.read(Int32Array, out, 2 * outer * inner);
      }))).toBe(true);
    }
  });
});
