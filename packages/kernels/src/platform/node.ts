// Node, and what is like it: Bun and Deno. Everything in the kernels that asks for files, threads, flags or the environment is here.
export { engineCollector } from "./node/collector.ts";
export { relaxedFlags, setEngineFlag, thriftyStart, wideFlags } from "./node/engine-flags.ts";
export { readKernels } from "./node/kernel-files.ts";
export { loadNative, packageFile } from "./node/package-file.ts";
export { addressSpace } from "./node/process-limits.ts";
export { machineMemory, processors, setting, warn } from "./node/surroundings.ts";
export { startWorker, workerRemedy } from "./node/workers.ts";
