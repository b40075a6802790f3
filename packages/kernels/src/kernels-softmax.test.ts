import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { inArena, isSameForAnyThreads } from "./testing/arena.ts";
import { integersFrom, numbersFrom } from "./testing/numbers.ts";
import { setNumThreads } from "./threads.ts";
import { wasm } from "./wasm.ts";

afterAll(() => setNumThreads(1));

type Floats = Float32Array | Float64Array;
const floats = [
  { code: 0, type: Float32Array, tolerance: 3e-6 },
  { code: 1, type: Float64Array, tolerance: 1e-13 },
] as const;

const shape = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 70 }), fc.constant(1)) },
  { weight: 3, arbitrary: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 20 }), fc.integer({ min: 2, max: 19 })) },
  { weight: 1, arbitrary: fc.constantFrom([1, 5000, 1], [3, 150, 50], [1500, 10, 1], [1, 70, 301], [70, 1, 1037]) },
);

/** Positions of the n elements that belong together, for every (outer, inner). */
function* lines(outer: number, n: number, inner: number): Generator<number[]> {
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) yield Array.from({ length: n }, (_, k) => (o * n + k) * inner + i);
  }
}

function logSoftmax(values: readonly number[]): number[] {
  const top = Math.max(...values);
  const total = Math.log(values.reduce((sum, v) => sum + Math.exp(v - top), 0));
  return values.map((v) => v - top - total);
}

function expectClose(actual: Floats, expected: Float64Array, tolerance: number): void {
  let worst = 0;
  expected.forEach((value, i) => {
    const error = Math.abs((actual[i] ?? NaN) - value) / (1 + Math.abs(value));
    if (!(error <= worst)) worst = error;
  });
  expect(worst).toBeLessThanOrEqual(tolerance);
}

describe("softmax", () => {
  it("and its logarithm equal the naive ones, forward and backward", () => {
    fc.assert(fc.property(
      shape, fc.constantFrom(...floats), fc.constantFrom(0, 1), fc.integer(),
      ([outer = 1, n = 1, inner = 1], { code, type, tolerance }, log, seed) => {
        const count = outer * n * inner;
        const x = type.from(numbersFrom(seed, count, -9, 9)), dOut = type.from(numbersFrom(seed + 1, count, -1, 1));
        const y = new Float64Array(count), dX = new Float64Array(count);
        for (const line of lines(outer, n, inner)) {
          const logs = logSoftmax(line.map((at) => x[at] ?? NaN));
          const p = logs.map(Math.exp);
          const g = line.map((at) => dOut[at] ?? NaN);
          const dot = g.reduce((sum, v, k) => sum + v * (log ? 1 : p[k] ?? NaN), 0);
          line.forEach((at, k) => {
            y[at] = (log ? logs[k] : p[k]) ?? NaN;
            dX[at] = log ? (g[k] ?? NaN) - (p[k] ?? NaN) * dot : (p[k] ?? NaN) * ((g[k] ?? NaN) - dot);
          });
        }
        inArena((arena) => {
          const out = arena.room(x.byteLength, type.BYTES_PER_ELEMENT), back = arena.room(x.byteLength);
          wasm.softmax(code, arena.put(x), out, outer, n, inner, log);
          expectClose(arena.read<Floats>(type, out, count), y, tolerance);
          wasm.softmaxBackward(code, arena.put(dOut), arena.put(type.from(y)), back, outer, n, inner, log);
          expectClose(arena.read<Floats>(type, back, count), dX, tolerance * Math.sqrt(n));
        });
      },
    ), { numRuns: 120 });
  });

  it("stays finite for logits of 1e4, and is NaN for rows of -inf and of NaN", () => {
    for (const inner of [1, 2]) {
      const columns = [[1e4, -1e4, 0], [-Infinity, -Infinity, -Infinity], [NaN, 1, 2], [-Infinity, 3, -Infinity]];
      for (const column of columns) {
        const x = Float32Array.from(column.flatMap((v) => new Array<number>(inner).fill(v)));
        inArena((arena) => {
          const out = arena.room(x.byteLength);
          wasm.softmax(0, arena.put(x), out, 1, 3, inner, 0);
          const top = Math.max(...column);
          const expected = column.map((v) => (Number.isFinite(top) ? Number(v === top) : NaN));
          expect([...arena.read(Float32Array, out, 3 * inner)]).toEqual(expected.flatMap((v) => new Array<number>(inner).fill(v)));
        });
      }
    }
  });

  it("does not depend on the number of threads", () => {
    const x = Float32Array.from(numbersFrom(2, 60_000, -9, 9));
    for (const [outer, n, inner] of [[6000, 10, 1], [4, 150, 100], [2, 30_000, 1]] as const) {
      expect(isSameForAnyThreads(() => inArena((arena) => {
        const y = arena.room(x.byteLength), out = arena.room(x.byteLength);
        wasm.softmax(0, arena.put(x), y, outer, n, inner, 0);
        wasm.softmaxBackward(0, arena.put(x), y, out, outer, n, inner, 0);
        return arena.read(Float32Array, out, 60_000);
      }))).toBe(true);
    }
  });
});

interface Rows {
  readonly losses: Float64Array;
  readonly kept: Float64Array;
  readonly dLogits: Float64Array;
}

/** The formula of PyTorch, one row at a time; `scale` is the gradient of each row's loss. */
function naiveCrossEntropy(
  x: Floats, targets: Int32Array, weights: readonly number[], scale: Floats, classes: number, ignoreIndex: number, smoothing: number,
): Rows {
  const rows = targets.length;
  const out = { losses: new Float64Array(rows), kept: new Float64Array(rows), dLogits: new Float64Array(rows * classes) };
  for (let r = 0; r < rows; r++) {
    const target = targets[r] ?? 0;
    if (target === ignoreIndex) continue;
    const logs = logSoftmax([...x.subarray(r * classes, (r + 1) * classes)]);
    // The loss is a weighted sum of -log p: the coefficient of each class.
    const coefficients = logs.map((_, j) => (smoothing / classes) * (weights[j] ?? 1) + (j === target ? (1 - smoothing) * (weights[j] ?? 1) : 0));
    const total = coefficients.reduce((a, b) => a + b, 0);
    out.losses[r] = -logs.reduce((sum, v, j) => sum + (coefficients[j] === 0 ? 0 : v * (coefficients[j] ?? NaN)), 0);
    out.kept[r] = weights[target] ?? 1;
    logs.forEach((v, j) => {
      out.dLogits[r * classes + j] = (scale[r] ?? NaN) * (total * Math.exp(v) - (coefficients[j] ?? NaN));
    });
  }
  return out;
}

describe("cross-entropy", () => {
  const problem = fc.record({
    rows: fc.oneof(fc.integer({ min: 1, max: 17 }), fc.constant(3000)), classes: fc.integer({ min: 1, max: 21 }), float: fc.constantFrom(...floats),
    isWeighted: fc.boolean(), smoothing: fc.constantFrom(0, 0, 0.1, 1), ignoreIndex: fc.constantFrom(-100, 0, 2), seed: fc.integer(),
  });

  it("equals the naive one, forward and backward", () => {
    fc.assert(fc.property(problem, ({ rows, classes, float: { code, type, tolerance }, isWeighted, smoothing, ignoreIndex, seed }) => {
      const x = type.from(numbersFrom(seed, rows * classes, -6, 6)), scale = type.from(numbersFrom(seed + 1, rows, -1, 1));
      const targets = Int32Array.from(integersFrom(seed + 2, rows, 0, classes - 1));
      if (ignoreIndex < 0) targets[0] = ignoreIndex;
      const weights = isWeighted ? [...type.from(numbersFrom(seed + 3, classes, 0, 2))] : [];
      // A class that weighs nothing may be impossible.
      if (isWeighted && classes > 1) {
        weights[0] = 0;
        for (let r = 0; r < rows; r++) x[r * classes] = -Infinity;
      }
      const expected = naiveCrossEntropy(x, targets, weights, scale, classes, ignoreIndex, smoothing);
      inArena((arena) => {
        const bytes = type.BYTES_PER_ELEMENT;
        const logits = arena.put(x), t = arena.put(targets), w = isWeighted ? arena.put(type.from(weights)) : 0;
        const losses = arena.room(rows * bytes), kept = arena.room(rows * bytes), normalizers = arena.room(2 * rows * bytes);
        const dLogits = arena.room(x.byteLength, bytes);
        wasm.crossEntropyForward(code, logits, t, w, losses, kept, normalizers, rows, classes, ignoreIndex, smoothing);
        expectClose(arena.read<Floats>(type, losses, rows), expected.losses, tolerance);
        expectClose(arena.read<Floats>(type, kept, rows), expected.kept, 0);
        wasm.crossEntropyBackward(code, logits, t, w, normalizers, arena.put(scale), dLogits, rows, classes, ignoreIndex, smoothing);
        expectClose(arena.read<Floats>(type, dLogits, rows * classes), expected.dLogits, tolerance);
      });
    }), { numRuns: 150 });
  });

  it("stays exact for logits of 1e4", () => {
    inArena((arena) => {
      const out = arena.room(4), rest = arena.room(12);
      wasm.crossEntropyForward(0, arena.put(Float32Array.of(1e4, -1e4)), arena.put(Int32Array.of(1)), 0, out, rest, rest + 4, 1, 2, -100, 0);
      expect([...arena.read(Float32Array, out, 1)]).toEqual([20000]);
    });
  });

  it("keeps the logarithm of the sum beside logits of any size", () => {
    for (const [code, type, top] of [[0, Float32Array, 1e8], [0, Float32Array, 3e38], [1, Float64Array, 1e17]] as const) {
      inArena((arena) => {
        const x = arena.put(type.of(top, top)), t = arena.put(Int32Array.of(1)), out = arena.room(32), normalizers = arena.room(16);
        wasm.crossEntropyForward(code, x, t, 0, out, out + 8, normalizers, 1, 2, -100, 0);
        expect(arena.read<Floats>(type, out, 1)[0]).toBeCloseTo(Math.LN2, 6);
        wasm.crossEntropyBackward(code, x, t, 0, normalizers, arena.put(type.of(1)), out, 1, 2, -100, 0);
        expect([...arena.read<Floats>(type, out, 2)]).toEqual([0.5, -0.5]);
      });
    }
  });

  it("names the first target that is no class", () => {
    inArena((arena) => {
      const check = (...targets: number[]): number => wasm.checkTargets(arena.put(Int32Array.from(targets)), targets.length, 10, -100);
      expect(check(0, 9, -100, 5)).toBe(-1);
      expect(check(0, 9, 10, 5)).toBe(2);
      expect(check(-1, 9)).toBe(0);
      expect(check()).toBe(-1);
      expect(wasm.checkTargets(arena.put(Int32Array.of(255)), 1, 10, 255)).toBe(-1);
    });
  });

  it("does not depend on the number of threads", () => {
    const x = Float32Array.from(numbersFrom(2, 60_000, -9, 9));
    const targets = Int32Array.from(integersFrom(3, 6000, 0, 9));
    expect(isSameForAnyThreads(() => inArena((arena) => {
      const logits = arena.put(x), t = arena.put(targets), rows = arena.room(24_000), normalizers = arena.room(48_000), dLogits = arena.room(240_000);
      wasm.crossEntropyForward(0, logits, t, 0, rows, arena.room(24_000), normalizers, 6000, 10, -100, 0.1);
      wasm.crossEntropyBackward(0, logits, t, 0, normalizers, rows, dLogits, 6000, 10, -100, 0.1);
      return arena.read(Float32Array, dLogits, 60_000);
    }))).toBe(true);
  });
});
