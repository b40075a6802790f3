import { createHash } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import { TapegradError } from "./errors.ts";
import { reduceOps, unaryOps } from "./operations.generated.ts";
import { getNumThreads, setNumThreads } from "./threads.ts";
import { memory, wasm } from "./wasm.ts";

afterEach(() => setNumThreads(1));

test("the thread count can go down and up again while workers sleep, without a wrong result", () => {
  const [outer, n, inner] = [4, 40, 6000];
  const x = wasm.allocate(outer * n * inner * 4) >>> 0;
  const out = wasm.allocate(outer * inner * 4) >>> 0;
  const values = new Float32Array(memory.buffer, x, outer * n * inner);
  for (let i = 0; i < values.length; i++) values[i] = Math.sin(i * 0.37);
  const result = (): string => {
    wasm.reduce(reduceOps.sum, 0, x, out, outer, n, inner);
    return createHash("sha256").update(new Uint8Array(memory.buffer, out, outer * inner * 4)).digest("hex");
  };
  setNumThreads(1);
  const expected = result();
  for (let round = 0; round < 60; round++) {
    for (const threads of [3, 1, 2, 4]) {
      setNumThreads(threads);
      for (let i = 0; i < 4; i++) expect(result()).toBe(expected);
    }
  }
  wasm.release(x);
  wasm.release(out);
});

test("every task of a job runs, and once, whatever the number of threads", () => {
  const [chunk, room] = [2 ** 14, 40 * 2 ** 14];
  const x = wasm.allocate(room * 4) >>> 0;
  const values = new Float32Array(memory.buffer, x, room);
  for (const threads of [2, 3, 5, 8]) {
    setNumThreads(threads);
    for (const tasks of [3, 4, 7, 8, 9, 40]) {
      const n = tasks * chunk - 5;
      values.fill(1);
      // In place: a task that ran twice would add twice.
      wasm.unary(unaryOps.addScalar, 0, x, x, n, 1, 0);
      expect(values.findIndex((value, i) => value !== (i < n ? 2 : 1))).toBe(-1);
    }
  }
  wasm.release(x);
});

test("counts that make no sense are refused", () => {
  const before = getNumThreads();
  for (const count of [0, -1, 1.5, 65, NaN]) {
    expect(() => setNumThreads(count)).toThrow(TapegradError);
    expect(() => setNumThreads(count)).toThrow(`setNumThreads: the count ${count} must be an integer from 1 to 64\n  code: threads/count`);
  }
  expect(getNumThreads()).toBe(before);
});
