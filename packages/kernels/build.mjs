// Compiles assembly/ into dist/kernels-fma.wasm, where a product and its sum are rounded once, and dist/kernels.wasm, the same
// without; and assembly/wide/ into dist/kernels-wide.wasm, the loops for wide vectors that the first one imports. Run by `pnpm --filter @tapegrad/kernels build`.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import asc from "assemblyscript/asc";
import { complaints, staleFiles } from "./generate/files.mjs";

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

/** What is wrong with the generated sources: they say which code leads to which kernel, on both sides. */
function preconditions() {
  const wrong = complaints();
  if (wrong.length > 0) return wrong.map((text) => `operations.mjs: ${text}`);
  const stale = staleFiles();
  return stale.length === 0 ? [] : [`packages/kernels: ${stale.join(", ")} must be made anew: node packages/kernels/generate.mjs`];
}

if (isMainThread) {
  const reasons = preconditions();
  if (reasons.length > 0) {
    console.error(reasons.join("\n"));
    process.exit(1);
  }
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
