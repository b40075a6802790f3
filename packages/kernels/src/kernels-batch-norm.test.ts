import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { inArena, isSameForAnyThreads } from "./testing/arena.ts";
import { numbersFrom } from "./testing/numbers.ts";
import { setNumThreads } from "./threads.ts";
import { wasm } from "./wasm.ts";

afterAll(() => setNumThreads(1));

type Floats = Float32Array | Float64Array;

const shape = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 70 })) },
  { weight: 2, arbitrary: fc.tuple(fc.integer({ min: 2, max: 70 }), fc.integer({ min: 1, max: 70 }), fc.constant(1)) },
  { weight: 1, arbitrary: fc.constantFrom([64, 6, 100], [2, 3, 9000], [3000, 20, 1], [1, 2, 5]) },
);
const float = fc.constantFrom({ code: 0, type: Float32Array, tolerance: 2e-5 } as const, { code: 1, type: Float64Array, tolerance: 1e-12 } as const);
const momentum = 0.25;
const eps = 1e-3;

interface Channel {
  readonly mean: number;
  readonly variance: number;
  readonly positions: readonly number[];
}

function channelsOf(x: Floats, N: number, C: number, S: number): Channel[] {
  return Array.from({ length: C }, (_, c) => {
    const positions: number[] = [];
    for (let n = 0; n < N; n++) for (let s = 0; s < S; s++) positions.push((n * C + c) * S + s);
    const mean = positions.reduce((sum, at) => sum + (x[at] ?? NaN), 0) / positions.length;
    const variance = positions.reduce((sum, at) => sum + ((x[at] ?? NaN) - mean) ** 2, 0) / positions.length;
    return { mean, variance, positions };
  });
}

function expectClose(actual: Floats, expected: ArrayLike<number>, tolerance: number, what: string): void {
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs((actual[i] ?? NaN) - (expected[i] ?? NaN)) / (1 + Math.abs(expected[i] ?? NaN));
    if (!(error <= worst)) worst = error;
  }
  expect(worst, what).toBeLessThanOrEqual(tolerance);
}

describe("batch norm", () => {
  it("equals the naive one in training, forward and backward", () => {
    fc.assert(fc.property(shape, float, fc.boolean(), fc.integer(), ([N = 1, C = 1, S = 1], { code, type, tolerance }, isAffine, seed) => {
      const count = N * C * S, M = N * S;
      const x = type.from(numbersFrom(seed, count, 1, 4)), dOut = type.from(numbersFrom(seed + 1, count, -1, 1));
      const weight = type.from(numbersFrom(seed + 2, C, 0.5, 2)), bias = type.from(numbersFrom(seed + 3, C, -1, 1));
      const running = type.from(numbersFrom(seed + 4, 2 * C, 0, 1));
      const channels = channelsOf(x, N, C, S);
      inArena((arena) => {
        const bytes = type.BYTES_PER_ELEMENT;
        const room = (n: number): number => arena.room(n * bytes, bytes);
        const px = arena.put(x), w = isAffine ? arena.put(weight) : 0, b = isAffine ? arena.put(bias) : 0;
        const out = room(count), mean = room(C), invStd = room(C), r = arena.put(running);
        const read = (pointer: number, n: number): Floats => arena.read<Floats>(type, pointer, n);
        wasm.batchNormTrain(code, px, out, w, b, mean, invStd, r, r + C * bytes, N, C, S, eps, momentum);
        const y = new Float64Array(count), dX = new Float64Array(count), dWeight: number[] = [], dBias: number[] = [];
        channels.forEach(({ mean, variance, positions }, c) => {
          const inverse = 1 / Math.sqrt(variance + eps), gamma = isAffine ? weight[c] ?? NaN : 1, beta = isAffine ? bias[c] ?? NaN : 0;
          const hat = positions.map((at) => ((x[at] ?? NaN) - mean) * inverse), g = positions.map((at) => dOut[at] ?? NaN);
          const sum = g.reduce((a, v) => a + v, 0), dot = g.reduce((a, v, i) => a + v * (hat[i] ?? NaN), 0);
          dWeight.push(dot);
          dBias.push(sum);
          positions.forEach((at, i) => {
            y[at] = (hat[i] ?? NaN) * gamma + beta;
            dX[at] = gamma * inverse * ((g[i] ?? NaN) - sum / M - ((hat[i] ?? NaN) * dot) / M);
          });
        });
        expectClose(read(out, count), y, tolerance, "out");
        expectClose(read(mean, C), channels.map((ch) => ch.mean), tolerance, "mean");
        expectClose(read(invStd, C), channels.map((ch) => 1 / Math.sqrt(ch.variance + eps)), tolerance, "invStd");
        expectClose(read(r, C), channels.map((ch, c) => (1 - momentum) * (running[c] ?? NaN) + momentum * ch.mean), tolerance, "running mean");
        expectClose(
          read(r + C * bytes, C), channels.map((ch, c) => (1 - momentum) * (running[C + c] ?? NaN) + (momentum * ch.variance * M) / (M - 1)), tolerance, "running var",
        );
        const back = room(count), pw = room(C), pb = room(C);
        wasm.batchNormBackward(code, arena.put(dOut), px, w, mean, invStd, back, pw, pb, N, C, S);
        // Where a channel's few values lie close together, the rounding of its mean is multiplied by 1 / std.
        const gradient = read(back, count);
        for (const { variance, positions } of channels) {
          const steepness = Math.max(1, 1 / Math.sqrt(variance + eps));
          expectClose(type.from(positions.map((at) => gradient[at] ?? NaN)), positions.map((at) => dX[at] ?? NaN), tolerance * steepness, "dX");
        }
        expectClose(read(pw, C), dWeight, tolerance * Math.sqrt(M), "dWeight");
        expectClose(read(pb, C), dBias, tolerance * Math.sqrt(M), "dBias");
      });
    }), { numRuns: 80 });
  });

  it("equals the naive one in evaluation, forward and backward", () => {
    fc.assert(fc.property(shape, float, fc.boolean(), fc.integer(), ([N = 1, C = 1, S = 1], { code, type, tolerance }, isAffine, seed) => {
      const count = N * C * S;
      const x = type.from(numbersFrom(seed, count, 1, 4)), dOut = type.from(numbersFrom(seed + 1, count, -1, 1));
      const weight = type.from(numbersFrom(seed + 2, C, 0.5, 2)), bias = type.from(numbersFrom(seed + 3, C, -1, 1));
      const mean = type.from(numbersFrom(seed + 4, C, -1, 1)), variance = type.from(numbersFrom(seed + 5, C, 0.1, 2));
      const y = new Float64Array(count), dX = new Float64Array(count), dWeight: number[] = [], dBias: number[] = [];
      channelsOf(x, N, C, S).forEach(({ positions }, c) => {
        const inverse = 1 / Math.sqrt((variance[c] ?? NaN) + eps), gamma = isAffine ? weight[c] ?? NaN : 1, beta = isAffine ? bias[c] ?? NaN : 0;
        let dot = 0, sum = 0;
        for (const at of positions) {
          const hat = ((x[at] ?? NaN) - (mean[c] ?? NaN)) * inverse;
          y[at] = hat * gamma + beta;
          dX[at] = (dOut[at] ?? NaN) * gamma * inverse;
          dot += hat * (dOut[at] ?? NaN);
          sum += dOut[at] ?? NaN;
        }
        dWeight.push(dot);
        dBias.push(sum);
      });
      inArena((arena) => {
        const bytes = type.BYTES_PER_ELEMENT;
        const room = (n: number): number => arena.room(n * bytes, bytes);
        const px = arena.put(x), w = isAffine ? arena.put(weight) : 0, b = isAffine ? arena.put(bias) : 0;
        const pm = arena.put(mean), pv = arena.put(variance), g = arena.put(dOut), out = room(count), back = room(count), dw = room(C), db = room(C);
        const read = (pointer: number, n: number): Floats => arena.read<Floats>(type, pointer, n);
        wasm.batchNormEval(code, px, out, w, b, pm, pv, N, C, S, eps);
        expectClose(read(out, count), y, tolerance, "out");
        wasm.batchNormEvalBackward(code, g, px, w, pm, pv, back, dw, db, N, C, S, eps);
        expectClose(read(back, count), dX, tolerance, "dX");
        expectClose(read(dw, C), dWeight, tolerance * Math.sqrt(N * S), "dWeight");
        expectClose(read(db, C), dBias, tolerance * Math.sqrt(N * S), "dBias");
      });
    }), { numRuns: 60 });
  });

  it("gives each gradient as it gives all, whichever are asked for", () => {
    fc.assert(fc.property(shape, float, fc.boolean(), fc.boolean(), fc.integer(), ([N = 1, C = 1, S = 1], { code, type }, isAffine, isTraining, seed) => {
      const count = N * C * S, lengths = [count, C, C];
      inArena((arena) => {
        const put = (values: readonly number[]): number => arena.put(type.from(values));
        const [x, dOut] = [put(numbersFrom(seed, count, 1, 4)), put(numbersFrom(seed + 1, count, -1, 1))];
        const [w, mean, spread] = [isAffine ? put(numbersFrom(seed + 2, C, 0.5, 2)) : 0, put(numbersFrom(seed + 3, C, 2, 3)), put(numbersFrom(seed + 4, C, 0.5, 2))];
        // Fresh rooms for every call: what is not written shows.
        const run = (isWanted: readonly boolean[]): (Floats | null)[] => {
          const rooms = lengths.map((length, k) => (isWanted[k] === true ? arena.room(length * type.BYTES_PER_ELEMENT) : 0));
          const [dX = 0, dWeight = 0, dBias = 0] = rooms;
          if (isTraining) wasm.batchNormBackward(code, dOut, x, w, mean, spread, dX, dWeight, dBias, N, C, S);
          else wasm.batchNormEvalBackward(code, dOut, x, w, mean, spread, dX, dWeight, dBias, N, C, S, eps);
          return rooms.map((room, k) => (room === 0 ? null : arena.read<Floats>(type, room, lengths[k] as number)));
        };
        const all = run([true, true, true]);
        for (let subset = 1; subset < 7; subset++) {
          const isWanted = [1, 2, 4].map((bit) => (subset & bit) !== 0);
          expect(run(isWanted)).toEqual(all.map((values, k) => (isWanted[k] === true ? values : null)));
        }
      });
    }), { numRuns: 40 });
  });

  it("in training gives the same with and without running statistics", () => {
    fc.assert(fc.property(shape, float, fc.integer(), ([N = 1, C = 1, S = 1], { code, type }, seed) => {
      const count = N * C * S;
      inArena((arena) => {
        const x = arena.put(type.from(numbersFrom(seed, count, 1, 4))), start = numbersFrom(seed + 1, C, 0, 1);
        const run = (hasMean: boolean, hasVar: boolean): (Floats | null)[] => {
          const room = (length: number): number => arena.room(length * type.BYTES_PER_ELEMENT);
          const [out, mean, invStd] = [room(count), room(C), room(C)];
          const [runningMean, runningVar] = [hasMean, hasVar].map((has) => (has ? arena.put(type.from(start)) : 0)) as [number, number];
          wasm.batchNormTrain(code, x, out, 0, 0, mean, invStd, runningMean, runningVar, N, C, S, eps, momentum);
          const read = (pointer: number, length: number): Floats | null => (pointer === 0 ? null : arena.read<Floats>(type, pointer, length));
          return [read(out, count), read(mean, C), read(invStd, C), read(runningMean, C), read(runningVar, C)];
        };
        const all = run(true, true);
        expect(run(false, false)).toEqual([...all.slice(0, 3), null, null]);
        expect(run(true, false)).toEqual([...all.slice(0, 4), null]);
        expect(run(false, true)).toEqual([...all.slice(0, 3), null, all[4]]);
      });
    }), { numRuns: 30 });
  });

  it("does not cancel far from zero", () => {
    for (const [N, S] of [[2, 32], [64, 1]] as const) {
      const x = Float32Array.from({ length: 64 }, (_, i) => 100_000 + (i % 2));
      inArena((arena) => {
        const out = arena.room(256), mean = arena.room(4), invStd = arena.room(4);
        wasm.batchNormTrain(0, arena.put(x), out, 0, 0, mean, invStd, 0, 0, N, 1, S, 0, 0.1);
        expect([...arena.read(Float32Array, mean, 1), ...arena.read(Float32Array, invStd, 1)]).toEqual([100_000.5, 2]);
        expect([...arena.read(Float32Array, out, 2)]).toEqual([-1, 1]);
      });
    }
  });

  it("does not depend on the number of threads", () => {
    for (const [N, C, S] of [[64, 8, 200], [3000, 30, 1], [1, 3, 40_000]] as const) {
      const count = N * C * S;
      const x = Float32Array.from(numbersFrom(7, count, -1, 1)), dOut = Float32Array.from(numbersFrom(8, count, -1, 1));
      expect(isSameForAnyThreads(() => inArena((arena) => {
        const stats = arena.room(4 * C * 4), px = arena.put(x), out = arena.room(count * 4), dX = arena.room(count * 4);
        wasm.batchNormTrain(0, px, out, 0, 0, stats, stats + C * 4, 0, 0, N, C, S, 1e-5, 0.1);
        wasm.batchNormBackward(0, arena.put(dOut), px, 0, stats, stats + C * 4, dX, stats + C * 8, stats + C * 12, N, C, S);
        return Float32Array.of(...arena.read(Float32Array, stats, 4 * C), ...arena.read(Float32Array, dX, 1000), ...arena.read(Float32Array, out, 1000));
      }))).toBe(true);
    }
  });
});
