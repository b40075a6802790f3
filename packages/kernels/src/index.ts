export { allDTypes, dtypeInfo, float16View } from "./dtype.ts";
export type { DType, HostArray } from "./dtype.ts";
export { MemoryError, TapegradError } from "./errors.ts";
export type { ErrorParts } from "./errors.ts";
export { beginCall, memoryStats, resetPeakMemory, setHeapBudget, setMemoryDebug } from "./heap.ts";
export type { MemoryStats } from "./heap.ts";
export { Storage, enterScope, leaveScope, storageFrom } from "./storage.ts";
export { getNumThreads, setNumThreads } from "./threads.ts";
export { layoutPointer, layoutWords, wasm } from "./wasm.ts";
