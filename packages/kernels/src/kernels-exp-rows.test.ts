import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { unaryOps } from "./operations.generated.ts";
import { inArena } from "./testing/arena.ts";
import { firstDifference, numbersFrom } from "./testing/numbers.ts";
import { wasm } from "./wasm.ts";

/** Too small or too large for the short way, or NaN. */
const wild = fc.constantFrom(NaN, Infinity, -Infinity, 88.5, 100, -87.5, -100, -110);
const wildAt = fc.array(fc.tuple(fc.nat({ max: 4999 }), wild), { maxLength: 3 });
const row = fc.record({ n: fc.integer({ min: 1, max: 5000 }), wildAt, seed: fc.integer() });

/** What a logarithm has edges for, and the least and greatest normal numbers. */
const edge = fc.constantFrom(NaN, Infinity, -Infinity, 0, -0, -1, 1e-40, 1.17549435e-38, 3.4028235e38);
const positiveRow = fc.record({ n: fc.integer({ min: 1, max: 5000 }), wildAt: fc.array(fc.tuple(fc.nat({ max: 4999 }), edge), { maxLength: 3 }), seed: fc.integer() });

function numbersOf({ n, wildAt: places, seed }: { n: number; wildAt: readonly (readonly [number, number])[]; seed: number }, least: number): Float32Array {
  const x = Float32Array.from(numbersFrom(seed, n, least, 86));
  for (const [at, value] of places) if (at < n) x[at] = value;
  return x;
}

describe("exponentials and logarithms along rows", () => {
  it.each([["exp", row], ["sigmoid", row], ["log", positiveRow]] as const)("%s gives an element the bits that it has alone, whatever stands beside it", (name, rows) => {
    fc.assert(fc.property(rows, (problem) => inArena((arena) => {
      const x = numbersOf(problem, name === "log" ? 1e-3 : -86);
      const from = arena.put(x), out = arena.room(x.length * 4, 4), alone = arena.room(x.length * 4, 4);
      wasm.unary(unaryOps[name], 0, from, out, x.length, 0, 0);
      for (let i = 0; i < x.length; i++) wasm.unary(unaryOps[name], 0, from + i * 4, alone + i * 4, 1, 0, 0);
      expect(firstDifference(arena.read(Float32Array, out, x.length), arena.read(Float32Array, alone, x.length))).toBe(-1);
    })), { numRuns: 60 });
  });

  it("keeps NaN with any payload", () => {
    inArena((arena) => {
      const x = new Float32Array(4096);
      const bits = new Int32Array(x.buffer);
      for (let i = 0; i < bits.length; i++) bits[i] = i % 512 === 3 ? 0x7f800001 + i : 0;
      const from = arena.put(x), out = arena.room(x.length * 4, 4);
      wasm.unary(unaryOps.exp, 0, from, out, x.length, 0, 0);
      const y = arena.read(Float32Array, out, x.length);
      expect([...y].every((value, i) => (i % 512 === 3 ? Number.isNaN(value) : value === 1))).toBe(true);
    });
  });

  it("softmax gives masked elements exactly 0, and NaN everywhere beside a NaN", () => {
    fc.assert(fc.property(fc.integer({ min: 2, max: 3000 }), fc.nat({ max: 2999 }), fc.constantFrom(-Infinity, NaN), fc.boolean(), fc.integer(), (n, at, value, log, seed) => {
      const x = Float32Array.from(numbersFrom(seed, n, -5, 5));
      x[at % n] = value;
      inArena((arena) => {
        const from = arena.put(x), out = arena.room(n * 4, 4);
        wasm.softmax(0, from, out, 1, n, 1, log ? 1 : 0);
        const y = arena.read(Float32Array, out, n);
        if (Number.isNaN(value)) expect([...y].every(Number.isNaN)).toBe(true);
        else expect(y[at % n]).toBe(log ? -Infinity : 0);
      });
    }), { numRuns: 60 });
  });
});
