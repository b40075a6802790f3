// Compiles assembly/ into dist/kernels-fma.wasm, where a product and its sum are rounded once, and dist/kernels.wasm, the same
// without; and assembly/wide/ into dist/kernels-wide.wasm, the loops for wide vectors that the first one imports. Run by `pnpm --filter @tapegrad/kernels build`.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import asc from "assemblyscript/asc";

const here = fileURLToPath(new URL(".", import.meta.url));
const builds = [
  ["assembly/index.ts", "--outFile", "dist/kernels-fma.wasm", "--enable", "relaxed-simd"],
  ["assembly/index.ts", "--outFile", "dist/kernels.wasm"],
  ["assembly/wide/index.ts", "--outFile", "dist/kernels-wide.wasm", "--enable", "relaxed-simd"],
];

/** @param {string[]} options */
async function compile(options) {
  const { error, stderr } = await asc.main([
    "--baseDir", here,
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
    ...options,
    ...process.argv.slice(2),
  ]);
  if (error) throw new Error(stderr.toString(), { cause: error });
}

if (isMainThread) {
  mkdirSync(`${here}dist`, { recursive: true });
  for (const options of builds) {
    new Worker(new URL(import.meta.url), { workerData: options, argv: process.argv.slice(2) }).on("error", ({ message }) => {
      console.error(message);
      process.exitCode = 1;
    });
  }
} else {
  await compile(workerData);
}
