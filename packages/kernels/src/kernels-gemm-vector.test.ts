import { afterAll, expect, it } from "vitest";
import { inArena, isSameForAnyThreads } from "./testing/arena.ts";
import { firstDifference, integersFrom, numbersFrom } from "./testing/numbers.ts";
import { setNumThreads } from "./threads.ts";
import { wasm } from "./wasm.ts";

afterAll(() => setNumThreads(1));

/** Wide and long enough for several strips, and for several blocks of rows with one left over. */
const shapes = [[2051, 203], [4200, 67], [300, 1111], [2048, 2048]] as const;

it.each(shapes)("a vector times a matrix with %d columns and %d rows equals plain loops, with bias and on top of c", (n, k) => {
  const a = Float32Array.from(integersFrom(1, k, -8, 8)), b = Float32Array.from(integersFrom(2, k * n, -8, 8));
  const bias = Float32Array.from(integersFrom(3, n, -8, 8)), c = Float32Array.from(integersFrom(4, n, -8, 8));
  const expected = Float32Array.from(c, (value, j) => {
    let sum = value + (bias[j] ?? NaN);
    for (let i = 0; i < k; i++) sum += (a[i] ?? NaN) * (b[i * n + j] ?? NaN);
    return sum;
  });
  inArena((arena) => {
    const out = arena.put(c);
    wasm.gemm(0, 1, 1, n, k, arena.put(a), k, 1, 0, arena.put(b), n, 1, 0, out, n, 0, arena.put(bias), 1);
    expect(firstDifference(arena.read(Float32Array, out, n), expected)).toBe(-1);
  });
});

it("a vector times a matrix does not depend on the number of threads", () => {
  const [n, k] = [2051, 203];
  inArena((arena) => {
    const a = arena.put(Float32Array.from(numbersFrom(1, k, -1, 1))), b = arena.put(Float32Array.from(numbersFrom(2, k * n, -1, 1)));
    const out = arena.room(n * 4);
    expect(isSameForAnyThreads(() => {
      wasm.gemm(0, 1, 1, n, k, a, k, 1, 0, b, n, 1, 0, out, n, 0, 0, 0);
      return arena.read(Float32Array, out, n);
    })).toBe(true);
  });
});
