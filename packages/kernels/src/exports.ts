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

  // Matrix products and convolutions (strides in elements, `accumulate` 0 or 1, `bias` and `dBias` may be 0)
  gemm(
    dtype: number, batch: number, m: number, n: number, k: number,
    a: number, aRowStride: number, aColStride: number, aBatchStride: number,
    b: number, bRowStride: number, bColStride: number, bBatchStride: number,
    c: number, cRowStride: number, cBatchStride: number, bias: number, accumulate: number,
  ): void;
  conv2d(
    dtype: number, x: number, w: number, bias: number, out: number, N: number, C: number, H: number, W: number, O: number,
    kH: number, kW: number, OH: number, OW: number, sH: number, sW: number, pT: number, pL: number, dH: number, dW: number, groups: number,
  ): void;
  conv2dInputGrad(
    dtype: number, dOut: number, w: number, dX: number, N: number, C: number, H: number, W: number, O: number,
    kH: number, kW: number, OH: number, OW: number, sH: number, sW: number, pT: number, pL: number, dH: number, dW: number, groups: number,
  ): void;
  conv2dWeightGrad(
    dtype: number, dOut: number, x: number, dWeight: number, dBias: number, N: number, C: number, H: number, W: number, O: number,
    kH: number, kW: number, OH: number, OW: number, sH: number, sW: number, pT: number, pL: number, dH: number, dW: number, groups: number,
  ): void;
}
