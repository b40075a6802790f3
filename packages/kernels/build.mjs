// Compiles assembly/ into dist/kernels.wasm. Run by `pnpm --filter @tapegrad/kernels build`.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const here = fileURLToPath(new URL(".", import.meta.url));
mkdirSync(`${here}dist`, { recursive: true });

const { error, stderr } = await asc.main([
  "assembly/index.ts",
  "--baseDir", here,
  "--outFile", "dist/kernels.wasm",
  "--runtime", "minimal",
  "--importMemory",
  "--sharedMemory",
  // The low 64 KiB hold the pool's control words (assembly/control.ts).
  "--memoryBase", "65536",
  "--initialMemory", "16",
  "--maximumMemory", "65536",
  "--zeroFilledMemory",
  "--enable", "threads",
  "--enable", "simd",
  "-O3",
  "--noAssert",
  ...process.argv.slice(2),
]);
if (error) {
  console.error(stderr.toString());
  process.exit(1);
}
