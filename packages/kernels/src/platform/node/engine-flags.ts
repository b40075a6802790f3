import type { EngineFlags } from "../platform.ts";

/** The V8 of Node 20 knows relaxed SIMD behind a flag, later ones have no such flag. */
export const relaxedFlags: EngineFlags | null = process.versions.v8.startsWith("11.")
  ? { up: ["--experimental-wasm-relaxed-simd"], down: ["--no-experimental-wasm-relaxed-simd"] }
  : null;

/**
 * Engines that join two 128-bit operations into one of 256 bits and whose code for assembly/wide/ has been looked at and tested: Node 24
 * and 26. The first flag concerns what the optimizing compiler makes while it is up; the next two let it make everything at once; the
 * last lets `marker` compile (kernel-module.ts).
 */
export const wideFlags: EngineFlags | null = process.arch === "x64" && /^(13\.6|14\.6)\..*-node\./.test(process.versions.v8)
  ? {
    up: ["--experimental-wasm-revectorize", "--no-liftoff", "--no-wasm-lazy-compilation", "--experimental-wasm-stringref"],
    down: ["--no-experimental-wasm-revectorize", "--liftoff", "--wasm-lazy-compilation", "--no-experimental-wasm-stringref"],
  }
  : null;

export function setEngineFlag(flag: string): void {
  process.getBuiltinModule("node:v8").setFlagsFromString(flag);
}

/** Lets Node make memories without the guard regions of some 10 GiB around each. */
const withoutGuards = "--disable-wasm-trap-handler";

/** How the program is started so that a memory takes fewer addresses, as words behind "start it with"; null where there is no such way. */
export function thriftyStart(): string | null {
  return process.allowedNodeEnvironmentFlags.has(withoutGuards) ? `node ${withoutGuards}, which reserves less,` : null;
}
