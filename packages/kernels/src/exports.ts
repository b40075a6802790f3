/**
 * The functions of `dist/kernels.wasm`, as `assembly/index.ts` exports them. Pointers are byte addresses in the heap
 * (above 2 GiB they come back negative: `>>> 0`), counts are in elements, `dtype` is a code of `dtype.ts`.
 */
export interface KernelExports {
  // Memory and threads
  /** 0 where there is no room. */
  allocate(bytes: number): number;
  release(pointer: number): void;
  /** Takes back what the running kernel has asked for, before an error ends it. */
  freeTemporaries(): void;
  /** The most bytes of one block, in an empty memory and now; and the bytes of all blocks and of the kernels' room. */
  mostBytes(): number;
  mostBytesNow(): number;
  claimedBytes(): number;
  pageCount(): number;
  /** Copies `count` blocks to one place; `list` has the address and the size, a multiple of 16, of each. */
  gatherBlocks(list: number, count: number, to: number): void;
  setThreadCount(count: number): void;
  workerLoop(index: number): void;

  /** State 0: no BLAS, 1: to be loaded at the first product of `from` multiply-adds, 2: loaded. */
  setBlas(state: number, from: number): void;

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

  // Pointwise: `op` is a code of `pointwise-ops.ts`. A layout is [rank, sizes, strides of the 1st operand, of the 2nd, ...]
  // in 32-bit words; the output of strided forms is contiguous.
  unary(op: number, dtype: number, x: number, out: number, n: number, p0: number, p1: number): void;
  unaryStrided(op: number, dtype: number, x: number, out: number, layout: number, p0: number, p1: number): void;
  binary(op: number, dtype: number, a: number, b: number, out: number, n: number): void;
  binaryStrided(op: number, dtype: number, a: number, b: number, out: number, layout: number): void;
  where(dtype: number, cond: number, a: number, b: number, out: number, layout: number): void;
  /** 1 if any of the elements is 0, else 0. */
  hasZero(dtype: number, x: number, n: number): number;

  // Filling, copying, casting
  fill(dtype: number, out: number, n: number, value: number): void;
  /** The layout holds the strides of x, then those of out. */
  copyStrided(elementBytes: number, x: number, out: number, layout: number): void;
  cast(srcDtype: number, dstDtype: number, x: number, out: number, n: number): void;

  // Reductions of x [outer, n, inner] to [outer, inner]; `op` is a code of `reduce-ops.ts`. Sums and products of integers and bools
  // are int64, positions int32.
  reduce(op: number, dtype: number, x: number, out: number, outer: number, n: number, inner: number): void;
  /** Mean, and sum of squared deviations from it. */
  moments(dtype: number, x: number, mean: number, m2: number, outer: number, n: number, inner: number): void;

  // Softmax over the middle of [outer, n, inner], and cross-entropy of [rows, classes]; `log` 0 or 1, `weights` may be 0
  softmax(dtype: number, x: number, out: number, outer: number, n: number, inner: number, log: number): void;
  softmaxBackward(
    dtype: number, dOut: number, y: number, dX: number, outer: number, n: number, inner: number, log: number,
  ): void;
  crossEntropyForward(
    dtype: number, logits: number, targets: number, weights: number, losses: number, kept: number, normalizers: number,
    rows: number, classes: number, ignoreIndex: number, smoothing: number,
  ): void;
  crossEntropyBackward(
    dtype: number, logits: number, targets: number, weights: number, normalizers: number, rowScale: number, dLogits: number,
    rows: number, classes: number, ignoreIndex: number, smoothing: number,
  ): void;
  /** Position of the first target that is neither a class nor `ignoreIndex`, or -1. */
  checkTargets(targets: number, n: number, classes: number, ignoreIndex: number): number;

  // Batch norm of x [N, C, S]; weight, bias, the running statistics and any gradient may be 0
  batchNormTrain(
    dtype: number, x: number, out: number, weight: number, bias: number, mean: number, invStd: number,
    runningMean: number, runningVar: number, N: number, C: number, S: number, eps: number, momentum: number,
  ): void;
  batchNormEval(
    dtype: number, x: number, out: number, weight: number, bias: number, runningMean: number, runningVar: number,
    N: number, C: number, S: number, eps: number,
  ): void;
  batchNormBackward(
    dtype: number, dOut: number, x: number, weight: number, mean: number, invStd: number,
    dX: number, dWeight: number, dBias: number, N: number, C: number, S: number,
  ): void;
  batchNormEvalBackward(
    dtype: number, dOut: number, x: number, weight: number, runningMean: number, runningVar: number,
    dX: number, dWeight: number, dBias: number, N: number, C: number, S: number, eps: number,
  ): void;

  /** Asks the kernel of the next layer to cut off at zero what it writes; `tookRectify` says whether one did */
  askRectify(): void;
  tookRectify(): number;

  // Pooling of planes [H, W] to [OH, OW]; indices are int32 positions within a plane, -1 for a window of padding alone
  maxPool2d(
    dtype: number, x: number, out: number, indices: number, planes: number, H: number, W: number, OH: number, OW: number,
    kH: number, kW: number, sH: number, sW: number, pH: number, pW: number, dH: number, dW: number,
  ): void;
  /** `twoByTwo`: 1 for windows of 2 x 2 with stride 2, no padding and no dilation, which must hold their indices */
  maxPool2dBackward(
    dtype: number, dOut: number, indices: number, dX: number, planes: number, H: number, W: number, OH: number, OW: number, twoByTwo: number,
  ): void;
  avgPool2d(
    dtype: number, x: number, out: number, planes: number, H: number, W: number, OH: number, OW: number,
    kH: number, kW: number, sH: number, sW: number, pH: number, pW: number, countIncludePad: number, divisorOverride: number,
  ): void;
  avgPool2dBackward(
    dtype: number, dOut: number, dX: number, planes: number, H: number, W: number, OH: number, OW: number,
    kH: number, kW: number, sH: number, sW: number, pH: number, pW: number, countIncludePad: number, divisorOverride: number,
  ): void;

  // Indexing of x [outer, n, inner]; int32 indices in [-n, n), negative ones count from the end
  indexSelect(
    elementBytes: number, x: number, indices: number, out: number, outer: number, n: number, inner: number, count: number,
  ): void;
  gather(
    elementBytes: number, x: number, indices: number, out: number, outer: number, n: number, inner: number, m: number,
  ): void;
  scatterAdd(
    dtype: number, dst: number, indices: number, src: number, outer: number, n: number, inner: number, m: number,
  ): void;
  indexAdd(
    dtype: number, dst: number, indices: number, src: number, outer: number, n: number, inner: number, count: number,
  ): void;
  /** Position of the first index outside [-n, n), or -1. */
  checkIndices(indices: number, count: number, n: number): number;

  // Random numbers: Philox4x32-10 under a 64-bit key, from a 64-bit counter on. n float32 elements, int32 elements or
  // dropout decisions use ceil(n / 4) counter steps, n float64 elements ceil(n / 2).
  randomUniform(
    dtype: number, out: number, n: number, key0: number, key1: number, counterLow: number, counterHigh: number,
    low: number, high: number,
  ): void;
  randomNormal(
    dtype: number, out: number, n: number, key0: number, key1: number, counterLow: number, counterHigh: number,
    mean: number, std: number,
  ): void;
  /** Integers in [low, high). */
  randomInt(
    out: number, n: number, key0: number, key1: number, counterLow: number, counterHigh: number, low: number, high: number,
  ): void;
  /** 4 * steps raw 32-bit words. */
  randomWords(
    out: number, steps: number, key0: number, key1: number, counter0: number, counter1: number, counter2: number,
    counter3: number,
  ): void;
  dropout(
    dtype: number, x: number, out: number, mask: number, n: number, p: number, key0: number, key1: number,
    counterLow: number, counterHigh: number,
  ): void;
  dropoutBackward(dtype: number, dOut: number, mask: number, dX: number, n: number, p: number): void;

  // Optimizer steps, in place; `buffer` and `maxV` may be 0, switches are 0 or 1
  sgdStep(
    dtype: number, param: number, grad: number, buffer: number, n: number, lr: number, momentum: number,
    dampening: number, weightDecay: number, nesterov: number, first: number, maximize: number,
  ): void;
  adamStep(
    dtype: number, param: number, grad: number, m: number, v: number, maxV: number, n: number, lr: number,
    beta1: number, beta2: number, eps: number, weightDecay: number, decoupled: number,
    biasCorrection1: number, biasCorrection2: number, maximize: number,
  ): void;
}
