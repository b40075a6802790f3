// Compiles assembly/ into dist/kernels-fma.wasm, where a product and its sum are rounded once, and dist/kernels.wasm, the same
// without; and assembly/wide/ into dist/kernels-wide.wasm, the loops for wide vectors that the first one imports. Run by `pnpm --filter @tapegrad/kernels build`.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import asc from "assemblyscript/asc";

const here = fileURLToPath(new URL(".", import.meta.url));
// Where each one's constants begin: below 64 KiB the memory is mapped by hand (assembly/runtime/control.ts).
const builds = [
  ["assembly/index.ts", "--outFile", "dist/kernels-fma.wasm", "--memoryBase", "65536", "--enable", "relaxed-simd"],
  ["assembly/index.ts", "--outFile", "dist/kernels.wasm", "--memoryBase", "65536"],
  ["assembly/wide/index.ts", "--outFile", "dist/kernels-wide.wasm", "--memoryBase", "32768", "--enable", "relaxed-simd"],
];

/** @param {string[]} options */
async function compile(options) {
  const { error, stderr } = await asc.main([
    "--baseDir", here,
    "--runtime", "minimal",
    "--importMemory",
    "--sharedMemory",
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
