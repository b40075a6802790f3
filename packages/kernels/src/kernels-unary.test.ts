import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { operations } from "../operations.mjs";
import { unaryOps } from "./operations.generated.ts";
import { inArena, isSameForAnyThreads, writeLayout } from "./testing/arena.ts";
import { firstDifference, integersFrom, numbersFrom, size, ulps32, ulps64 } from "./testing/numbers.ts";
import { computingOn, missingTwins } from "./testing/twins.ts";
import { setNumThreads } from "./threads.ts";
import { wasm } from "./wasm.ts";

afterAll(() => setNumThreads(1));

type Op = keyof typeof unaryOps;

/** erf by a series of positive terms, which cannot cancel. */
function erf(x: number): number {
  const t = Math.abs(x);
  if (Number.isNaN(x) || t === 0) return x;
  if (t > 6) return Math.sign(x);
  let term = t;
  let sum = t;
  for (let n = 1; n < 200; n++) {
    term *= (2 * t * t) / (2 * n + 1);
    sum += term;
  }
  return (Math.sign(x) * 2 * sum * Math.exp(-t * t)) / Math.sqrt(Math.PI);
}

function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (!Number.isFinite(x) || rest === 0) return x;
  const rounded = rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : floor + 1;
  return rounded === 0 && x < 0 ? -0 : rounded;
}

/** C's pow, where JavaScript's differs. */
function pow(x: number, y: number): number {
  return x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y;
}

/** The naive twins: the exact value in float64. */
const twins: Record<Exclude<Op, keyof typeof twinsOfTests>, (x: number, p0: number, p1: number) => number> = {
  neg: (x) => -x,
  abs: (x) => Math.abs(x),
  sign: (x) => (x > 0 ? 1 : x < 0 ? -1 : 0),
  sqrt: (x) => Math.sqrt(x),
  rsqrt: (x) => 1 / Math.sqrt(x),
  reciprocal: (x) => 1 / x,
  square: (x) => x * x,
  exp: (x) => Math.exp(x),
  expm1: (x) => Math.expm1(x),
  log: (x) => Math.log(x),
  log1p: (x) => Math.log1p(x),
  log2: (x) => Math.log2(x),
  log10: (x) => Math.log10(x),
  sin: (x) => Math.sin(x),
  cos: (x) => Math.cos(x),
  tan: (x) => Math.tan(x),
  tanh: (x) => Math.tanh(x),
  sigmoid: (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))),
  relu: (x) => (x < 0 ? 0 : x),
  floor: (x) => Math.floor(x),
  ceil: (x) => Math.ceil(x),
  round: roundHalfEven,
  trunc: (x) => Math.trunc(x),
  erf,
  softplus: (x, beta, threshold) => (x * beta > threshold ? x : Math.log1p(Math.exp(x * beta)) / beta),
  leakyRelu: (x, slope) => (x > 0 ? x : x * slope),
  clamp: (x, low, high) => (Number.isNaN(x) ? x : high < (x < low ? low : x) ? high : x < low ? low : x),
  addScalar: (x, p) => x + p,
  mulScalar: (x, p) => x * p,
  powScalar: pow,
  rsubScalar: (x, p) => p - x,
};

/** Largest error allowed, in units of the last place of float32; 0.5 is a correctly rounded result. */
const float32Bounds: Partial<Record<Op, number>> = {
  exp: 1, log: 1, tanh: 2, sigmoid: 2, erf: 2, rsqrt: 1.5, softplus: 1.5, powScalar: 1,
};

/** Parameters that suit the operation. */
const parameters: Partial<Record<Op, readonly [number, number]>> = {
  softplus: [1.5, 20], leakyRelu: [0.125, 0], clamp: [-0.75, 1.5], addScalar: [0.375, 0], mulScalar: [-1.5, 0],
  powScalar: [1.75, 0], rsubScalar: [2.5, 0],
};

const names = Object.keys(twins).filter((name): name is keyof typeof twins => name in twins);

/** Borders, special values, every binade, and the neighbourhood of 0 and 1. */
const awkward: readonly number[] = [
  0, -0, NaN, Infinity, -Infinity, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 0.625, 0.6249999, 4, 6, 20, -20, 87, 88, 88.72, 88.73, 89, -87,
  -87.34, -88, -100, -103.2, -103.97, -104, -105, 1e10, -1e10, 3e38, 1e-45, -1e-45, 1e-40, 1.1754944e-38, 1e-20, -1e-20, 1e-8,
  -1e-8, 1e-4, 0.70710677, 0.7071068, 1.4142135, 1.4142137, 0.99999994, 1.0000001, -0.99999994, 1048576, 1048577, 1e6, 3.1415927,
  1.5707964, 0.7853982, 8388609, 16777217, 2 ** 31, -(2 ** 31), 9.7, -9.7, 3.9, 5.9, 2.5066, 1e38, -3e38, 1000, 8, 1024,
  ...Array.from({ length: 250 }, (_, i) => 2 ** (i - 126) * 1.3),
  ...Array.from({ length: 250 }, (_, i) => -(2 ** (i - 126)) * 1.7),
];

function samples(seed: number): Float32Array {
  const narrow = numbersFrom(seed, 4000, -6, 6);
  const wide = numbersFrom(seed + 1, 4000, -110, 110);
  const far = numbersFrom(seed + 2, 1000, -5e5, 5e5);
  const near = numbersFrom(seed + 3, 2000, -0.01, 0.01);
  return Float32Array.from([...awkward, ...narrow, ...wide, ...far, ...near]);
}

function runFloat32(name: Op, x: Float32Array, p0: number, p1: number): Float32Array {
  return inArena((arena) => {
    const out = arena.room(x.byteLength, 4);
    wasm.unary(unaryOps[name], 0, arena.put(x), out, x.length, p0, p1);
    return arena.read(Float32Array, out, x.length);
  });
}

function runFloat64(name: Op, x: Float64Array, p0: number, p1: number): Float64Array {
  return inArena((arena) => {
    const out = arena.room(x.byteLength, 8);
    wasm.unary(unaryOps[name], 1, arena.put(x), out, x.length, p0, p1);
    return arena.read(Float64Array, out, x.length);
  });
}

/** Their twins for int32 and uint8: those of bounds have a second one, 9. */
const integerTwins = {
  neg: (x) => -x, abs: (x) => Math.abs(x), sign: (x) => Math.sign(x), square: (x) => Math.imul(x, x), relu: (x) => Math.max(0, x),
  clamp: (x, p) => Math.min(Math.max(x, p), 9), addScalar: (x, p) => x + p, mulScalar: (x, p) => Math.imul(x, p), rsubScalar: (x, p) => p - x,
} satisfies Partial<Record<Op, (x: number, p: number) => number>>;
const integerOps = Object.keys(integerTwins).filter((name): name is keyof typeof integerTwins => name in integerTwins);

const twinsOfTests = {
  logicalNot: (x: number) => x === 0, isnan: (x: number) => Number.isNaN(x),
  isinf: (x: number) => Math.abs(x) === Infinity, isfinite: (x: number) => Number.isFinite(x),
} satisfies Partial<Record<Op, (x: number) => boolean>>;
const testNames = Object.keys(twinsOfTests).filter((name): name is keyof typeof twinsOfTests => name in twinsOfTests);

describe("unary values", () => {
  it("have a naive twin each, for floats, for integers and for tests", () => {
    const { unary } = operations;
    expect(missingTwins(twins, computingOn("floats", unary))).toEqual([]);
    expect(missingTwins(integerTwins, computingOn("integers", unary))).toEqual([]);
    expect(missingTwins(twinsOfTests, unary.filter(({ gives }) => gives === "bool"))).toEqual([]);
  });

  it.each(names)("%s in float32 is within its bound everywhere", (name) => {
    const [p0, p1] = parameters[name] ?? [0, 0];
    const x = samples(7);
    const out = runFloat32(name, x, p0, p1);
    let worst = { ulps: 0, x: 0, actual: 0, exact: 0 };
    x.forEach((value, i) => {
      const exact = twins[name](value, p0, p1);
      const actual = out[i] ?? NaN;
      const ulps = ulps32(actual, exact);
      if (ulps > worst.ulps) worst = { ulps, x: value, actual, exact };
    });
    expect(worst.ulps, JSON.stringify(worst)).toBeLessThanOrEqual(float32Bounds[name] ?? 0.501);
  });

  it.each(names)("%s in float64 is within 2 ulp everywhere", (name) => {
    const [p0, p1] = parameters[name] ?? [0, 0];
    const x = Float64Array.from(samples(11));
    const out = runFloat64(name, x, p0, p1);
    let worst = { ulps: 0, x: 0, actual: 0, exact: 0 };
    x.forEach((value, i) => {
      const exact = twins[name](value, p0, p1);
      const actual = out[i] ?? NaN;
      // The naive erf itself is off by some: exp(-t^2) multiplies the rounding of t^2 by up to 36.
      const ulps = name === "erf" ? ulps64(actual, exact) / 8 : ulps64(actual, exact);
      if (ulps > worst.ulps) worst = { ulps, x: value, actual, exact };
    });
    expect(worst.ulps, JSON.stringify(worst)).toBeLessThanOrEqual(2);
  });

  it.each([-2, -1, -0.5, 0, 0.5, 1, 2, 3, 4, -3.5, Infinity, -Infinity, NaN])("powScalar with exponent %d", (exponent) => {
    const x = samples(13);
    const out = runFloat32("powScalar", x, exponent, 0);
    x.forEach((value, i) => {
      // As PyTorch, x^0.5 is sqrt(x), which differs from pow at -0 and -inf.
      const exact = exponent === 0.5 ? Math.sqrt(value) : exponent === -0.5 ? 1 / Math.sqrt(value) : pow(value, exponent);
      // Integer powers by repeated float32 multiplication may leave the range early.
      const isClose = ulps32(out[i] ?? NaN, exact) <= 2 || Math.abs(exact) < 1e-35 || Math.abs(exact) > 1e38;
      expect(isClose, `${value} to ${exponent}: ${out[i]}, not ${exact}`).toBe(true);
    });
  });

  it("keeps the bounds of clamp exact, and lets an upper bound below the lower one win", () => {
    expect([...runFloat32("clamp", Float32Array.of(NaN, -0, -5, 5, 1), 0, Infinity)]).toEqual([NaN, -0, 0, 5, 1]);
    expect([...runFloat32("clamp", Float32Array.of(1, 9), 3, 2)]).toEqual([2, 2]);
  });
});

describe("unary loops", () => {
  it("gives the same for any size, alignment and stride, and in place", () => {
    fc.assert(fc.property(size, fc.constantFrom(...names), fc.integer(), fc.integer({ min: 0, max: 3 }), (n, name, seed, stride) => {
      const [p0, p1] = parameters[name] ?? [0, 0];
      const x = Float32Array.from(numbersFrom(seed, n * Math.max(1, stride), -4, 4));
      const picked = Float32Array.from({ length: n }, (_, i) => x[i * stride] ?? NaN);
      const contiguous = runFloat32(name, picked, p0, p1);
      inArena((arena) => {
        const out = arena.room(n * 4, 4);
        wasm.unaryStrided(unaryOps[name], 0, arena.put(x), out, writeLayout([n], [stride]), p0, p1);
        expect(firstDifference(arena.read(Float32Array, out, n), contiguous)).toBe(-1);
        const place = arena.put(picked);
        wasm.unary(unaryOps[name], 0, place, place, n, p0, p1);
        expect(firstDifference(arena.read(Float32Array, place, n), contiguous)).toBe(-1);
      });
    }), { numRuns: 150 });
  });

  it("walks any layout in order, with float64, int32 and bytes too", () => {
    fc.assert(fc.property(
      fc.constantFrom<number[]>([3, 5, 7], [2, 1, 3, 4], [9], [40, 1100], [7, 30, 200], [1, 40_003], [2, 3, 5, 0], []), fc.constantFrom(1, 2), fc.integer(),
      (sizes, step, seed) => {
        // Strides of the transposed order: the first dimension is the dense one.
        const strides: number[] = [];
        let stride = step;
        for (const n of sizes) { strides.push(stride); stride *= Math.max(1, n); }
        const count = sizes.reduce((a, b) => a * b, 1);
        const values = integersFrom(seed, Math.max(1, stride), 0, 200);
        const expected: number[] = [];
        for (let i = 0; i < count; i++) {
          let rest = i;
          let at = 0;
          for (let d = sizes.length - 1; d >= 0; d--) {
            const n = sizes[d] ?? 1;
            at += (rest % n) * (strides[d] ?? 0);
            rest = Math.floor(rest / n);
          }
          expected.push((values[at] ?? 0) + 3);
        }
        inArena((arena) => {
          const layout = writeLayout(sizes, strides);
          for (const [dtype, type, bytes] of [[0, Float32Array, 4], [1, Float64Array, 8], [3, Int32Array, 4], [4, Uint8Array, 1]] as const) {
            const out = arena.room(count * bytes);
            wasm.unaryStrided(unaryOps.addScalar, dtype, arena.put(type.from(values)), out, layout, 3, 0);
            expect(firstDifference(arena.read<Float32Array | Float64Array | Int32Array | Uint8Array>(type, out, count), type.from(expected))).toBe(-1);
          }
        });
      },
    ), { numRuns: 20 });
  });

  it("computes integers with wrap-around", () => {
    fc.assert(fc.property(size, fc.constantFrom(...integerOps), fc.integer(), fc.integer({ min: -9, max: 9 }), (n, name, seed, p) => {
      const p0 = name === "clamp" ? -Math.abs(p) : p;
      const wide = Int32Array.from(integersFrom(seed, n, -(2 ** 31), 2 ** 31 - 1));
      const bytes = Uint8Array.from(wide);
      inArena((arena) => {
        const out = arena.room(n * 4);
        wasm.unary(unaryOps[name], 3, arena.put(wide), out, n, p0, 9);
        expect(firstDifference(arena.read(Int32Array, out, n), wide.map((x) => integerTwins[name](x, p0)))).toBe(-1);
        const outBytes = arena.room(n);
        const low = name === "clamp" ? Math.max(0, p0) : p0;
        wasm.unary(unaryOps[name], 4, arena.put(bytes), outBytes, n, p0, 9);
        expect(firstDifference(arena.read(Uint8Array, outBytes, n), bytes.map((x) => integerTwins[name](x, low)))).toBe(-1);
      });
    }));
  });

  it("clamps integers by infinite bounds", () => {
    inArena((arena) => {
      const x = arena.put(Int32Array.of(-(2 ** 31), 5, 2 ** 31 - 1));
      wasm.unary(unaryOps.clamp, 3, x, x, 3, -Infinity, Infinity);
      expect([...arena.read(Int32Array, x, 3)]).toEqual([-(2 ** 31), 5, 2 ** 31 - 1]);
    });
  });

  it("answers tests in bool bytes", () => {
    fc.assert(fc.property(
      size, fc.constantFrom(...testNames), fc.integer(), fc.constantFrom(1, 2),
      (n, name, seed, stride) => {
        const picks = [0, -0, NaN, Infinity, -Infinity, 1, -3, 1e-45, 3e38];
        const x = integersFrom(seed, n * stride, 0, picks.length - 1).map((i) => picks[i] ?? 0);
        inArena((arena) => {
          const out = arena.room(n);
          for (const [dtype, type] of [[0, Float32Array], [1, Float64Array], [3, Int32Array], [4, Uint8Array], [5, Uint8Array]] as const) {
            const values = type.from(x);
            const expected = Uint8Array.from({ length: n }, (_, i) => Number(twinsOfTests[name](values[i * stride] ?? NaN)));
            const pointer = arena.put(values);
            if (stride === 1) wasm.unary(unaryOps[name], dtype, pointer, out, n, 0, 0);
            else wasm.unaryStrided(unaryOps[name], dtype, pointer, out, writeLayout([n], [stride]), 0, 0);
            expect(firstDifference(arena.read(Uint8Array, out, n), expected)).toBe(-1);
          }
        });
      },
    ));
  });

  it("does not depend on the number of threads", () => {
    const x = Float32Array.from(numbersFrom(3, 100_001, -9, 9));
    for (const name of ["exp", "tanh", "log1p", "relu"] as const) {
      expect(isSameForAnyThreads(() => runFloat32(name, x, 0, 0)), name).toBe(true);
      expect(isSameForAnyThreads(() => inArena((arena) => {
        const out = arena.room(50_000 * 4);
        wasm.unaryStrided(unaryOps[name], 0, arena.put(x), out, writeLayout([2, 250, 100], [1, 200, 2]), 0, 0);
        return arena.read(Float32Array, out, 50_000);
      })), name).toBe(true);
    }
  });
});
