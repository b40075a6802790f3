import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";

/** The compiled kernels, and whether their products fuse a multiplication and an addition into one rounding. */
export interface KernelModule {
  readonly module: WebAssembly.Module;
  readonly fma: boolean;
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
const flag = "experimental-wasm-relaxed-simd";
const hasFlag = process.versions.v8.startsWith("11.");

/**
 * Compiles the kernels with fused multiply-adds where the engine and the processor have them, else without: so too if
 * `TAPEGRAD_FMA=off`, for the same bits on every machine.
 */
export function compileKernels(): KernelModule {
  if (process.env["TAPEGRAD_FMA"] === "off") return { module: compile("kernels.wasm"), fma: false };
  const needsFlag = hasFlag && !WebAssembly.validate(relaxedProbe);
  if (needsFlag) setFlagsFromString(`--${flag}`);
  try {
    const fma = WebAssembly.validate(relaxedProbe) && fuses();
    return { module: compile(fma ? "kernels-fma.wasm" : "kernels.wasm"), fma };
  } finally {
    if (needsFlag) setFlagsFromString(`--no-${flag}`);
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
