import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { beginCall, setBlasEnabled, setNumThreads, Storage, wasm } from "@tapegrad/kernels";
import { installed, unlessInstalled } from "./testing/installed.ts";

afterEach(() => {
  setNumThreads(1);
  setBlasEnabled(true);
});

interface Problem {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly useBias: boolean;
  readonly accumulate: boolean;
}

const plain = { batch: 1, transposeA: false, transposeB: false, useBias: false, accumulate: false };
const problems: readonly Problem[] = [
  // A layer forward and backward, squares, a batch, matrices of one block and of several.
  { ...plain, m: 128, n: 100, k: 3072, transposeB: true, useBias: true },
  { ...plain, m: 100, n: 3072, k: 128, transposeA: true, accumulate: true },
  { ...plain, m: 128, n: 3072, k: 100 },
  { ...plain, m: 257, n: 263, k: 251, useBias: true, accumulate: true },
  { ...plain, m: 400, n: 401, k: 403 },
  { ...plain, batch: 5, m: 70, n: 65, k: 33, transposeA: true, transposeB: true },
  { ...plain, batch: 3, m: 200, n: 90, k: 300, useBias: true },
  { ...plain, batch: 40, m: 33, n: 34, k: 35 },
];

/** Numbers of magnitude up to 1, the same each time. */
function fill(storage: Storage, seed: number): void {
  const { elements } = storage;
  let state = seed;
  for (let i = 0; i < elements.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    elements[i] = state / 0x80000000;
  }
}

/** The bits of the product, as a hash. */
function product(dtype: "float32" | "float64", p: Problem): string {
  beginCall();
  const [a, b, c, bias] = [p.m * p.k, p.k * p.n, p.m * p.n, p.n].map((length, i) => {
    const storage = new Storage(dtype, length * (i < 3 ? p.batch : 1));
    fill(storage, i + 1);
    return storage;
  });
  if (!a || !b || !c || !bias) throw new Error("four operands");
  wasm.gemm(
    dtype === "float32" ? 0 : 1, p.batch, p.m, p.n, p.k,
    a.pointer, p.transposeA ? 1 : p.k, p.transposeA ? p.m : 1, p.m * p.k,
    b.pointer, p.transposeB ? 1 : p.n, p.transposeB ? p.k : 1, p.k * p.n,
    c.pointer, p.n, p.m * p.n, p.useBias ? bias.pointer : 0, p.accumulate ? 1 : 0,
  );
  const { buffer, byteOffset, byteLength } = c.elements;
  const hash = createHash("sha256").update(new Uint8Array(buffer, byteOffset, byteLength)).digest("hex");
  for (const storage of [a, b, c, bias]) storage.free();
  return hash;
}

const all = (): string[] => (["float32", "float64"] as const).flatMap((dtype) => problems.map((p) => product(dtype, p)));

describe("products in the library", () => {
  test.skipIf(installed === null)(`are bit-identical for 1, 2, 3 and 4 threads, and each time${unlessInstalled}`, async () => {
    const expected = all();
    expect(all()).toEqual(expected);
    for (const threads of [2, 3, 4]) {
      setNumThreads(threads);
      // Workers need a moment to start; until then the launching thread does all the work.
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(all()).toEqual(expected);
    }
  });

  test.skipIf(installed === null)(`are those of the kernels again when it is switched off${unlessInstalled}`, () => {
    const withBlas = all();
    setBlasEnabled(false);
    const without = all();
    setBlasEnabled(true);
    expect(all()).toEqual(withBlas);
    // Sums of another order: were they equal, the switch would do nothing.
    expect(without).not.toEqual(withBlas);
  });

  const threadFolder = "/proc/self/task";
  const unlessCountable = existsSync(threadFolder) ? unlessInstalled : " (skipped: this system has no list of threads)";
  test.skipIf(installed === null || !existsSync(threadFolder))(`start no threads in the library${unlessCountable}`, () => {
    const before = readdirSync(threadFolder).length;
    all();
    expect(readdirSync(threadFolder).length).toBeLessThanOrEqual(before);
  });

  test.skipIf(installed === null)(`of a million calls leave no memory behind, in a worker neither${unlessInstalled}`, async () => {
    setNumThreads(2);
    setBlasEnabled(true, 0);
    await new Promise((resolve) => setTimeout(resolve, 200));
    beginCall();
    const [size, batch] = [9, 5000];
    const [a, b, c] = [0, 1, 2].map(() => new Storage("float32", size * size * batch));
    if (!a || !b || !c) throw new Error("three operands");
    const multiply = (rounds: number): void => {
      for (let i = 0; i < rounds; i++) wasm.gemm(0, batch, size, size, size, a.pointer, size, 1, size * size, b.pointer, size, 1, size * size, c.pointer, size, size * size, 0, 0);
    };
    multiply(20);
    const before = process.memoryUsage().rss;
    multiply(200);
    expect(process.memoryUsage().rss - before).toBeLessThan(32 * 2 ** 20);
    for (const storage of [a, b, c]) storage.free();
  });
});
