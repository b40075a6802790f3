/**
 * The functions of `dist/kernels.wasm`, as `assembly/index.ts` exports them. Pointers are byte addresses in the heap
 * (above 2 GiB they come back negative: `>>> 0`), counts are in elements, `dtype` is a code of `dtype.ts`.
 */
export interface KernelExports {
  // Memory and threads
  allocate(bytes: number): number;
  release(pointer: number): void;
  setThreadCount(count: number): void;
  workerLoop(index: number): void;
}
