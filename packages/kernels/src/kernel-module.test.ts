import { afterEach, describe, expect, test, vi } from "vitest";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  vi.resetModules();
});

/** x x - y by a matrix product long enough for the kernels' tiles: 2^-24 if x x is not rounded before the sum, else 0. */
async function lostBit(): Promise<{ readonly fma: boolean; readonly rest: number }> {
  vi.resetModules();
  const { memory, wasm } = await import("./wasm.ts");
  const { kernelInfo } = await import("./kernel-info.ts");
  const size = 16, elements = size * size;
  const a = wasm.allocate(12 * elements) >>> 0, b = a + 4 * elements, c = b + 4 * elements;
  const values = (at: number): Float32Array => new Float32Array(memory.buffer, at, elements);
  // The first product of each sum is -(1 + 2^-11), the second (1 + 2^-12) squared, which needs one bit more than there are.
  values(a).fill(0);
  values(b).fill(0);
  for (let i = 0; i < size; i++) {
    values(a).set([-(1 + 2 ** -11), 1 + 2 ** -12], i * size);
    values(b)[i] = 1;
    values(b)[size + i] = 1 + 2 ** -12;
  }
  wasm.gemm(0, 1, size, size, size, a, size, 1, 0, b, size, 1, 0, c, size, 0, 0, 0);
  const sums = new Set(values(c));
  wasm.release(a);
  expect(sums.size).toBe(1);
  return { fma: kernelInfo().fma, rest: [...sums][0] ?? NaN };
}

describe("fused multiply-adds", () => {
  test("products are fused where kernelInfo says so", async () => {
    const { fma, rest } = await lostBit();
    expect(rest).toBe(fma ? 2 ** -24 : 0);
  });

  test("TAPEGRAD_FMA=off does without", async () => {
    vi.stubEnv("TAPEGRAD_FMA", "off");
    expect(await lostBit()).toEqual({ fma: false, rest: 0 });
  });

  test("an engine without relaxed SIMD does without", async () => {
    vi.spyOn(WebAssembly, "validate").mockReturnValue(false);
    expect(await lostBit()).toEqual({ fma: false, rest: 0 });
  });

  test("the engine's flag is put back", async () => {
    const { relaxedProbe } = await import("./kernel-module.ts");
    const before = WebAssembly.validate(relaxedProbe);
    await lostBit();
    expect(WebAssembly.validate(relaxedProbe)).toBe(before);
  });
});
