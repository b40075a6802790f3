import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { operations } from "../operations.mjs";
import { binaryOps } from "./operations.generated.ts";
import { inArena, isSameForAnyThreads, writeLayout } from "./testing/arena.ts";
import { firstDifference, integersFrom, numbersFrom, size, ulps32, ulps64 } from "./testing/numbers.ts";
import { computingOn, missingTwins } from "./testing/twins.ts";
import { setNumThreads } from "./threads.ts";
import { wasm } from "./wasm.ts";

afterAll(() => setNumThreads(1));

type Op = keyof typeof binaryOps;

const dtypes = [
  { code: 0, type: Float32Array, bytes: 4 },
  { code: 1, type: Float64Array, bytes: 8 },
  { code: 3, type: Int32Array, bytes: 4 },
  { code: 4, type: Uint8Array, bytes: 1 },
] as const;

function remainder(a: number, b: number): number {
  const r = a % b;
  return r !== 0 && r < 0 !== b < 0 ? r + b : r;
}

/** As PyTorch: 1 to any power is 1; a negative power of an integer is 0 except of 1 and -1. */
function pow(a: number, b: number): number {
  return a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b;
}

const floatTwins = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow,
  maximum: (a, b) => Math.max(a, b),
  minimum: (a, b) => Math.min(a, b),
  remainder,
  floorDivide: (a, b) => (b === 0 ? a / b : floorDivide(a, b)),
  atan2: (a, b) => Math.atan2(a, b),
  reluGrad: (g, x) => (x <= 0 ? 0 : g),
  sigmoidGrad: (g, y) => g * y * (1 - y),
  tanhGrad: (g, y) => g * (1 - y * y),
} satisfies Partial<Record<Op, (a: number, b: number) => number>>;

const { fround } = Math;

/** Where each step rounds, and 1 - y cancels: the steps in float32. */
const float32Steps: Partial<Record<Op, (a: number, b: number) => number>> = {
  sigmoidGrad: (g, y) => fround(fround(g * y) * fround(1 - y)),
  tanhGrad: (g, y) => fround(g * fround(1 - fround(y * y))),
};

function floorDivide(a: number, b: number): number {
  const r = a % b;
  let q = (a - r) / b;
  if (r !== 0 && r < 0 !== b < 0) q -= 1;
  return q === 0 ? (Object.is(a / b, -0) || a / b < 0 ? -0 : 0) : Math.round(q);
}

const integerTwins = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => Math.imul(a, b),
  div: (a, b) => Math.trunc(a / b),
  maximum: (a, b) => Math.max(a, b),
  minimum: (a, b) => Math.min(a, b),
  remainder,
  floorDivide: (a, b) => Math.floor(a / b),
  pow: (a, b) => {
    if (b < 0) return a === 1 ? 1 : a === -1 ? (b % 2 === 0 ? 1 : -1) : 0;
    let out = 1;
    for (let i = 0; i < b; i++) out = Math.imul(out, a);
    return out;
  },
} satisfies Partial<Record<Op, (a: number, b: number) => number>>;

const maskTwins = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
  logicalAnd: (a, b) => a !== 0 && b !== 0,
  logicalOr: (a, b) => a !== 0 || b !== 0,
  logicalXor: (a, b) => (a !== 0) !== (b !== 0),
} satisfies Partial<Record<Op, (a: number, b: number) => boolean>>;

function keys<K extends string>(object: Readonly<Record<K, unknown>>): K[] {
  return Object.keys(object).filter((key): key is K => key in object);
}

const special = [0, -0, NaN, Infinity, -Infinity, 1, -1, 2, -3, 0.5, -0.25, 1e-45, 3e38, -7, 7.5];
const pairs = special.flatMap((a) => special.map((b): [number, number] => [a, b]));

describe("binary values", () => {
  it("have a naive twin each, for floats, for integers and for comparisons", () => {
    const { binary } = operations;
    expect(missingTwins(floatTwins, computingOn("floats", binary))).toEqual([]);
    expect(missingTwins(integerTwins, computingOn("integers", binary))).toEqual([]);
    expect(missingTwins(maskTwins, binary.filter(({ gives }) => gives === "bool"))).toEqual([]);
  });

  it.each(keys(floatTwins))("%s of special values and random ones, float32 and float64", (name) => {
    const left = [...pairs.map(([a]) => a), ...numbersFrom(3, 2000, -9, 9)];
    const right = [...pairs.map(([, b]) => b), ...numbersFrom(4, 2000, -9, 9)];
    inArena((arena) => {
      const a32 = Float32Array.from(left), b32 = Float32Array.from(right);
      const a64 = Float64Array.from(a32), b64 = Float64Array.from(b32);
      const n = left.length;
      const out32 = arena.room(n * 4), out64 = arena.room(n * 8);
      wasm.binary(binaryOps[name], 0, arena.put(a32), arena.put(b32), out32, n);
      wasm.binary(binaryOps[name], 1, arena.put(a64), arena.put(b64), out64, n);
      const y32 = arena.read(Float32Array, out32, n), y64 = arena.read(Float64Array, out64, n);
      const bound32 = name === "floorDivide" ? 1 : 0.501;
      for (let i = 0; i < n; i++) {
        const a = a64[i] ?? NaN, b = b64[i] ?? NaN;
        const exact = floatTwins[name](a, b);
        const exact32 = float32Steps[name]?.(a, b) ?? exact;
        expect(ulps32(y32[i] ?? NaN, exact32), `${name}(${a}, ${b}) = ${y32[i]}, not ${exact32}`).toBeLessThanOrEqual(bound32);
        expect(ulps64(y64[i] ?? NaN, exact), `${name}(${a}, ${b}) = ${y64[i]}, not ${exact}`).toBeLessThanOrEqual(1);
      }
    });
  });

  it("divides integers as PyTorch: truncated, floored, sign of the divisor", () => {
    inArena((arena) => {
      const a = arena.put(Int32Array.of(7, -7, 7, -7, -(2 ** 31))), b = arena.put(Int32Array.of(2, 2, -2, -2, -1));
      const out = arena.room(20);
      const run = (name: Op): number[] => {
        wasm.binary(binaryOps[name], 3, a, b, out, 5);
        return [...arena.read(Int32Array, out, 5)];
      };
      expect(run("div")).toEqual([3, -3, -3, 3, -(2 ** 31)]);
      expect(run("floorDivide")).toEqual([3, -4, -4, 3, -(2 ** 31)]);
      expect(run("remainder")).toEqual([1, 1, -1, -1, 0]);
    });
  });

  it("finds zeros", () => {
    inArena((arena) => {
      for (const { code, type } of dtypes) {
        expect(wasm.hasZero(code, arena.put(type.from([3, 2, 1])), 3)).toBe(0);
        expect(wasm.hasZero(code, arena.put(type.from([3, 2, 1, 0])), 4)).toBe(1);
        expect(wasm.hasZero(code, arena.put(type.from([3, 2, 1, 0])), 3)).toBe(0);
      }
      expect(wasm.hasZero(0, arena.put(Float32Array.of(-0, NaN)), 2)).toBe(1);
      expect(wasm.hasZero(5, arena.put(Uint8Array.of(1, 0)), 2)).toBe(1);
    });
  });
});

describe("binary loops", () => {
  const strides = fc.constantFrom([1, 1], [1, 0], [0, 1], [0, 0], [2, 1], [1, 3], [3, 2]);

  it("gives integers exactly, for any dtype, size and stride", () => {
    fc.assert(fc.property(
      size, fc.constantFrom(...keys(integerTwins)), fc.constantFrom(...dtypes), strides, fc.integer(),
      (n, name, { code, type, bytes }, [strideA = 1, strideB = 1], seed) => {
        const isInteger = code >= 3;
        // JavaScript's own pow is not exact for floats; its values are tested above.
        fc.pre(isInteger || name !== "pow");
        const low = code === 4 ? 0 : -12;
        const valuesA = type.from(integersFrom(seed, n * 3, low, 12));
        const valuesB = type.from(integersFrom(seed + 1, n * 3, low, 12).map((b) => (b === 0 ? 5 : b)));
        const twin = isInteger ? integerTwins[name] : floatTwins[name];
        const expected = new type(n);
        for (let i = 0; i < n; i++) expected[i] = twin(valuesA[i * strideA] ?? NaN, valuesB[i * strideB] ?? NaN);
        inArena((arena) => {
          const a = arena.put(valuesA, bytes), b = arena.put(valuesB), out = arena.room(n * bytes, bytes);
          wasm.binaryStrided(binaryOps[name], code, a, b, out, writeLayout([n], [strideA], [strideB]));
          expect(firstDifference(arena.read<Float32Array | Float64Array | Int32Array | Uint8Array>(type, out, n), expected)).toBe(-1);
          if (strideA === 1 && strideB === 1) {
            wasm.binary(binaryOps[name], code, a, b, a, n);
            expect(firstDifference(arena.read<Float32Array | Float64Array | Int32Array | Uint8Array>(type, a, n), expected)).toBe(-1);
          }
        });
      },
    ), { numRuns: 300 });
  });

  it("compares and combines, for any dtype, size and stride", () => {
    fc.assert(fc.property(
      size, fc.constantFrom(...keys(maskTwins)), fc.constantFrom(...dtypes, { code: 5, type: Uint8Array, bytes: 1 } as const), strides,
      fc.integer(),
      (n, name, { code, type }, [strideA = 1, strideB = 1], seed) => {
        const picks = code < 2 ? [0, -0, NaN, Infinity, 1, 2, -1, 0.5] : code === 5 ? [0, 1] : [0, 1, 2, 3, 255];
        const valuesA = type.from(integersFrom(seed, n * 3, 0, picks.length - 1).map((i) => picks[i] ?? 0));
        const valuesB = type.from(integersFrom(seed + 1, n * 3, 0, picks.length - 1).map((i) => picks[i] ?? 0));
        const expected = Uint8Array.from({ length: n }, (_, i) => Number(maskTwins[name](valuesA[i * strideA] ?? NaN, valuesB[i * strideB] ?? NaN)));
        inArena((arena) => {
          const out = arena.room(n, 1);
          wasm.binaryStrided(binaryOps[name], code, arena.put(valuesA), arena.put(valuesB), out, writeLayout([n], [strideA], [strideB]));
          expect(firstDifference(arena.read(Uint8Array, out, n), expected)).toBe(-1);
        });
      },
    ), { numRuns: 300 });
  });

  it("takes bools as and, or", () => {
    inArena((arena) => {
      const a = arena.put(Uint8Array.of(0, 0, 1, 1)), b = arena.put(Uint8Array.of(0, 1, 0, 1)), out = arena.room(4);
      const run = (name: Op): number[] => {
        wasm.binary(binaryOps[name], 5, a, b, out, 4);
        return [...arena.read(Uint8Array, out, 4)];
      };
      expect(run("mul")).toEqual([0, 0, 0, 1]);
      expect(run("maximum")).toEqual([0, 1, 1, 1]);
      expect(run("minimum")).toEqual([0, 0, 0, 1]);
    });
  });

  it("broadcasts over any dimension", () => {
    const shapes = fc.constantFrom<number[]>([3, 5, 7], [2, 1, 3, 4], [13, 17], [64, 800], [4, 3, 300], [7, 2, 260], [3, 40_003], [5, 0], []);
    fc.assert(fc.property(shapes, fc.nat(15), fc.nat(15), fc.integer(), (sizes, repeatA, repeatB, seed) => {
      // Bit d of `repeat` makes the operand constant along dimension d.
      const stridesOf = (repeat: number): number[] => {
        const out: number[] = [];
        let stride = 1;
        for (let d = sizes.length - 1; d >= 0; d--) {
          const isRepeated = ((repeat >> d) & 1) === 1;
          out.unshift(isRepeated ? 0 : stride);
          if (!isRepeated) stride *= sizes[d] ?? 1;
        }
        return out;
      };
      const stridesA = stridesOf(repeatA), stridesB = stridesOf(repeatB);
      const count = sizes.reduce((x, y) => x * y, 1);
      const a = Float32Array.from(integersFrom(seed, Math.max(1, count), -99, 99));
      const b = Float32Array.from(integersFrom(seed + 1, Math.max(1, count), -99, 99));
      const expected = new Float32Array(count);
      for (let i = 0; i < count; i++) {
        let rest = i, atA = 0, atB = 0;
        for (let d = sizes.length - 1; d >= 0; d--) {
          const n = sizes[d] ?? 1;
          atA += (rest % n) * (stridesA[d] ?? 0);
          atB += (rest % n) * (stridesB[d] ?? 0);
          rest = Math.floor(rest / n);
        }
        expected[i] = (a[atA] ?? NaN) - (b[atB] ?? NaN);
      }
      inArena((arena) => {
        const out = arena.room(count * 4);
        wasm.binaryStrided(binaryOps.sub, 0, arena.put(a), arena.put(b), out, writeLayout(sizes, stridesA, stridesB));
        expect(firstDifference(arena.read(Float32Array, out, count), expected)).toBe(-1);
      });
    }), { numRuns: 60 });
  });

  it.each(keys(binaryOps))("%s gives rows that are read side by side what it gives each alone, in every dtype", (name) => {
    const [rows, n] = [5, 1100];
    for (const { code, type, bytes } of dtypes) {
      if (code >= 2 && !(name in integerTwins) && !(name in maskTwins)) continue;
      const outBytes = name in maskTwins ? 1 : bytes;
      for (const [rowStride, stride] of [[0, 1], [1, 0], [n, 1], [1, 2]] as const) {
        inArena((arena) => {
          const a = arena.put(type.from(integersFrom(1, rows * n, 1, 9))), b = arena.put(type.from(integersFrom(2, rows * n, 1, 9)));
          const out = arena.room(rows * n * outBytes), single = arena.room(n * outBytes);
          wasm.binaryStrided(binaryOps[name], code, a, b, out, writeLayout([rows, n], [n, 1], [rowStride, stride]));
          for (let r = 0; r < rows; r++) {
            wasm.binaryStrided(binaryOps[name], code, a + r * n * bytes, b + r * rowStride * bytes, single, writeLayout([n], [1], [stride]));
            expect(arena.read(Uint8Array, out + r * n * outBytes, n * outBytes), `row ${r}, strides ${rowStride}, ${stride}`).toEqual(arena.read(Uint8Array, single, n * outBytes));
          }
        });
      }
    }
  });

  it("gives many long rows one right operand, odd counts and column tasks among them", () => {
    for (const [rows, n, strideA] of [[61, 1027, 1030], [40, 1024, 1024], [5, 40_003, 40_003], [50, 1030, 0]] as const) {
      for (const { code, type, bytes } of dtypes.slice(0, 2)) {
        for (const name of ["add", "sub", "mul"] as const) {
          const a = new type(integersFrom(rows, rows * Math.max(n, strideA), -99, 99));
          const b = new type(integersFrom(n, n, -99, 99));
          const expected = Array.from({ length: rows * n }, (_, i) => {
            const x = a[Math.floor(i / n) * strideA + (i % n)] ?? NaN, y = b[i % n] ?? NaN;
            return floatTwins[name](x, y);
          });
          setNumThreads(2);
          inArena((arena) => {
            const out = arena.room(rows * n * bytes);
            wasm.binaryStrided(binaryOps[name], code, arena.put(a), arena.put(b), out, writeLayout([rows, n], [strideA, 1], [0, 1]));
            expect(firstDifference(arena.read<Float32Array | Float64Array | Int32Array | Uint8Array>(type, out, rows * n), expected), `${name}, ${rows} rows`).toBe(-1);
          });
        }
      }
    }
    setNumThreads(1);
  });

  it("takes large transposed operands, whichever side they are on", () => {
    const [D, H, W] = [3, 150, 90] as const;
    // Of a: H dense, W next; of b: D dense.
    const far = { a: [H * W, 1, H], b: [1, D * W, D], dense: [H * W, W, 1] };
    const a = Float32Array.from(integersFrom(1, D * H * W, -99, 99)), b = Float32Array.from(integersFrom(2, D * H * W, -99, 99));
    for (const [stridesA, stridesB] of [[far.a, far.dense], [far.dense, far.a], [far.a, far.b], [far.b, [0, 0, H]]] as const) {
      const at = (strides: readonly number[], d: number, h: number, w: number): number => {
        const [sd = 0, sh = 0, sw = 0] = strides;
        return d * sd + h * sh + w * sw;
      };
      const expected: number[] = [];
      for (let d = 0; d < D; d++) {
        for (let h = 0; h < H; h++) {
          for (let w = 0; w < W; w++) expected.push((a[at(stridesA, d, h, w)] ?? NaN) - (b[at(stridesB, d, h, w)] ?? NaN));
        }
      }
      inArena((arena) => {
        const out = arena.room(expected.length * 4);
        wasm.binaryStrided(binaryOps.sub, 0, arena.put(a), arena.put(b), out, writeLayout([D, H, W], stridesA, stridesB));
        expect(firstDifference(arena.read(Float32Array, out, expected.length), expected)).toBe(-1);
      });
    }
  });

  it("does not depend on the number of threads", () => {
    const a = Float32Array.from(numbersFrom(5, 90_000, -9, 9)), b = Float32Array.from(numbersFrom(6, 90_000, 1, 9));
    for (const name of ["add", "pow", "lt"] as const) {
      expect(isSameForAnyThreads(() => inArena((arena) => {
        const out = arena.room(90_000 * 4);
        wasm.fill(4, out, 90_000 * 4, 0);
        wasm.binary(binaryOps[name], 0, arena.put(a), arena.put(b), out, 90_000);
        return arena.read(Uint8Array, out, 90_000 * 4);
      })), name).toBe(true);
      expect(isSameForAnyThreads(() => inArena((arena) => {
        const out = arena.room(90_000 * 4);
        wasm.fill(4, out, 90_000 * 4, 0);
        wasm.binaryStrided(binaryOps[name], 0, arena.put(a), arena.put(b), out, writeLayout([300, 300], [1, 300], [0, 1]));
        return arena.read(Uint8Array, out, 90_000 * 4);
      })), `${name}, strided`).toBe(true);
    }
  });
});
