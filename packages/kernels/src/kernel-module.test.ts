import { setFlagsFromString } from "node:v8";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { KernelModule } from "./kernel-module.ts";
import { replaceBuiltin } from "./testing/replace-builtin.ts";

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
    const { relaxedProbe } = await import("./kernel-module.ts");
    const { Module } = WebAssembly;
    vi.spyOn(WebAssembly, "Module").mockImplementation(function compile(bytes) {
      if (bytes.length === relaxedProbe.length) throw new WebAssembly.CompileError("unknown instruction");
      return new Module(bytes);
    });
    expect(await lostBit()).toEqual({ fma: false, rest: 0 });
  });

  test("the engine's flag is put back", async () => {
    const { relaxedProbe } = await import("./kernel-module.ts");
    const before = WebAssembly.validate(relaxedProbe);
    await lostBit();
    expect(WebAssembly.validate(relaxedProbe)).toBe(before);
  });
});

describe("loops for 256-bit vectors", () => {
  /** Of kernels compiled anew, as if by the V8 of that version; and the flags that were put up and down, in order. */
  async function compileOn(v8: string, arch = "x64"): Promise<{ readonly kernels: KernelModule; readonly flags: readonly string[] }> {
    vi.resetModules();
    const flags: string[] = [];
    replaceBuiltin("node:v8", { setFlagsFromString: (flag: string) => flags.push(flag) });
    vi.stubGlobal("process", Object.create(process, { versions: { value: { ...process.versions, v8 } }, arch: { value: arch } }));
    // Whether products fuse is no concern here.
    if (needsRelaxedFlag) setFlagsFromString("--experimental-wasm-relaxed-simd");
    try {
      const { compileKernels } = await import("./kernel-module.ts");
      return { kernels: compileKernels(), flags };
    } finally {
      vi.unstubAllGlobals();
      vi.restoreAllMocks();
      if (needsRelaxedFlag) setFlagsFromString("--no-experimental-wasm-relaxed-simd");
    }
  }
  const needsRelaxedFlag = process.versions.v8.startsWith("11.");
  const up = ["--experimental-wasm-revectorize", "--no-liftoff", "--no-wasm-lazy-compilation", "--experimental-wasm-stringref"];
  const down = ["--no-experimental-wasm-revectorize", "--liftoff", "--wasm-lazy-compilation", "--no-experimental-wasm-stringref"];

  test.each(["13.6.233.17-node.53", "14.6.202.34-node.34"])("V8 %s widens them, under flags that are then put down", async (v8) => {
    const { kernels, flags } = await compileOn(v8);
    expect(kernels.hasWide).toBe(kernels.fma);
    // Never, where this process has compiled them before; several times, on an engine that is not the one that it says.
    const times = flags.length / (up.length + down.length);
    expect(flags).toEqual(Array.from({ length: times }, () => [...up, ...down]).flat());
    expect(times).toBeLessThanOrEqual(kernels.fma ? 50 : 0);
    if (kernels.fma && needsRelaxedFlag) expect(times).toBeGreaterThan(0);
  });

  test.each([["11.3.244.8-node.38", "x64"], ["12.4.254.21-node.57", "x64"], ["14.1.146.11-node.25", "x64"], ["13.6.233.17-node.53", "arm64"]])(
    "V8 %s on %s does without, and no such flag is touched", async (v8, arch) => {
      const { kernels, flags } = await compileOn(v8, arch);
      expect(kernels.hasWide).toBe(false);
      expect(flags.filter((flag) => !flag.includes("relaxed"))).toEqual([]);
    },
  );

  test("TAPEGRAD_SIMD=128 does without", async () => {
    vi.stubEnv("TAPEGRAD_SIMD", "128");
    const { kernels, flags } = await compileOn("13.6.233.17-node.53");
    expect(kernels.hasWide).toBe(false);
    expect(flags).toEqual([]);
  });

  test("TAPEGRAD_SIMD=256 takes them on any engine", async () => {
    vi.stubEnv("TAPEGRAD_SIMD", "256");
    const { kernels, flags } = await compileOn("12.4.254.21-node.57");
    expect(kernels.hasWide).toBe(kernels.fma);
    expect(flags).toEqual([]);
  });

  test("kernelInfo says how wide", async () => {
    for (const bits of [128, 256]) {
      vi.resetModules();
      vi.stubEnv("TAPEGRAD_SIMD", String(bits));
      const { kernelInfo } = await import("./kernel-info.ts");
      const { simdBits, fma } = kernelInfo();
      expect(simdBits).toBe(fma ? bits : 128);
    }
  });

  test("TAPEGRAD_FMA=off does without: there are none that round twice", async () => {
    vi.stubEnv("TAPEGRAD_FMA", "off");
    vi.stubEnv("TAPEGRAD_SIMD", "256");
    const { kernels } = await compileOn("13.6.233.17-node.53");
    expect(kernels).toMatchObject({ fma: false, wideModule: null, hasWide: false, markers: [] });
  });
});
