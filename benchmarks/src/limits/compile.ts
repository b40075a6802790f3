import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { setFlagsFromString } from "node:v8";
import { kernelInfo } from "tapegrad";

const compiler = fileURLToPath(import.meta.resolve("assemblyscript/bin/asc.js"));
const source = fileURLToPath(new URL("../../assembly/limits.ts", import.meta.url));
const options = ["--runtime", "stub", "--importMemory", "--sharedMemory", "--maximumMemory", "65536", "-O3", "--noAssert"];

/** Compiles assembly/limits.ts, with fused multiply-adds where the kernels have them. It takes a second, so that no build step has to know of it; in a process of its own, because the compiler is large. */
export async function compileLimits(): Promise<WebAssembly.Module> {
  const features = kernelInfo().fma ? "simd,threads,relaxed-simd" : "simd,threads";
  const folder = await mkdtemp(join(tmpdir(), "tapegrad-limits-"));
  try {
    const output = join(folder, "limits.wasm");
    await promisify(execFile)(process.execPath, [compiler, source, "--outFile", output, "--enable", features, ...options]);
    const bytes = await readFile(output);
    // Node 20 has relaxed SIMD behind this flag, which later ones do not know.
    if (process.versions.v8.startsWith("11.")) setFlagsFromString("--experimental-wasm-relaxed-simd");
    return new WebAssembly.Module(bytes);
  } finally {
    await rm(folder, { recursive: true });
  }
}
