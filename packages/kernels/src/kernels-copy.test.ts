import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { bfloat16Bits, bfloat16Values, float16View, type HostArray } from "./dtype.ts";
import { inArena, isSameForAnyThreads, writeLayout } from "./testing/arena.ts";
import { firstDifference, integersFrom, numbersFrom, size } from "./testing/numbers.ts";
import { setNumThreads } from "./threads.ts";
import { wasm } from "./wasm.ts";

afterAll(() => setNumThreads(1));

const [F32, F64, F16, I32, U8, BOOL, I64, BF16] = [0, 1, 2, 3, 4, 5, 6, 7] as const;

/** float16 through its own library, the other dtypes through typed arrays. */
function halves(values: readonly number[]): Uint16Array {
  const bits = new Uint16Array(values.length);
  float16View(bits).set(values);
  return bits;
}

class Bfloat16Array extends Uint16Array {}

/** What does not fit 64 bits becomes the lowest int64, as on x86. */
function toBigInt(value: number): bigint {
  return value >= -(2 ** 63) && value < 2 ** 63 ? BigInt(Math.trunc(value)) : -(2n ** 63n);
}

const arrays = {
  [F32]: (values: readonly number[]) => Float32Array.from(values),
  [F64]: (values: readonly number[]) => Float64Array.from(values),
  [F16]: halves,
  [I32]: (values: readonly number[]) => Int32Array.from(values),
  [U8]: (values: readonly number[]) => Uint8Array.from(values),
  [BOOL]: (values: readonly number[]) => Uint8Array.from(values, (v) => Number(v !== 0)),
  [I64]: (values: readonly number[]) => BigInt64Array.from(values, toBigInt),
  // Two kinds of 16 bits: the class tells the tests which one an array is of.
  [BF16]: (values: readonly number[]) => Bfloat16Array.from(bfloat16Bits(values)) as Bfloat16Array,
} as const;
type Code = keyof typeof arrays;
const codes: readonly Code[] = [F32, F64, F16, I32, U8, BOOL, I64, BF16];

/** What the elements of an array mean. */
function meaning(array: HostArray): number[] {
  if (array instanceof Bfloat16Array) return [...bfloat16Values(array)];
  return array instanceof Uint16Array ? [...float16View(array)] : Array.from(array, Number);
}

describe("fill", () => {
  it("fills exactly n elements of every dtype", () => {
    fc.assert(fc.property(size, fc.constantFrom(...codes), fc.constantFrom(0, 1, 3.75, 200, -0), (n, code, value) => {
      const expected = arrays[code](new Array<number>(n).fill(code === BOOL ? Number(value !== 0) : value));
      inArena((arena) => {
        const out = arena.room(expected.byteLength, expected.BYTES_PER_ELEMENT);
        wasm.fill(code, out, n, code === BOOL ? Number(value !== 0) : value);
        expect(firstDifference(arena.read(Uint8Array, out, expected.byteLength), new Uint8Array(expected.buffer))).toBe(-1);
      });
    }));
  });

  it("keeps NaN and infinities, and wraps integers", () => {
    inArena((arena) => {
      const out = arena.room(16);
      wasm.fill(F32, out, 2, NaN);
      expect([...arena.read(Float32Array, out, 2)]).toEqual([NaN, NaN]);
      wasm.fill(F16, out, 2, -Infinity);
      expect(meaning(arena.read(Uint16Array, out, 2))).toEqual([-Infinity, -Infinity]);
      wasm.fill(U8, out, 2, -1);
      expect([...arena.read(Uint8Array, out, 2)]).toEqual([255, 255]);
      wasm.fill(I32, out, 2, 2 ** 31);
      expect([...arena.read(Int32Array, out, 2)]).toEqual([-(2 ** 31), -(2 ** 31)]);
    });
  });
});

describe("cast", () => {
  /** What PyTorch 1.13 gives on x86: what does not fit 32 bits becomes -2^31. */
  function toInt(value: number): number {
    const whole = Math.trunc(value);
    return whole >= -(2 ** 31) && whole < 2 ** 31 ? whole : -(2 ** 31);
  }

  /** Integers wrap among themselves; floats go through 32 bits. */
  function castTwin(to: Code, values: readonly number[], from: Code = F64): ReturnType<(typeof arrays)[Code]> {
    if (to === I32 || to === U8) return arrays[to](values.map(from === I64 ? (value) => Number(BigInt.asIntN(32, BigInt(value))) : toInt));
    return arrays[to](values);
  }

  const values: readonly number[] = [
    0, -0, 1, -1, 0.5, -0.5, 1.99, -1.99, 127.5, 255, 256, 257, 300.7, -1.5, 65504, 65519, 65520, 65536, 70000, 2049, 2051, 2147483520,
    2147483648, 3e9, -3e9, -2147483648, -2147483904, 4294967296, 1e20, 1e300, -1e300, NaN, Infinity, -Infinity, 6.1e-5, 5.96e-8, 2.98e-8,
    2 ** -25, 2.99e-8, 1e-8, 1e-45, 1e-320, 6.097e-5, 1.0009765625, 1.00048828125, 1.000488281250001, 1.0014648, 0.1, 33.3,
  ];

  it.each(codes.flatMap((from) => codes.map((to) => [from, to] as const)))("dtype %d to dtype %d", (from, to) => {
    const random = numbersFrom(17, 70, -300, 300);
    const source = castTwin(from, [...values, ...random]);
    const expected = castTwin(to, meaning(source), from);
    inArena((arena) => {
      const out = arena.room(expected.byteLength, expected.BYTES_PER_ELEMENT);
      wasm.cast(from, to, arena.put(source), out, source.length);
      const actual = arena.read<HostArray>(
        expected.constructor as new (b: ArrayBufferLike, o: number, l: number) => typeof expected, out, source.length,
      );
      const at = firstDifference(meaning(actual), meaning(expected));
      expect(at, `${meaning(source)[at]} became ${meaning(actual)[at]}, not ${meaning(expected)[at]}`).toBe(-1);
    });
  });

  it("converts all 65536 float16 patterns to float32 and back", () => {
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
    inArena((arena) => {
      const wide = arena.room(65536 * 4), back = arena.room(65536 * 2);
      wasm.cast(F16, F32, arena.put(bits), wide, 65536);
      expect(firstDifference(arena.read(Float32Array, wide, 65536), float16View(bits))).toBe(-1);
      wasm.cast(F32, F16, wide, back, 65536);
      expect(firstDifference(float16View(arena.read(Uint16Array, back, 65536)), float16View(bits))).toBe(-1);
    });
  });

  it("rounds float32 and float64 to float16 as its library does, halfway cases among them", () => {
    const middles = Array.from({ length: 31_000 }, (_, i) => {
      const pair = float16View(Uint16Array.of(i, i + 1));
      return ((pair[0] ?? 0) + (pair[1] ?? 0)) / 2;
    });
    const all = [...middles, ...middles.map((v) => -v * (1 + 2 ** -23)), ...middles.map((v) => v * (1 - 2 ** -40))];
    for (const from of [F32, F64] as const) {
      const source = arrays[from](all);
      inArena((arena) => {
        const out = arena.room(all.length * 2);
        wasm.cast(from, F16, arena.put(source), out, all.length);
        expect(firstDifference(arena.read(Uint16Array, out, all.length), halves([...source]))).toBe(-1);
      });
    }
  });

  it("converts all 65536 bfloat16 patterns to float32 and back", () => {
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
    // The upper half of a float32: nothing else defines the format. NaN has one pattern on the way back.
    const floats = new Float32Array(Uint32Array.from(bits, (pattern) => pattern << 16).buffer);
    expect(firstDifference(bfloat16Values(bits), floats)).toBe(-1);
    inArena((arena) => {
      const wide = arena.room(65536 * 4), back = arena.room(65536 * 2);
      wasm.cast(BF16, F32, arena.put(bits), wide, 65536);
      expect(firstDifference(arena.read(Float32Array, wide, 65536), floats)).toBe(-1);
      wasm.cast(F32, BF16, wide, back, 65536);
      expect(firstDifference(arena.read(Uint16Array, back, 65536), bits.map((pattern, i) => (Number.isNaN(floats[i]) ? 0x7fc0 : pattern)))).toBe(-1);
    });
  });

  it("rounds to the nearest bfloat16, once and ties to even, from every dtype that is finer", () => {
    // Neighbours, the number between them, and numbers so near to it that float32, or float64, does not tell them from it.
    const lower = Array.from({ length: 32_638 }, (_, i) => i + 1);
    const [below, above] = [bfloat16Values(Uint16Array.from(lower)), bfloat16Values(Uint16Array.from(lower, (i) => i + 1))];
    const middle = lower.map((_, i) => ((below[i] as number) + (above[i] as number)) / 2);
    const cases = [
      { values: middle, patterns: lower.map((i) => i + (i & 1)) },
      { values: middle.map((value) => value * (1 - 2 ** -40)), patterns: lower },
      { values: middle.map((value) => value * (1 + 2 ** -40)), patterns: lower.map((i) => i + 1) },
    ];
    for (const { values, patterns } of cases) {
      const signed = [...values, ...values.map((value) => -value)];
      const expected = Uint16Array.from([...patterns, ...patterns.map((pattern) => pattern | 0x8000)]);
      expect(firstDifference(bfloat16Bits(signed), expected)).toBe(-1);
      inArena((arena) => {
        const out = arena.room(signed.length * 2);
        wasm.cast(F64, BF16, arena.put(Float64Array.from(signed)), out, signed.length);
        expect(firstDifference(arena.read(Uint16Array, out, signed.length), expected)).toBe(-1);
        if (values !== middle) return;
        wasm.cast(F32, BF16, arena.put(Float32Array.from(signed)), out, signed.length);
        expect(firstDifference(arena.read(Uint16Array, out, signed.length), expected)).toBe(-1);
      });
    }
    // 2^62 and the next bfloat16 above have 2^54 + 2^62 between them.
    const longs = [0n, 1n, -1n].map((step) => 2n ** 62n + 2n ** 54n + step);
    inArena((arena) => {
      const out = arena.room(12);
      wasm.cast(I64, BF16, arena.put(BigInt64Array.from([...longs, ...longs.map((value) => -value)])), out, 6);
      const even = bfloat16Bits([2 ** 62])[0] as number;
      expect([...arena.read(Uint16Array, out, 6)]).toEqual([even, even + 1, even, even, even + 1, even].map((pattern, i) => (i < 3 ? pattern : pattern | 0x8000)));
    });
  });

  it("works for any size", () => {
    fc.assert(fc.property(size, fc.constantFrom(...codes), fc.constantFrom(...codes), fc.integer(), (n, from, to, seed) => {
      const source = castTwin(from, numbersFrom(seed, n, 0, 255));
      const expected = castTwin(to, meaning(source));
      inArena((arena) => {
        const out = arena.room(expected.byteLength, expected.BYTES_PER_ELEMENT);
        wasm.cast(from, to, arena.put(source), out, n);
        expect(firstDifference(arena.read(Uint8Array, out, expected.byteLength), new Uint8Array(expected.buffer))).toBe(-1);
      });
    }), { numRuns: 200 });
  });
});

describe("copyStrided", () => {
  /** A random order of the dimensions as memory order, with gaps. */
  function stridesOf(sizes: readonly number[], order: readonly number[], step: number): { strides: number[]; extent: number } {
    const strides = sizes.map(() => 0);
    let stride = step;
    for (const d of [...sizes.keys()].sort((p, q) => (order[p] ?? 0) - (order[q] ?? 0))) {
      strides[d] = stride;
      stride *= sizes[d] ?? 1;
    }
    return { strides, extent: Math.max(1, stride) };
  }

  const problem = fc.record({
    sizes: fc.oneof(
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 0, maxLength: 4 }),
      fc.constantFrom<number[]>([70, 33], [64, 64, 5], [3, 70, 300], [2, 300, 70, 2], [40_003], [210, 200], [0, 4], [16, 16, 16]),
    ),
    orderX: fc.array(fc.nat(99), { minLength: 4, maxLength: 4 }),
    orderOut: fc.array(fc.nat(99), { minLength: 4, maxLength: 4 }),
    stepX: fc.constantFrom(0, 1, 1, 1, 2), stepOut: fc.constantFrom(1, 1, 2), bytes: fc.constantFrom(1, 2, 4, 8), seed: fc.integer(),
  });

  it("moves every element to its place, and touches nothing else", () => {
    fc.assert(fc.property(problem, ({ sizes, orderX, orderOut, stepX, stepOut, bytes, seed }) => {
      const x = stridesOf(sizes, orderX, stepX), out = stridesOf(sizes, orderOut, stepOut);
      const source = Uint8Array.from(integersFrom(seed, x.extent * bytes, 0, 255));
      const expected = Uint8Array.from(integersFrom(seed + 1, out.extent * bytes, 0, 255));
      inArena((arena) => {
        const target = arena.put(expected);
        wasm.copyStrided(bytes, arena.put(source), target, writeLayout(sizes, x.strides, out.strides));
        const count = sizes.reduce((a, b) => a * b, 1);
        for (let i = 0; i < count; i++) {
          let rest = i, from = 0, to = 0;
          for (let d = sizes.length - 1; d >= 0; d--) {
            const n = sizes[d] ?? 1;
            from += (rest % n) * (x.strides[d] ?? 0);
            to += (rest % n) * (out.strides[d] ?? 0);
            rest = Math.floor(rest / n);
          }
          for (let b = 0; b < bytes; b++) expected[to * bytes + b] = source[from * bytes + b] ?? 0;
        }
        expect(firstDifference(arena.read(Uint8Array, target, expected.length), expected)).toBe(-1);
      });
    }), { numRuns: 400 });
  });
});

describe("where", () => {
  it("picks by the condition, for any element size and stride", () => {
    const strides = fc.constantFrom(0, 1, 1, 2);
    fc.assert(fc.property(size, fc.constantFrom(...codes), strides, strides, strides, fc.integer(), (n, code, sc, sa, sb, seed) => {
      const cond = Uint8Array.from(integersFrom(seed, n * 2, 0, 1));
      const a = arrays[code](integersFrom(seed + 1, n * 2, 0, 200)), b = arrays[code](integersFrom(seed + 2, n * 2, 0, 200));
      const expected = arrays[code](new Array<number>(n).fill(0));
      for (let i = 0; i < n; i++) expected.set([(cond[i * sc] === 1 ? a[i * sa] : b[i * sb]) ?? 0] as never, i);
      inArena((arena) => {
        const out = arena.room(expected.byteLength, expected.BYTES_PER_ELEMENT);
        wasm.where(code, arena.put(cond), arena.put(a), arena.put(b), out, writeLayout([n], [sc], [sa], [sb]));
        expect(firstDifference(arena.read(Uint8Array, out, expected.byteLength), new Uint8Array(expected.buffer))).toBe(-1);
      });
    }), { numRuns: 200 });
  });

  it("broadcasts over several dimensions", () => {
    inArena((arena) => {
      const out = arena.room(24);
      const layout = writeLayout([2, 3], [0, 1], [3, 1], [1, 0]);
      wasm.where(F32, arena.put(Uint8Array.of(1, 0, 1)), arena.put(Float32Array.of(1, 2, 3, 4, NaN, 6)), arena.put(Float32Array.of(-0, -2)), out, layout);
      expect([...arena.read(Float32Array, out, 6)]).toEqual([1, -0, 3, 4, -2, 6]);
    });
  });
});

it("copies, casts, fills and picks the same for any number of threads", () => {
  const x = Float32Array.from(numbersFrom(9, 120_000, -300, 300));
  const cond = Uint8Array.from(integersFrom(9, 120_000, 0, 1));
  const runs = [
    (from: number, out: number) => wasm.copyStrided(4, from, out, writeLayout([300, 400], [1, 300], [400, 1])),
    (from: number, out: number) => wasm.copyStrided(4, from, out, writeLayout([20, 60, 100], [100, 2000, 1], [6000, 100, 1])),
    (from: number, out: number) => wasm.cast(F32, I32, from, out, 120_000),
    (from: number, out: number) => wasm.cast(F32, BOOL, from, out, 120_000),
    (_: number, out: number) => wasm.fill(F32, out, 120_000, 3),
  ];
  for (const run of runs) {
    expect(isSameForAnyThreads(() => inArena((arena) => {
      const out = arena.put(new Float32Array(120_000));
      run(arena.put(x), out);
      return arena.read(Int32Array, out, 120_000);
    }))).toBe(true);
  }
  expect(isSameForAnyThreads(() => inArena((arena) => {
    const out = arena.room(480_000);
    wasm.where(F32, arena.put(cond), arena.put(x), arena.put(x.map((v) => -v)), out, writeLayout([120_000], [1], [1], [1]));
    return arena.read(Float32Array, out, 120_000);
  }))).toBe(true);
});
