import { createHash } from "node:crypto";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { numbersFrom } from "./testing/numbers.ts";
import { setNumThreads } from "./threads.ts";
import { memory, wasm } from "./wasm.ts";

afterAll(() => setNumThreads(1));

interface Geometry {
  readonly N: number; readonly C: number; readonly H: number; readonly W: number; readonly O: number;
  readonly kH: number; readonly kW: number; readonly OH: number; readonly OW: number; readonly sH: number; readonly sW: number;
  readonly pT: number; readonly pL: number; readonly dH: number; readonly dW: number; readonly groups: number;
}

type Floats = Float32Array | Float64Array;

const small = (max: number) => fc.integer({ min: 1, max });
const padding = fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2), fc.nat(2));

function geometryOf(
  [N, groups, channels, outputs]: number[], [kH, kW, sH, sW, dH, dW]: number[], [pT, pB, pL, pR]: number[], [moreH, moreW]: number[],
): Geometry {
  const numbers = [N, groups, channels, outputs, kH, kW, sH, sW, dH, dW, pT, pB, pL, pR, moreH, moreW].map((value) => value ?? 1);
  const [n = 1, g = 1, c = 1, o = 1, kh = 1, kw = 1, sh = 1, sw = 1, dh = 1, dw = 1, top = 0, bottom = 0, left = 0, right = 0, mh = 0, mw = 0] = numbers;
  const H = Math.max(1, dh * (kh - 1) + 1 - top - bottom) + mh;
  const W = Math.max(1, dw * (kw - 1) + 1 - left - right) + mw;
  return {
    N: n, C: g * c, H, W, O: g * o, kH: kh, kW: kw,
    OH: Math.floor((H + top + bottom - dh * (kh - 1) - 1) / sh) + 1, OW: Math.floor((W + left + right - dw * (kw - 1) - 1) / sw) + 1,
    sH: sh, sW: sw, pT: top, pL: left, dH: dh, dW: dw, groups: g,
  };
}

/** Everything at once: strides, dilations, groups, uneven padding, rectangular kernels. */
const anyGeometry = fc.tuple(
  fc.tuple(small(4), fc.constantFrom(1, 1, 2, 3), small(5), small(9)),
  fc.tuple(small(5), small(5), small(3), small(3), small(2), small(2)),
  padding, fc.tuple(fc.nat(20), fc.nat(20)),
).map(([a, b, c, d]) => geometryOf(a, b, c, d));

/** 3x3 kernels of stride 1 with many channels, which have a path of their own. */
const threeByThree = fc.tuple(
  fc.tuple(small(3), fc.constantFrom(1, 1, 2), fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 })),
  padding, fc.tuple(fc.nat(12), fc.nat(12)),
).map(([a, c, d]) => geometryOf(a, [3, 3, 1, 1, 1, 1], c, d));

/** Of these, what goes by Winograd's transforms. */
const manyChannels = fc.tuple(
  fc.tuple(small(3), fc.constant(1), fc.integer({ min: 16, max: 40 }), fc.integer({ min: 16, max: 40 })), padding, fc.tuple(fc.nat(12), fc.nat(12)),
).map(([a, c, d]) => geometryOf(a, [3, 3, 1, 1, 1, 1], c, d));

/** One channel, or one output, in a group: mostly with stride 1. */
const depthwise = fc.tuple(
  fc.oneof(fc.tuple(small(3), small(17), fc.constant(1), small(3)), fc.tuple(small(3), small(2), small(5), fc.constant(1))),
  fc.tuple(small(7), small(7), fc.constantFrom(1, 1, 2), fc.constantFrom(1, 1, 2), small(2), fc.constantFrom(1, 1, 2)),
  padding, fc.tuple(fc.nat(20), fc.nat(20)),
).map(([a, b, c, d]) => geometryOf(a, b, c, d));

/** Strides, dilations and groups with enough outputs for columns, where a BLAS multiplies. */
const manyOutputs = fc.tuple(
  fc.tuple(small(10), fc.constantFrom(1, 1, 2, 3), small(24), fc.integer({ min: 14, max: 30 })),
  fc.tuple(small(4), small(4), small(3), small(3), small(2), small(2)), padding, fc.tuple(fc.nat(14), fc.nat(14)),
).map(([a, b, c, d]) => geometryOf(a, b, c, d));

/** Nine taps that are not 3x3. */
const nineTaps = geometryOf([2, 1, 3, 1], [1, 3, 1, 1, 1, 1], [0, 0, 0, 0], [4, 9]);

const pointwise = fc.tuple(
  fc.tuple(small(3), small(2), fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 })), fc.constant<number[]>([1, 1, 1, 1, 1, 1]),
  fc.constant<number[]>([0, 0, 0, 0]), fc.tuple(fc.nat(9), fc.nat(9)),
).map(([a, b, c, d]) => geometryOf(a, b, c, d));

/** A kernel that covers its image. */
const whole = fc.tuple(
  fc.tuple(small(5), fc.constant(1), small(5), small(20)), fc.tuple(small(5), small(5)).map(([kH, kW]) => [kH, kW, 1, 1, 1, 1]),
  fc.constant<number[]>([0, 0, 0, 0]), fc.constant<number[]>([0, 0]),
).map(([a, b, c, d]) => geometryOf(a, b, c, d));

/** Rows that leave half a vector over, which two rows share, and numbers of images that do not divide evenly. */
const halfVectors = fc.tuple(
  fc.tuple(small(40), fc.constant(1), small(3), small(7)), fc.tuple(small(3), small(5)).map(([kH, kW]) => [kH, kW, 1, 1, 1, 1]),
  fc.constant<number[]>([0, 0, 0, 0]), fc.tuple(fc.nat(9), fc.constantFrom(5, 9, 13)),
).map(([a, b, c, d]) => geometryOf(a, b, c, d));

/** Large enough for several tasks. */
const large = [
  geometryOf([64, 1, 3, 6], [5, 5, 1, 1, 1, 1], [0, 0, 0, 0], [27, 27]), geometryOf([64, 1, 6, 16], [5, 5, 1, 1, 1, 1], [0, 0, 0, 0], [9, 9]),
  geometryOf([9, 1, 32, 40], [3, 3, 1, 1, 1, 1], [1, 1, 1, 1], [15, 15]), geometryOf([1, 1, 48, 64], [3, 3, 1, 1, 1, 1], [1, 1, 1, 1], [26, 26]),
  geometryOf([40, 1, 64, 136], [3, 3, 1, 1, 1, 1], [1, 1, 1, 1], [2, 2]), geometryOf([5, 8, 4, 4], [3, 3, 2, 2, 1, 1], [1, 1, 1, 1], [30, 30]),
  geometryOf([7, 64, 1, 1], [3, 3, 1, 1, 1, 1], [1, 1, 1, 1], [30, 30]), geometryOf([6, 1, 32, 64], [1, 1, 1, 1, 1, 1], [0, 0, 0, 0], [15, 15]),
  geometryOf([9, 1, 32, 40], [3, 3, 2, 2, 1, 1], [1, 1, 1, 1], [14, 14]), geometryOf([1, 1, 16, 12], [5, 3, 1, 1, 1, 1], [2, 2, 0, 0], [30, 95]),
  geometryOf([1, 2, 24, 20], [3, 3, 3, 2, 2, 1], [1, 0, 1, 0], [50, 50]),
];

const geometry = fc.oneof({ weight: 4, arbitrary: anyGeometry }, { weight: 2, arbitrary: threeByThree }, { weight: 2, arbitrary: manyOutputs }, halfVectors, { weight: 2, arbitrary: depthwise }, pointwise, whole);

const at = (values: ArrayLike<number>, i: number): number => values[i] ?? Number.NaN;

/** Calls `visit` with the indices of out, x and w of every product of the convolution; x is -1 in the padding. */
function forEachProduct(g: Geometry, visit: (out: number, x: number, w: number) => void): void {
  const channels = g.C / g.groups, outputs = g.O / g.groups;
  for (let n = 0; n < g.N; n++) for (let o = 0; o < g.O; o++) for (let y = 0; y < g.OH; y++) for (let x = 0; x < g.OW; x++) {
    const out = ((n * g.O + o) * g.OH + y) * g.OW + x;
    for (let c = 0; c < channels; c++) for (let ky = 0; ky < g.kH; ky++) for (let kx = 0; kx < g.kW; kx++) {
      const iy = y * g.sH - g.pT + ky * g.dH, ix = x * g.sW - g.pL + kx * g.dW;
      const padding = iy < 0 || iy >= g.H || ix < 0 || ix >= g.W;
      const channel = Math.floor(o / outputs) * channels + c;
      visit(out, padding ? -1 : ((n * g.C + channel) * g.H + iy) * g.W + ix, ((o * channels + c) * g.kH + ky) * g.kW + kx);
    }
  }
}

interface Run {
  readonly x: Floats; readonly w: Floats; readonly bias: Floats; readonly dOut: Floats;
  readonly out: Floats; readonly dX: Floats; readonly dWeight: Floats; readonly dBias: Floats;
}

/** The three kernels on pseudo-random integers, or numbers in [-1, 1). */
function run(g: Geometry, dtype: 0 | 1, seed: number, integers: boolean, useBias = true, poison?: (x: Floats, w: Floats, dOut: Floats) => void): Run {
  const sizes = [g.N * g.C * g.H * g.W, g.O * g.C / g.groups * g.kH * g.kW, g.O, g.N * g.O * g.OH * g.OW];
  const lengths = [...sizes, sizes[3] ?? 0, sizes[0] ?? 0, sizes[1] ?? 0, g.O];
  const pointers = lengths.map((length) => wasm.allocate(length * (dtype === 0 ? 4 : 8)) >>> 0);
  const views = lengths.map((length, i) => dtype === 0 ? new Float32Array(memory.buffer, pointers[i], length) : new Float64Array(memory.buffer, pointers[i], length));
  let state = seed;
  for (const view of views) {
    for (let i = 0; i < view.length; i++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      view[i] = integers ? (state >>> 8) % 9 - 4 : state / 0x80000000;
    }
  }
  const [x, w, , dOut] = views;
  if (x && w && dOut) poison?.(x, w, dOut);
  const [px = 0, pw = 0, pBias = 0, pdOut = 0, pOut = 0, pdX = 0, pdW = 0, pdBias = 0] = pointers;
  const shape = [g.N, g.C, g.H, g.W, g.O, g.kH, g.kW, g.OH, g.OW, g.sH, g.sW, g.pT, g.pL, g.dH, g.dW, g.groups] as const;
  wasm.conv2d(dtype, px, pw, useBias ? pBias : 0, pOut, ...shape);
  wasm.conv2dInputGrad(dtype, pdOut, pw, pdX, ...shape);
  wasm.conv2dWeightGrad(dtype, pdOut, px, pdW, useBias ? pdBias : 0, ...shape);
  const copies = views.map((view) => view.slice());
  for (const pointer of pointers) wasm.release(pointer);
  const empty = new Float32Array(0);
  const [cx = empty, cw = empty, bias = empty, cdOut = empty, out = empty, dX = empty, dWeight = empty, dBias = empty] = copies;
  return { x: cx, w: cw, bias, dOut: cdOut, out, dX, dWeight, dBias };
}

/** Plain loops over float64; `size` holds the sums of the magnitudes. */
function naive(g: Geometry, r: Run, useBias: boolean, measure = (value: number) => value, countPadding = true) {
  const out = new Float64Array(r.out.length), dX = new Float64Array(r.dX.length), dWeight = new Float64Array(r.dWeight.length);
  const dBias = new Float64Array(g.O), area = g.OH * g.OW;
  for (let i = 0; i < out.length; i++) {
    const o = Math.floor(i / area) % g.O;
    out[i] = useBias ? measure(at(r.bias, o)) : 0;
    dBias[o] = at(dBias, o) + measure(at(r.dOut, i));
  }
  forEachProduct(g, (o, x, w) => {
    if (x < 0 && !countPadding) return;
    const pixel = x < 0 ? 0 : at(r.x, x);
    out[o] = at(out, o) + measure(pixel * at(r.w, w));
    dWeight[w] = at(dWeight, w) + measure(at(r.dOut, o) * pixel);
    if (x >= 0) dX[x] = at(dX, x) + measure(at(r.dOut, o) * at(r.w, w));
  });
  return { out, dX, dWeight, dBias };
}

/** Of the bits of all results. */
function digest({ out, dX, dWeight, dBias }: Run): string {
  const hash = createHash("sha256");
  for (const { buffer, byteOffset, byteLength } of [out, dX, dWeight, dBias]) hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.digest("hex");
}

const dtype = fc.constantFrom<0 | 1>(0, 1);
const seed = fc.integer({ min: 1, max: 1 << 30 });

describe("conv2d and its gradients", () => {
  it("equal plain loops exactly on integers", () => {
    fc.assert(fc.property(geometry, dtype, seed, fc.boolean(), (g, type, start, useBias) => {
      const result = run(g, type, start, true, useBias);
      const expected = naive(g, result, useBias);
      expect(Float64Array.from(result.out)).toEqual(expected.out);
      expect(Float64Array.from(result.dX)).toEqual(expected.dX);
      expect(Float64Array.from(result.dWeight)).toEqual(expected.dWeight);
      if (useBias) expect(Float64Array.from(result.dBias)).toEqual(expected.dBias);
    }), { numRuns: 400, examples: [[nineTaps, 0, 7, true]] });
  });

  it.each(large)("equal plain loops exactly on integers, in several tasks: %o", (g) => {
    const result = run(g, 0, 11, true);
    const expected = naive(g, result, true);
    for (const name of ["out", "dX", "dWeight", "dBias"] as const) {
      expect(result[name].findIndex((value, i) => value !== expected[name][i])).toBe(-1);
    }
  });

  it("stay within 64 roundings of the largest sum of magnitudes on random numbers", () => {
    fc.assert(fc.property(geometry, dtype, seed, (g, type, start) => {
      const result = run(g, type, start, false);
      const expected = naive(g, result, true), sizes = naive(g, result, true, Math.abs);
      const epsilon = type === 0 ? 2 ** -23 : 2 ** -52;
      for (const name of ["out", "dX", "dWeight", "dBias"] as const) {
        const bound = 64 * epsilon * sizes[name].reduce((most, size) => Math.max(most, size), 0);
        result[name].forEach((value, i) => expect(Math.abs(value - at(expected[name], i))).toBeLessThanOrEqual(bound));
      }
    }), { numRuns: 100 });
  });

  it("are bit-identical for 1, 2 and 3 threads", async () => {
    const results: string[][] = [];
    for (const threads of [1, 2, 3]) {
      setNumThreads(threads);
      // Workers need a moment to start; until then the launching thread does all the work.
      if (threads > 1) await new Promise((resolve) => setTimeout(resolve, 200));
      results.push(large.flatMap((g) => ([0, 1] as const).map((type) => digest(run(g, type, 5, false)))));
    }
    setNumThreads(1);
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  // Padding counts as pixels of value zero where a NaN meets it, except that a weight's may be left out with its whole row.
  it("never let a NaN into an element that does not depend on it", () => {
    const which = fc.constantFrom<"x" | "w" | "dOut">("x", "w", "dOut");
    fc.assert(fc.property(fc.oneof(anyGeometry, depthwise, manyOutputs), dtype, seed, which, fc.nat(), (g, type, start, target, place) => {
      const result = run(g, type, start, true, true, (x, w, dOut) => {
        const values = { x, w, dOut }[target];
        values[place % values.length] = Number.NaN;
      });
      const expected = naive(g, result, true);
      if (target === "w") {
        result.out.forEach((value, i) => expect(Number.isNaN(value) && !Number.isNaN(at(expected.out, i))).toBe(false));
        return;
      }
      for (const name of ["out", "dX", "dWeight", "dBias"] as const) {
        expect(Array.from(result[name], Number.isNaN)).toEqual(Array.from(expected[name], Number.isNaN));
      }
    }), { numRuns: 200 });
  });

  // Winograd's transforms add up terms that cancel. A ReLU takes their rest for positive, and Adam makes a full step of it.
  it("give 0 where every product is 0", () => {
    const which = fc.constantFrom<readonly number[]>([0.9, 0, 0.9], [0.97, 0, 0.97], [0.5, 0.97, 0.5], [0.99, 0.5, 0.99], [0.9, 0, 0]);
    fc.assert(fc.property(fc.oneof(manyChannels, threeByThree, anyGeometry), dtype, seed, which, fc.constantFrom(1, 1e-6, 1e6), (g, type, start, zeros, scale) => {
      const result = run(g, type, start, false, false, (...arrays) => arrays.forEach((values, k) => {
        const kept = numbersFrom(start + k, values.length, 0, 1);
        values.forEach((value, i) => (values[i] = (kept[i] ?? 0) < (zeros[k] ?? 0) ? 0 : value * scale));
      }));
      const sizes = naive(g, result, false, Math.abs);
      for (const name of ["out", "dX", "dWeight"] as const) {
        sizes[name].forEach((size, i) => {
          if (size === 0) expect(Math.abs(at(result[name], i))).toBe(0);
        });
      }
    }), { numRuns: 150 });
  });

  it("of many channels give infinities and NaN where plain loops do, and nowhere else", () => {
    const which = fc.constantFrom<"x" | "w" | "dOut">("x", "w", "dOut"), poison = fc.constantFrom(Infinity, -Infinity, NaN);
    const places = fc.array(fc.nat(), { minLength: 1, maxLength: 3 });
    fc.assert(fc.property(manyChannels, dtype, seed, which, poison, places, (g, type, start, target, value, list) => {
      const result = run(g, type, start, true, true, (x, w, dOut) => {
        for (const values of [x, w, dOut]) values.forEach((number, i) => (values[i] = number || 1));
        const values = { x, w, dOut }[target];
        for (const place of list) values[place % values.length] = value;
      });
      // An infinity times the padding: sums that are few enough to be computed anew leave it out, others multiply by it.
      const [padded, without] = [naive(g, result, true), naive(g, result, true, (product) => product, false)];
      for (const name of ["out", "dX", "dWeight", "dBias"] as const) {
        result[name].forEach((number, i) => {
          if (!Object.is(number + 0, at(padded[name], i) + 0)) expect(number + 0).toBe(at(without[name], i) + 0);
        });
      }
    }), { numRuns: 150 });
  });

  it("give the bias, or zeros, where there is nothing to multiply", () => {
    const g = { ...geometryOf([2, 1, 1, 3], [3, 3, 1, 1, 1, 1], [1, 1, 1, 1], [4, 4]), C: 0 };
    const result = run(g, 0, 3, true);
    result.out.forEach((value, i) => expect(value).toBe(result.bias[Math.floor(i / (g.OH * g.OW)) % g.O]));
    const none = run({ ...g, C: 2, N: 0 }, 1, 3, true);
    expect([...none.dWeight, ...none.dBias].every((value) => value === 0)).toBe(true);
  });
});
