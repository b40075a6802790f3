import { createHash } from "node:crypto";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { setNumThreads } from "./threads.ts";
import { memory, wasm } from "./wasm.ts";

afterAll(() => setNumThreads(1));

type Float = "float32" | "float64";
type Floats = Float32Array | Float64Array;
const float = fc.constantFrom<Float>("float32", "float64");

/** Sizes that matter: tails of every length, and the borders of tiles, blocks of k and tasks. */
const side = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 20 }) },
  { weight: 1, arbitrary: fc.constantFrom(1, 31, 32, 33, 63, 64, 65, 100, 255, 256, 257, 300) },
);

interface Problem {
  readonly dtype: Float;
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Distances in elements: between rows, between columns, between items of the batch. */
  readonly a: readonly [number, number, number];
  readonly b: readonly [number, number, number];
  readonly cRow: number;
  readonly cBatch: number;
  readonly useBias: boolean;
  readonly accumulate: boolean;
  readonly seed: number;
}

/** Row-major, column-major, or spread over memory; the same matrix for the whole batch, or one each. */
function strides(rows: number, columns: number, layout: number, gap: number, broadcast: boolean): [number, number, number] {
  const [row, column] = layout === 0 ? [columns + gap, 1] : layout === 1 ? [1, rows + gap] : [2 * columns + 3, 2];
  return [row, column, broadcast ? 0 : Math.max(rows * row, columns * column)];
}

const problem: fc.Arbitrary<Problem> = fc
  .record({
    dtype: float, batch: fc.constantFrom(1, 1, 2, 3), m: side, n: side, k: side,
    layoutA: fc.nat(2), layoutB: fc.nat(2), gap: fc.nat(3), broadcastA: fc.boolean(), broadcastB: fc.boolean(),
    useBias: fc.boolean(), accumulate: fc.boolean(), seed: fc.integer({ min: 1, max: 1 << 30 }),
  })
  .map(({ layoutA, layoutB, gap, broadcastA, broadcastB, ...rest }) => ({
    ...rest,
    a: strides(rest.m, rest.k, layoutA, gap, broadcastA),
    b: strides(rest.k, rest.n, layoutB, gap, broadcastB),
    cRow: rest.n + gap,
    cBatch: rest.m * (rest.n + gap) + gap,
  }));

/** xorshift32: small integers, or numbers in [-1, 1). */
function fill(target: Floats, seed: number, integers: boolean): void {
  let state = seed;
  for (let i = 0; i < target.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    target[i] = integers ? (state >>> 8) % 9 - 4 : state / 0x80000000;
  }
}

const at = (values: ArrayLike<number>, i: number): number => values[i] ?? Number.NaN;

/** `bound` is the largest sum of magnitudes behind an element. */
function naive(p: Problem, a: Floats, b: Floats, c: Floats, bias: Floats) {
  const expected = Float64Array.from(c);
  let bound = 0;
  for (let t = 0; t < p.batch; t++) {
    for (let i = 0; i < p.m; i++) {
      for (let j = 0; j < p.n; j++) {
        const to = t * p.cBatch + i * p.cRow + j;
        let sum = p.useBias ? at(bias, j) : 0;
        let size = Math.abs(sum);
        for (let k = 0; k < p.k; k++) {
          const term = at(a, t * p.a[2] + i * p.a[0] + k * p.a[1]) * at(b, t * p.b[2] + k * p.b[0] + j * p.b[1]);
          sum += term;
          size += Math.abs(term);
        }
        if (p.accumulate) {
          sum += at(c, to);
          size += Math.abs(at(c, to));
        }
        expected[to] = sum;
        bound = Math.max(bound, size);
      }
    }
  }
  return { expected, bound };
}

/** Runs the kernel, and unless `check` is false the naive loops beside it. */
function run(p: Problem, integers: boolean, check = true, poison?: (a: Floats, b: Floats) => void) {
  const bytes = p.dtype === "float32" ? 4 : 8;
  const lengths = [p.batch * p.a[2] + p.m * p.a[0] + p.k * p.a[1] + 1, p.batch * p.b[2] + p.k * p.b[0] + p.n * p.b[1] + 1, p.batch * p.cBatch + 1, p.n + 1];
  const pointers = lengths.map((length) => wasm.allocate(length * bytes) >>> 0);
  const [a, b, c, bias] = lengths.map((length, i) =>
    p.dtype === "float32" ? new Float32Array(memory.buffer, pointers[i], length) : new Float64Array(memory.buffer, pointers[i], length));
  if (!a || !b || !c || !bias) throw new Error("four arrays");
  [a, b, c, bias].forEach((values, i) => fill(values, p.seed + i, integers));
  poison?.(a, b);
  const { expected, bound } = check ? naive(p, a, b, c, bias) : { expected: new Float64Array(0), bound: 0 };
  const [pa = 0, pb = 0, pc = 0, pBias = 0] = pointers;
  wasm.gemm(
    p.dtype === "float32" ? 0 : 1, p.batch, p.m, p.n, p.k, pa, ...p.a, pb, ...p.b,
    pc, p.cRow, p.cBatch, p.useBias ? pBias : 0, p.accumulate ? 1 : 0,
  );
  const result = c.slice();
  for (const pointer of pointers) wasm.release(pointer);
  return { result, expected, bound };
}

/** Of the bits. */
function digest({ buffer, byteOffset, byteLength }: Floats): string {
  return createHash("sha256").update(new Uint8Array(buffer, byteOffset, byteLength)).digest("hex");
}

describe("gemm", () => {
  it("equals plain loops exactly on integers, for any strides, and leaves the gaps of c alone", () => {
    fc.assert(fc.property(problem, (p) => {
      const { result, expected } = run(p, true);
      expect(Float64Array.from(result)).toEqual(expected);
    }), { numRuns: 300 });
  });

  it("equals plain loops where several blocks of rows and of columns share their panels", () => {
    // The last four are batches of products that are cut one by one, and one whose matrices are too tall for that.
    for (const [m, n, k, batch] of [
      [520, 260, 8, 1], [500, 300, 6, 1], [261, 257, 13, 1], [722, 270, 5, 1], [130, 260, 65, 2], [100, 555, 40, 3], [40, 23, 1000, 2], [250, 300, 20, 2],
    ] as const) {
      for (const layout of [0, 1]) {
        const { result, expected } = run({
          dtype: "float32", batch, m, n, k, a: strides(m, k, layout, 0, layout === 1), b: strides(k, n, layout, 0, false),
          cRow: n, cBatch: m * n, useBias: true, accumulate: layout === 1, seed: 5,
        }, true);
        expect(Float64Array.from(result)).toEqual(expected);
      }
    }
  });

  it("stays within k + 2 roundings of the sum of magnitudes on random numbers", () => {
    fc.assert(fc.property(problem, (p) => {
      const { result, expected, bound } = run(p, false);
      const epsilon = p.dtype === "float32" ? 2 ** -23 : 2 ** -52;
      result.forEach((value, i) => expect(Math.abs(value - at(expected, i))).toBeLessThanOrEqual((p.k + 2) * epsilon * bound));
    }), { numRuns: 100 });
  });

  it("is bit-identical for 1, 2 and 3 threads", async () => {
    const shapes: [number, number, number, number][] = [
      [1, 128, 100, 3072], [1, 300, 257, 65], [3, 65, 33, 300], [2, 130, 260, 65], [40, 33, 20, 31], [1, 1, 1000, 900], [1, 1000, 1, 900], [1, 10, 700, 64],
    ];
    const results: string[][] = [];
    for (const threads of [1, 2, 3]) {
      setNumThreads(threads);
      // Workers need a moment to start; until then the launching thread does all the work.
      if (threads > 1) await new Promise((resolve) => setTimeout(resolve, 200));
      results.push(shapes.flatMap(([batch, m, n, k]) => (["float32", "float64"] as const).flatMap((dtype) => [0, 1].map((layout) => digest(run({
        dtype, batch, m, n, k, a: strides(m, k, layout, 0, false), b: strides(k, n, 1 - layout, 0, false),
        cRow: n, cBatch: m * n, useBias: true, accumulate: true, seed: 7,
      }, false, false).result)))));
    }
    setNumThreads(1);
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  it("keeps a NaN or an infinity to the rows and columns that it belongs to", () => {
    fc.assert(fc.property(problem, fc.constantFrom(Number.NaN, Infinity), fc.boolean(), (p, value, inA) => {
      fc.pre(p.m > 0 && p.n > 0 && p.k > 0);
      const { result, expected } = run({ ...p, accumulate: false }, true, true, (a, b) => {
        // Strictly positive elsewhere, so that no infinity meets a zero.
        for (const values of [a, b]) values.forEach((x, i) => { values[i] = Math.abs(x) + 1; });
        (inA ? a : b)[0] = value;
      });
      expect(Float64Array.from(result)).toEqual(expected);
    }), { numRuns: 150 });
  });
});
