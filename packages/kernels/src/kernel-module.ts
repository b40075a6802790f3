import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";

/** The compiled kernels, of which every thread makes an instance. */
export interface KernelModule {
  readonly module: WebAssembly.Module;
  /** Whether products fuse a multiplication and an addition into one rounding. */
  readonly fma: boolean;
  /** The loops for 256-bit vectors, which the fused kernels import (assembly/wide.ts). */
  readonly wideModule: WebAssembly.Module | null;
  /** Whether they are used: where the engine has made such vectors of them, or by order. */
  readonly hasWide: boolean;
}

/**
 * `(a, b, c) => a * b + c` in float32 by `f32x4.relaxed_madd`, the instruction of relaxed SIMD that processors with a fused
 * multiply-add do in one rounding.
 */
export const relaxedProbe = new Uint8Array([
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00,
  0x01, 0x08, 0x01, 0x60, 0x03, 0x7d, 0x7d, 0x7d, 0x01, 0x7d, // a type: three f32 give one
  0x03, 0x02, 0x01, 0x00,
  0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x00, // export "f"
  0x0a, 0x16, 0x01, 0x14, 0x00,
  0x20, 0x00, 0xfd, 0x13, 0x20, 0x01, 0xfd, 0x13, 0x20, 0x02, 0xfd, 0x13, // each argument in all lanes
  0xfd, 0x85, 0x02, 0xfd, 0x1f, 0x00, 0x0b, // relaxed_madd, lane 0
]);

/** The V8 of Node 20 knows relaxed SIMD behind a flag, which concerns nothing but what is compiled while it is up. Later ones have no such flag. */
const relaxedFlag = "experimental-wasm-relaxed-simd";
const hasRelaxedFlag = process.versions.v8.startsWith("11.");

/**
 * Engines that join two 128-bit operations into one of 256 bits and whose code for assembly/wide/ has been looked at and tested: Node 24
 * and 26. The flag concerns what the optimizing compiler makes while it is up; the other two let it make everything at once.
 */
const hasWideFlag = process.arch === "x64" && /^(13\.6|14\.6)\..*-node\./.test(process.versions.v8);
const wideFlags = ["experimental-wasm-revectorize", "no-liftoff", "no-wasm-lazy-compilation"];
const usualFlags = ["no-experimental-wasm-revectorize", "liftoff", "wasm-lazy-compilation"];

/**
 * Compiles the kernels with fused multiply-adds where the engine and the processor have them, else without: so too if
 * `TAPEGRAD_FMA=off`, for the same bits on every machine. `TAPEGRAD_SIMD=128` does without the loops for wide vectors, `256` takes
 * them on any engine, which elsewhere makes them slower than the others.
 */
export function compileKernels(): KernelModule {
  const without = (): KernelModule => ({ module: compile("kernels.wasm"), fma: false, wideModule: null, hasWide: false });
  if (process.env["TAPEGRAD_FMA"] === "off") return without();
  const needsFlag = hasRelaxedFlag && !WebAssembly.validate(relaxedProbe);
  return withFlags(needsFlag ? [relaxedFlag] : [], needsFlag ? [`no-${relaxedFlag}`] : [], () => {
    if (!WebAssembly.validate(relaxedProbe) || !fuses()) return without();
    const setting = process.env["TAPEGRAD_SIMD"];
    const hasWide = setting === "256" || (hasWideFlag && setting !== "128");
    const needsWideFlags = hasWide && hasWideFlag;
    const wideModule = withFlags(needsWideFlags ? wideFlags : [], needsWideFlags ? usualFlags : [], () => compile("kernels-wide.wasm"));
    return { module: compile("kernels-fma.wasm"), fma: true, wideModule, hasWide };
  });
}

/** What `work` gives while some of the engine's flags are up. */
function withFlags<T>(up: readonly string[], down: readonly string[], work: () => T): T {
  for (const flag of up) setFlagsFromString(`--${flag}`);
  try {
    return work();
  } finally {
    for (const flag of down) setFlagsFromString(`--${flag}`);
  }
}

/** `dist` is beside `src`, and is itself where the bundle lies. */
function compile(file: string): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(new URL(`../dist/${file}`, import.meta.url)));
}

/** Whether the processor rounds once: the product's last bit, 2^-24, is lost otherwise. */
function fuses(): boolean {
  const { f } = new WebAssembly.Instance(new WebAssembly.Module(relaxedProbe), {}).exports as { f: (a: number, b: number, c: number) => number };
  const x = 1 + 2 ** -12;
  return f(x, x, -(1 + 2 ** -11)) === 2 ** -24;
}
