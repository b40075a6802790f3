import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const compiler = fileURLToPath(import.meta.resolve("assemblyscript/bin/asc.js"));
const source = fileURLToPath(new URL("../../assembly/limits.ts", import.meta.url));
const options = ["--runtime", "stub", "--importMemory", "--sharedMemory", "--maximumMemory", "65536", "--enable", "simd,threads", "-O3", "--noAssert"];

/** Compiles assembly/limits.ts. It takes a second, so that no build step has to know of it; in a process of its own, because the compiler is large. */
export async function compileLimits(): Promise<WebAssembly.Module> {
  const folder = await mkdtemp(join(tmpdir(), "tapegrad-limits-"));
  try {
    const output = join(folder, "limits.wasm");
    await promisify(execFile)(process.execPath, [compiler, source, "--outFile", output, ...options]);
    return new WebAssembly.Module(await readFile(output));
  } finally {
    await rm(folder, { recursive: true });
  }
}
