export { allDTypes, dtypeInfo, float16View } from "./dtype.ts";
export type { DType, HostArray } from "./dtype.ts";
export { wasm } from "./wasm.ts";
export { getNumThreads, setNumThreads } from "./threads.ts";
