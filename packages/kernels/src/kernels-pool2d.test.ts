import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { inArena, isSameForAnyThreads } from "./testing/arena.ts";
import { firstDifference, integersFrom, numbersFrom } from "./testing/numbers.ts";
import { setNumThreads } from "./threads.ts";
import { wasm } from "./wasm.ts";

afterAll(() => setNumThreads(1));

type Floats = Float32Array | Float64Array;
type FloatsType = typeof Float32Array | typeof Float64Array;
type Pair = readonly [number, number];

interface Window {
  readonly planes: number;
  readonly input: Pair;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
  readonly ceil: boolean;
}

/** PyTorch's size rule; with ceil, the last window must start inside the input or its left padding. */
function outputSize(w: Window, axis: 0 | 1): number {
  const span = w.input[axis] + 2 * w.padding[axis] - w.dilation[axis] * (w.kernel[axis] - 1) - 1;
  if (span < 0) return 0;
  const size = Math[w.ceil ? "ceil" : "floor"](span / w.stride[axis]) + 1;
  return w.ceil && (size - 1) * w.stride[axis] >= w.input[axis] + w.padding[axis] ? size - 1 : size;
}

const pair = (low: number, high: number): fc.Arbitrary<Pair> => fc.tuple(fc.integer({ min: low, max: high }), fc.integer({ min: low, max: high }));
const both = (...values: number[]): fc.Arbitrary<Pair> => fc.constantFrom(...values).map((v) => [v, v] as const);

const window: fc.Arbitrary<Window> = fc
  .record({
    planes: fc.integer({ min: 1, max: 3 }), input: fc.oneof(pair(1, 22), both(28, 64, 65)), kernel: fc.oneof(both(2, 3), pair(1, 5)),
    stride: fc.oneof(both(2, 1), pair(1, 4)), padding: fc.oneof(both(0, 0, 1), pair(0, 2)), dilation: fc.oneof(both(1, 1, 1), pair(1, 2)), ceil: fc.boolean(),
  })
  .filter((w) => w.padding[0] * 2 <= w.kernel[0] && w.padding[1] * 2 <= w.kernel[1] && outputSize(w, 0) > 0 && outputSize(w, 1) > 0);

/** Calls `visit` with each output position and the input positions of its window, padding left out, row by row. */
function eachWindow(w: Window, visit: (out: number, positions: number[], clipped: number) => void): void {
  const [H, W] = w.input, OH = outputSize(w, 0), OW = outputSize(w, 1);
  for (let oh = 0; oh < OH; oh++) {
    for (let ow = 0; ow < OW; ow++) {
      const positions: number[] = [];
      let clipped = 0;
      for (let i = 0; i < w.kernel[0]; i++) {
        for (let j = 0; j < w.kernel[1]; j++) {
          const h = oh * w.stride[0] - w.padding[0] + i * w.dilation[0], x = ow * w.stride[1] - w.padding[1] + j * w.dilation[1];
          if (h >= 0 && h < H && x >= 0 && x < W) positions.push(h * W + x);
          // What lies beyond the right and lower padding is the overhang of ceil mode.
          if (h < H + w.padding[0] && x < W + w.padding[1]) clipped++;
        }
      }
      visit(oh * OW + ow, positions, clipped);
    }
  }
}

function runMax(w: Window, x: Floats): { out: Floats; indices: Int32Array } {
  const OH = outputSize(w, 0), OW = outputSize(w, 1), count = w.planes * OH * OW;
  const type: FloatsType = x instanceof Float32Array ? Float32Array : Float64Array;
  return inArena((arena) => {
    const out = arena.room(count * type.BYTES_PER_ELEMENT, type.BYTES_PER_ELEMENT), indices = arena.room(count * 4, 4);
    const code = type === Float32Array ? 0 : 1;
    wasm.maxPool2d(code, arena.put(x), out, indices, w.planes, ...w.input, OH, OW, ...w.kernel, ...w.stride, ...w.padding, ...w.dilation);
    return { out: arena.read<Floats>(type, out, count), indices: arena.read(Int32Array, indices, count) };
  });
}

function runAverage(w: Window, x: Floats, backward: boolean, countIncludePad: number, divisorOverride: number): Floats {
  const OH = outputSize(w, 0), OW = outputSize(w, 1);
  const count = w.planes * (backward ? w.input[0] * w.input[1] : OH * OW);
  const type: FloatsType = x instanceof Float32Array ? Float32Array : Float64Array;
  return inArena((arena) => {
    const out = arena.room(count * type.BYTES_PER_ELEMENT, type.BYTES_PER_ELEMENT);
    const run = backward ? wasm.avgPool2dBackward : wasm.avgPool2d;
    const code = type === Float32Array ? 0 : 1;
    run(code, arena.put(x), out, w.planes, ...w.input, OH, OW, ...w.kernel, ...w.stride, ...w.padding, countIncludePad, divisorOverride);
    return arena.read<Floats>(type, out, count);
  });
}

const floatType = fc.constantFrom<FloatsType>(Float32Array, Float64Array);

describe("maxPool2d", () => {
  it("equals the naive one: first tie wins, NaN propagates, padding is -inf", () => {
    fc.assert(fc.property(window, floatType, fc.integer(), fc.boolean(), (w, type, seed, isWild) => {
      const plane = w.input[0] * w.input[1], outPlane = outputSize(w, 0) * outputSize(w, 1);
      const picks = [NaN, -Infinity, Infinity, -0, 0, 1, 2, 3, -1, -2];
      const x = type.from(integersFrom(seed, w.planes * plane, 0, isWild ? 9 : 5).map((v) => (isWild ? picks[v] ?? 0 : v - 3)));
      const expected = new type(w.planes * outPlane), indices = new Int32Array(w.planes * outPlane);
      for (let p = 0; p < w.planes; p++) {
        eachWindow(w, (at, positions) => {
          let best = -Infinity, index = positions[0] ?? -1;
          for (const position of positions) {
            const v = x[p * plane + position] ?? 0;
            if (v > best || Number.isNaN(v)) { best = v; index = position; }
          }
          expected[p * outPlane + at] = best;
          indices[p * outPlane + at] = index;
        });
      }
      const actual = runMax(w, x);
      expect(firstDifference(actual.out, expected)).toBe(-1);
      expect(firstDifference(actual.indices, indices)).toBe(-1);
    }), { numRuns: 500 });
  });

  it("gives PyTorch's values and indices for a padded, ceiled window with a NaN", () => {
    const x = Float32Array.of(1, 2, 3, 4, 5, 6, 7, NaN, 9, 10, 11, 12, 13, 14, 15, 5, 5, 5, 5, 5, 1, 1, 1, 1, 1);
    const w: Window = { planes: 1, input: [5, 5], kernel: [3, 3], stride: [2, 2], padding: [1, 1], dilation: [1, 1], ceil: true };
    const { out, indices } = runMax(w, x);
    expect([...out]).toEqual([7, NaN, 10, 12, NaN, 15, 5, 5, 5]);
    expect([...indices]).toEqual([6, 7, 9, 11, 7, 14, 15, 16, 18]);
  });

  it("sends gradients to the maxima, adding where windows overlap", () => {
    fc.assert(fc.property(window, floatType, fc.integer(), (w, type, seed) => {
      const plane = w.input[0] * w.input[1], outPlane = outputSize(w, 0) * outputSize(w, 1), count = w.planes * outPlane;
      const indices = Int32Array.from(integersFrom(seed, count, -1, plane - 1)), dOut = type.from(integersFrom(seed + 1, count, -9, 9));
      const expected = new type(w.planes * plane);
      indices.forEach((index, i) => {
        if (index < 0) return;
        const at = Math.floor(i / outPlane) * plane + index;
        expected[at] = (expected[at] ?? 0) + (dOut[i] ?? 0);
      });
      inArena((arena) => {
        const dX = arena.room(expected.byteLength);
        wasm.maxPool2dBackward(type === Float32Array ? 0 : 1, arena.put(dOut), arena.put(indices), dX, w.planes, ...w.input, outputSize(w, 0), outputSize(w, 1), 0);
        expect(firstDifference(arena.read<Floats>(type, dX, expected.length), expected)).toBe(-1);
      });
    }), { numRuns: 60 });
  });

  it("sends gradients of 2 x 2 windows to their maxima", () => {
    const side = fc.integer({ min: 2, max: 21 });
    fc.assert(fc.property(fc.integer({ min: 1, max: 3 }), side, side, floatType, fc.integer(), (planes, H, W, type, seed) => {
      const OH = H >> 1, OW = W >> 1, count = planes * OH * OW;
      const dOut = type.from(integersFrom(seed, count, -9, 9)), expected = new type(planes * H * W);
      const indices = Int32Array.from(integersFrom(seed + 1, count, 0, 3), (place, i) => {
        const index = (2 * (Math.floor(i / OW) % OH) + (place >> 1)) * W + 2 * (i % OW) + (place & 1);
        expected[Math.floor(i / OH / OW) * H * W + index] = dOut[i] ?? NaN;
        return index;
      });
      inArena((arena) => {
        const dX = arena.room(expected.byteLength, type.BYTES_PER_ELEMENT);
        wasm.maxPool2dBackward(type === Float32Array ? 0 : 1, arena.put(dOut), arena.put(indices, 4), dX, planes, H, W, OH, OW, 1);
        expect(firstDifference(arena.read<Floats>(type, dX, expected.length), expected)).toBe(-1);
      });
    }), { numRuns: 200 });
  });
});

describe("avgPool2d", () => {
  const undilated = window.map((w): Window => ({ ...w, dilation: [1, 1] })).filter((w) => outputSize(w, 0) > 0 && outputSize(w, 1) > 0);

  it("equals the naive one, forward and backward", () => {
    fc.assert(fc.property(
      undilated, floatType, fc.constantFrom(0, 1), fc.constantFrom(0, 0, 4), fc.integer(),
      (w, type, countIncludePad, divisorOverride, seed) => {
        const plane = w.input[0] * w.input[1], outPlane = outputSize(w, 0) * outputSize(w, 1);
        const x = type.from(integersFrom(seed, w.planes * plane, -9, 9)), dOut = type.from(integersFrom(seed + 1, w.planes * outPlane, -9, 9));
        const out = new type(w.planes * outPlane), dX = new type(w.planes * plane);
        for (let p = 0; p < w.planes; p++) {
          eachWindow(w, (at, positions, clipped) => {
            const divisor = divisorOverride || (countIncludePad ? clipped : positions.length);
            out[p * outPlane + at] = positions.reduce((sum, position) => sum + (x[p * plane + position] ?? 0), 0) / divisor;
            const share = type === Float32Array ? Math.fround((dOut[p * outPlane + at] ?? 0) / divisor) : (dOut[p * outPlane + at] ?? 0) / divisor;
            for (const position of positions) dX[p * plane + position] = (dX[p * plane + position] ?? 0) + share;
          });
        }
        expect(firstDifference(runAverage(w, x, false, countIncludePad, divisorOverride).map((v) => v + 0), out.map((v) => v + 0))).toBe(-1);
        expect(firstDifference(runAverage(w, dOut, true, countIncludePad, divisorOverride).map((v) => v + 0), dX.map((v) => v + 0))).toBe(-1);
      },
    ), { numRuns: 300 });
  });

  it("gives PyTorch's values at padded and ceiled borders", () => {
    const x = Float64Array.from({ length: 25 }, (_, i) => i + 1);
    const base: Window = { planes: 1, input: [5, 5], kernel: [3, 3], stride: [2, 2], padding: [1, 1], dilation: [1, 1], ceil: true };
    const close = (actual: Floats, expected: number[]): void => expected.forEach((v, i) => expect(actual[i]).toBeCloseTo(v, 3));
    close(runAverage(base, x, false, 1, 0), [1.7778, 3.6667, 3.1111, 7.6667, 13, 9.6667, 8.4444, 13.6667, 9.7778]);
    close(runAverage(base, x, false, 0, 0), [4, 5.5, 7, 11.5, 13, 14.5, 19, 20.5, 22]);
    close(runAverage({ ...base, kernel: [2, 2], padding: [0, 0] }, x, false, 1, 0), [4, 6, 7.5, 14, 16, 17.5, 21.5, 23.5, 25]);
    close(runAverage({ ...base, kernel: [2, 2] }, x, false, 1, 3), [0.3333, 1.6667, 3, 5.6667, 13.3333, 16, 12.3333, 26.6667, 29.3333]);
  });
});

it("pools the same for any number of threads", () => {
  const x = Float32Array.from(numbersFrom(4, 64 * 28 * 28, -1, 1));
  const w: Window = { planes: 64, input: [28, 28], kernel: [3, 3], stride: [2, 2], padding: [1, 1], dilation: [1, 1], ceil: false };
  expect(isSameForAnyThreads(() => runMax(w, x).indices)).toBe(true);
  expect(isSameForAnyThreads(() => runMax({ ...w, kernel: [2, 2], padding: [0, 0] }, x).out)).toBe(true);
  expect(isSameForAnyThreads(() => runAverage(w, x, false, 1, 0))).toBe(true);
  expect(isSameForAnyThreads(() => runAverage(w, x.subarray(0, 64 * 14 * 14), true, 1, 0))).toBe(true);
  const indices = Int32Array.from(integersFrom(4, 64 * 196, 0, 783));
  expect(isSameForAnyThreads(() => inArena((arena) => {
    const dX = arena.room(x.byteLength);
    wasm.maxPool2dBackward(0, arena.put(x), arena.put(indices), dX, 64, 28, 28, 14, 14, 0);
    return arena.read(Float32Array, dX, x.length);
  }))).toBe(true);
});
