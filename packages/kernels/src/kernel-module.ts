import { readKernels, type KernelFile } from "./kernel-files.ts";
import { setting } from "./surroundings.ts";
import type { CompiledModule } from "./webassembly-types.ts";

/** The compiled kernels, of which every thread makes an instance. */
export interface KernelModule {
  readonly module: CompiledModule;
  /** Whether products fuse a multiplication and an addition into one rounding. */
  readonly fma: boolean;
  /** The loops for 256-bit vectors, which the fused kernels import (assembly/wide.ts). */
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

/** The V8 of Node 20 knows relaxed SIMD behind a flag, later ones have no such flag. */
const hasRelaxedFlag = process.versions.v8.startsWith("11.");
const relaxedFlags: EngineFlags = { up: ["--experimental-wasm-relaxed-simd"], down: ["--no-experimental-wasm-relaxed-simd"] };

/**
 * Engines that join two 128-bit operations into one of 256 bits and whose code for assembly/wide/ has been looked at and tested: Node 24
 * and 26. The first flag concerns what the optimizing compiler makes while it is up; the next two let it make everything at once; the
 * last lets `marker` compile.
 */
const hasWideFlag = process.arch === "x64" && /^(13\.6|14\.6)\..*-node\./.test(process.versions.v8);
const wideFlags: EngineFlags = {
  up: ["--experimental-wasm-revectorize", "--no-liftoff", "--no-wasm-lazy-compilation", "--experimental-wasm-stringref"],
  down: ["--no-experimental-wasm-revectorize", "--liftoff", "--wasm-lazy-compilation", "--no-experimental-wasm-stringref"],
};

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
  const hasWide = simd === "256" || (hasWideFlag && simd !== "128"), isWidened = hasWide && hasWideFlag;
  const fused = setting("TAPEGRAD_FMA") === "off" ? null : compileFused(isWidened ? ["kernels-fma.wasm"] : ["kernels-fma.wasm", "kernels-wide.wasm"]);
  if (fused === null || !fuses(fused.probe)) {
    return { module: new WebAssembly.Module(readKernels("kernels.wasm")), fma: false, wideModule: null, hasWide: false, markers: [] };
  }
  const [module, loops] = fused.modules as [WebAssembly.Module, WebAssembly.Module];
  const { wideModule, markers } = isWidened ? compileWide() : { wideModule: loops, markers: [] };
  return { module, fma: true, hasWide, wideModule, markers: [fused.probe, ...markers] };
}

/** Modules with relaxed SIMD; null where the engine does not know it. */
function compileFused(files: readonly KernelFile[]): { readonly probe: WebAssembly.Module; readonly modules: readonly WebAssembly.Module[] } | null {
  const sources = files.map(readKernels);
  const all = () => ({ probe: new WebAssembly.Module(relaxedProbe), modules: sources.map((bytes) => new WebAssembly.Module(bytes)) });
  return unlessRefused(all) ?? (hasRelaxedFlag ? underFlags(relaxedFlags, all) : null);
}

/**
 * The loops for wide vectors as the flags make them. They are only put up where no thread has this done, since what else is compiled
 * meanwhile suffers; the kernels cannot be, for whoever puts them up has these already.
 */
function compileWide(): { readonly wideModule: WebAssembly.Module; readonly markers: readonly WebAssembly.Module[] } {
  const bytes = readKernels("kernels-wide.wasm");
  const found = unlessRefused(() => new WebAssembly.Module(marker));
  if (found !== null) return { wideModule: new WebAssembly.Module(bytes), markers: [found] };
  const made = underFlags(wideFlags, () => ({ wideModule: new WebAssembly.Module(bytes), markers: [new WebAssembly.Module(marker)] }));
  return made ?? { wideModule: new WebAssembly.Module(bytes), markers: [] };
}

interface EngineFlags {
  readonly up: readonly string[];
  readonly down: readonly string[];
}

const mostAttempts = 50;

/** What `make` compiles while flags are up, tried again where another thread has put them down; null if the engine refuses it every time. */
function underFlags<T>({ up, down }: EngineFlags, make: () => T): T | null {
  const { setFlagsFromString } = process.getBuiltinModule("node:v8");
  let made: T | null = null;
  for (let attempt = 0; attempt < mostAttempts && made === null; attempt++) {
    for (const flag of up) setFlagsFromString(flag);
    try {
      made = unlessRefused(make);
    } finally {
      for (const flag of down) setFlagsFromString(flag);
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
