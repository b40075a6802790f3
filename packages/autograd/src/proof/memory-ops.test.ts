import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { beginCall, collectGarbage, memoryStats, setHeapBudget, setNumThreads, wasm } from "@tapegrad/kernels";
import { scope, zeros, type DType, type Op, type Sample } from "@tapegrad/tensor";
import { describeSample, ops, resized } from "./cases.ts";
import { call, operands, isFloating, isRecorded, leaves, type OpInputs } from "./run-op.ts";
import { grad } from "../backward.ts";
import { upstream } from "./layouts.ts";
import { randomFrom } from "./random.ts";

const budget = 2 ** 20;
const usualBudget = memoryStats().budget;
const calls = 50;
/** Operands, results and gradients of the largest sample. */
const mostOfOneCall = 8 * 4 * 70_001;

// Scratch belongs to threads, which are there or not.
beforeAll(() => setNumThreads(1));
afterEach(() => setHeapBudget(usualBudget));

/** One call, and its backward pass where it has one. */
function callAndPassBack(op: Op, inputs: OpInputs, attrs: unknown): void {
  const given = leaves(inputs);
  const out = call(op, given, attrs);
  if (isRecorded(op, inputs, out)) grad([out], given.filter(isFloating), { gradOutputs: [upstream(out.shape, out.dtype, randomFrom(1))], allowUnused: true });
}

/** The largest resized sample, if there are any, and the op's own ones. */
function samplesOf(op: Op): readonly Sample<unknown>[] {
  const sizeOf = (sample: Sample<unknown>): number => Math.max(...sample.inputs.map((input) => input?.shape.reduce((a, b) => a * b, 1) ?? 0));
  const largest = resized(op).reduce<Sample<unknown> | null>((best, sample) => (best === null || sizeOf(sample) > sizeOf(best) ? sample : best), null);
  return [...op.samples(), ...(largest === null ? [] : [largest])];
}

describe("50 calls of one op", () => {
  const rows = ops.map((op) => ({ op, name: op.name, dtype: op.dtypes.includes("float32") ? ("float32" as const) : (op.dtypes[0] as DType) }));

  test.each(rows)("$name stay below a heap budget of 1 MiB when nothing is freed by hand", ({ op, dtype }) => {
    setHeapBudget(budget);
    for (const sample of samplesOf(op)) {
      const inputs = operands(sample, dtype, randomFrom(3));
      // The heap is full of garbage when they begin.
      for (let i = 0; i < 20; i++) zeros([budget / 64]);
      for (let i = 0; i < calls; i++) {
        callAndPassBack(op, inputs, sample.attrs);
        // What the running call uses comes on top, and only that.
        if (memoryStats().resident > budget + mostOfOneCall) throw new Error(`${describeSample(sample)}: ${memoryStats().resident} bytes after call ${i}`);
      }
      beginCall();
      zeros([1]);
      expect(memoryStats().resident).toBeLessThanOrEqual(budget);
    }
  });

  test.each(rows)("$name leave nothing behind in a scope, neither in the heap nor of the kernels' own room", ({ op, dtype }) => {
    for (const sample of samplesOf(op)) {
      const inputs = operands(sample, dtype, randomFrom(3));
      const once = (): void => scope(() => callAndPassBack(op, inputs, sample.attrs));
      once();
      collectGarbage();
      const before = { ...memoryStats(), claimed: wasm.claimedBytes() };
      for (let i = 0; i < calls; i++) once();
      const after = { ...memoryStats(), claimed: wasm.claimedBytes() };
      expect([describeSample(sample), after.resident, after.blocks]).toEqual([describeSample(sample), before.resident, before.blocks]);
      // What was given back may be in stock, some kilobytes of it.
      expect(after.claimed - before.claimed).toBeLessThan(2 ** 16);
    }
  });
});
