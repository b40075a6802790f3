import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inArena, type Arena } from "./testing/arena.ts";
import { firstDifference, numbersFrom } from "./testing/numbers.ts";
import { wasm } from "./wasm.ts";

type Floats = Float32Array | Float64Array;
type FloatsType = typeof Float32Array | typeof Float64Array;

/** A layer: where it writes `size` elements, and the kernel that does. */
type Layer = (arena: Arena, type: FloatsType, seed: number) => { readonly out: number; readonly size: number; readonly run: () => void };

const code = (type: FloatsType): number => (type === Float32Array ? 0 : 1);

function put(arena: Arena, type: FloatsType, seed: number, count: number): number {
  return arena.put(type.from(numbersFrom(seed, count, -1, 1)));
}

function product(m: number, n: number, k: number, { batch = 1, transposed = false, bias = true, accumulate = 0 } = {}): Layer {
  return (arena, type, seed) => {
    const a = put(arena, type, seed, batch * m * k), b = put(arena, type, seed + 1, batch * k * n), addend = put(arena, type, seed + 2, n);
    const size = batch * m * n, out = put(arena, type, seed + 3, size);
    const [row, column] = transposed ? [1, k] : [n, 1];
    return { out, size, run: () => wasm.gemm(code(type), batch, m, n, k, a, k, 1, m * k, b, row, column, k * n, out, n, m * n, bias ? addend : 0, accumulate) };
  };
}

function convolution(N: number, C: number, side: number, O: number, kernel: number, { padding = 0, stride = 1, groups = 1, bias = true } = {}): Layer {
  return (arena, type, seed) => {
    const outSide = Math.floor((side + 2 * padding - kernel) / stride) + 1, size = N * O * outSide * outSide;
    const x = put(arena, type, seed, N * C * side * side), w = put(arena, type, seed + 1, (O * C / groups) * kernel * kernel), addend = put(arena, type, seed + 2, O);
    const out = put(arena, type, seed + 3, size);
    return {
      out, size,
      run: () => wasm.conv2d(code(type), x, w, bias ? addend : 0, out, N, C, side, side, O, kernel, kernel, outSide, outSide, stride, stride, padding, padding, 1, 1, groups),
    };
  };
}

function norm(N: number, C: number, S: number, isTraining: boolean, isAffine = true): Layer {
  return (arena, type, seed) => {
    const x = put(arena, type, seed, N * C * S), out = put(arena, type, seed + 3, N * C * S);
    const [weight, bias, mean] = [1, 2, 4].map((i) => put(arena, type, seed + i, C)) as [number, number, number];
    const variance = arena.put(type.from(numbersFrom(seed + 5, C, 0.5, 2)));
    const [w, b] = isAffine ? [weight, bias] : [0, 0];
    const run = isTraining
      ? (): void => wasm.batchNormTrain(code(type), x, out, w, b, mean, variance, 0, 0, N, C, S, 1e-5, 0.1)
      : (): void => wasm.batchNormEval(code(type), x, out, w, b, mean, variance, N, C, S, 1e-5);
    return { out, size: N * C * S, run };
  };
}

/** What the layer gives by itself, what it gives when asked to cut off, and whether it did. */
function outcomes(layer: Layer, type: FloatsType, seed: number, ask: boolean): { readonly values: Floats; readonly took: boolean } {
  return inArena((arena) => {
    const { out, size, run } = layer(arena, type, seed);
    if (ask) wasm.askRectify();
    run();
    const took = wasm.tookRectify() !== 0;
    return { values: arena.read<Floats>(type, out, size), took };
  });
}

const layers: readonly (readonly [name: string, takes: boolean, layer: Layer])[] = [
  ["product", true, product(37, 29, 70)],
  ["product with several blocks of k", true, product(19, 40, 600, { accumulate: 1 })],
  ["product of rows", true, product(10, 14, 530, { transposed: true })],
  ["product of rows, accumulated", true, product(7, 5, 200, { transposed: true, bias: false, accumulate: 1 })],
  ["large product", true, product(130, 120, 100)],
  ["batch of products", true, product(9, 11, 13, { batch: 5 })],
  ["tiny product", false, product(3, 4, 5)],
  ["matrix times vector", false, product(1, 40, 50)],
  ["direct convolution", true, convolution(3, 3, 12, 7, 5)],
  ["direct convolution of narrow rows", true, convolution(2, 6, 9, 16, 4, { padding: 1, bias: false })],
  ["Winograd's convolution", true, convolution(2, 16, 11, 18, 3, { padding: 1 })],
  ["convolution by a product", true, convolution(9, 5, 4, 12, 4)],
  ["convolution of single pixels", true, convolution(2, 20, 7, 24, 1)],
  ["convolution of many outputs at a stride", true, convolution(2, 6, 11, 14, 3, { padding: 1, stride: 2 })],
  ["depthwise convolution", true, convolution(2, 6, 11, 6, 3, { padding: 1, groups: 6 })],
  ["batch norm of images, training", true, norm(3, 5, 23, true)],
  ["batch norm of images, evaluation", true, norm(2, 4, 40, false, false)],
  ["batch norm of rows, training", true, norm(9, 13, 1, true)],
  ["batch norm of rows, evaluation", true, norm(4, 7, 1, false)],
];

describe("a layer asked to cut off at zero", () => {
  it.each(layers)("%s: takes it, %s, and then gives what a ReLU would, bit by bit", (_, takes, layer) => {
    let negatives = 0;
    fc.assert(fc.property(fc.constantFrom<FloatsType>(Float32Array, Float64Array), fc.integer({ min: 1, max: 1e6 }), (type, seed) => {
      const plain = outcomes(layer, type, seed, false), cut = outcomes(layer, type, seed, true);
      expect([plain.took, cut.took]).toEqual([false, takes]);
      const expected = takes ? plain.values.map((value) => (value < 0 ? 0 : value)) : plain.values;
      expect(firstDifference(cut.values, expected)).toBe(-1);
      negatives += plain.values.filter((value) => value < 0).length;
    }), { numRuns: 8 });
    // The few results of a tiny product may all be positive once, but not in all runs.
    expect(negatives).toBeGreaterThan(0);
  });

  it("does so once", () => {
    inArena((arena) => {
      const { run } = product(16, 16, 16)(arena, Float32Array, 1);
      wasm.askRectify();
      run();
      expect(wasm.tookRectify()).toBe(1);
      run();
      expect(wasm.tookRectify()).toBe(0);
      wasm.askRectify();
      expect(wasm.tookRectify()).toBe(0);
      run();
      expect(wasm.tookRectify()).toBe(0);
    });
  });
});
