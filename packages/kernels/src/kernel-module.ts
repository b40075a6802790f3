import { readKernels, relaxedFlags, setEngineFlag, setting, wideFlags } from "#platform";
import type { EngineFlags, KernelFile } from "./platform/platform.ts";
import type { CompiledModule } from "./webassembly-types.ts";

/** The compiled kernels, of which every thread makes an instance. */
export interface KernelModule {
  readonly module: CompiledModule;
  /** Whether products fuse a multiplication and an addition into one rounding. */
  readonly fma: boolean;
  /** The loops for 256-bit vectors, which the fused kernels import (assembly/runtime/wide.ts). */
  readonly wideModule: CompiledModule | null;
  /** Whether they are used: where the engine has made such vectors of them, or by order. */
  readonly hasWide: boolean;
  /** Small modules that live as long as these: by them other threads know that what they need is compiled. */
  readonly markers: readonly CompiledModule[];
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

/** A module that V8 refuses unless it knows strings, or a thread has it already: a null string, dropped. */
const marker = new Uint8Array([
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00,
  0x01, 0x04, 0x01, 0x60, 0x00, 0x00,
  0x03, 0x02, 0x01, 0x00,
  0x0a, 0x07, 0x01, 0x05, 0x00, 0xd0, 0x67, 0x1a, 0x0b,
]);

/**
 * Compiles the kernels with fused multiply-adds where the engine and the processor have them, else without: so too if
 * `TAPEGRAD_FMA=off`, for the same bits on every machine. `TAPEGRAD_SIMD=128` does without the loops for wide vectors, `256` takes
 * them on any engine, which elsewhere makes them slower than the others.
 *
 * Threads that import this at once get the same. The engine's flags belong to the process: one thread puts them down before another one has
 * compiled what it put them up for. But threads share compiled code, by the bytes that it was made of, and code that is there is not
 * checked again. So a thread first tries without flags, which works as soon as another one has been here, and with them as often as needed.
 */
export function compileKernels(): KernelModule {
  const simd = setting("TAPEGRAD_SIMD");
  const flags = simd === "128" ? null : wideFlags;
  const hasWide = simd === "256" || flags !== null;
  const fused = setting("TAPEGRAD_FMA") === "off" ? null : compileFused(flags !== null ? ["kernels-fma.wasm"] : ["kernels-fma.wasm", "kernels-wide.wasm"]);
  if (fused === null || !fuses(fused.probe)) {
    return { module: new WebAssembly.Module(readKernels("kernels.wasm")), fma: false, wideModule: null, hasWide: false, markers: [] };
  }
  const [module, loops] = fused.modules as [WebAssembly.Module, WebAssembly.Module];
  const { wideModule, markers } = flags !== null ? compileWide(flags) : { wideModule: loops, markers: [] };
  return { module, fma: true, hasWide, wideModule, markers: [fused.probe, ...markers] };
}

/** Modules with relaxed SIMD; null where the engine does not know it. */
function compileFused(files: readonly KernelFile[]): { readonly probe: WebAssembly.Module; readonly modules: readonly WebAssembly.Module[] } | null {
  const sources = files.map(readKernels);
  const all = () => ({ probe: new WebAssembly.Module(relaxedProbe), modules: sources.map((bytes) => new WebAssembly.Module(bytes)) });
  return unlessRefused(all) ?? (relaxedFlags !== null ? underFlags(relaxedFlags, all) : null);
}

/**
 * The loops for wide vectors as the flags make them. They are only put up where no thread has this done, since what else is compiled
 * meanwhile suffers; the kernels cannot be, for whoever puts them up has these already.
 */
function compileWide(flags: EngineFlags): { readonly wideModule: WebAssembly.Module; readonly markers: readonly WebAssembly.Module[] } {
  const bytes = readKernels("kernels-wide.wasm");
  const found = unlessRefused(() => new WebAssembly.Module(marker));
  if (found !== null) return { wideModule: new WebAssembly.Module(bytes), markers: [found] };
  const made = underFlags(flags, () => ({ wideModule: new WebAssembly.Module(bytes), markers: [new WebAssembly.Module(marker)] }));
  return made ?? { wideModule: new WebAssembly.Module(bytes), markers: [] };
}

const mostAttempts = 50;

/** What `make` compiles while flags are up, tried again where another thread has put them down; null if the engine refuses it every time. */
function underFlags<T>({ up, down }: EngineFlags, make: () => T): T | null {
  let made: T | null = null;
  for (let attempt = 0; attempt < mostAttempts && made === null; attempt++) {
    for (const flag of up) setEngineFlag(flag);
    try {
      made = unlessRefused(make);
    } finally {
      for (const flag of down) setEngineFlag(flag);
    }
  }
  return made;
}

/** Null where the engine does not compile what `make` wants. */
function unlessRefused<T>(make: () => T): T | null {
  try {
    return make();
  } catch (error) {
    if (error instanceof WebAssembly.CompileError) return null;
    throw error;
  }
}

/** Whether the processor rounds once: the product's last bit, 2^-24, is lost otherwise. */
function fuses(probe: WebAssembly.Module): boolean {
  const { f } = new WebAssembly.Instance(probe, {}).exports as { f: (a: number, b: number, c: number) => number };
  const x = 1 + 2 ** -12;
  return f(x, x, -(1 + 2 ** -11)) === 2 ** -24;
}
