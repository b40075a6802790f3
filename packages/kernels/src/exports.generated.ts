// Made of the sources that assembly/index.ts names; `node packages/kernels/generate.mjs` makes it anew.
/**
 * The functions of `dist/kernels.wasm`. Pointers are byte addresses in the heap (above 2 GiB they come back negative: `>>> 0`), counts are
 * in elements, `dtype` and `kind` are codes of `operations.generated.ts`.
 */
export interface KernelExports {
  // Memory and threads
  /** Bytes of all claimed blocks, with their headers. */
  claimedBytes(): number;
  /** The most bytes that one block can have, in an empty memory. */
  mostBytes(): number;
  /** The most bytes that one block can have now. */
  mostBytesNow(): number;
  /** 0 where there is no room. Sizes from 4 GiB on do not arrive here. */
  allocate(bytes: number): number;
  /** For the host, before it throws into a kernel: nobody will free what that had. */
  freeTemporaries(): void;
  /** Copies blocks to one place, one after another: `list` holds `count` pairs of an address and of bytes, a multiple of 16. */
  gatherBlocks(list: number, count: number, to: number): void;
  /** Size of the memory in 64 KiB pages: how the host notices cheaply that it has grown. */
  pageCount(): number;
  release(pointer: number): void;
  /**
   * Sets how many threads run tasks. Workers above the count go to sleep, and come back when it grows; the host starts those
   * that never were. Two workers with one index would share their scratch. Never called while a job runs.
   */
  setThreadCount(count: number): void;
  /** A worker's whole life. While its index is at or above the limit it sleeps on the limit; it never returns. */
  workerLoop(index: number): void;

  // Matrix products and convolutions: strides in elements, `accumulate` 0 or 1, `bias` and `dBias` may be 0.
  /** The host's switch: state 0, no BLAS; 1, to be loaded at the first product of `from` multiply-adds; 2, loaded. */
  setBlas(state: number, from: number): void;
  gemm(
    dtype: number, batch: number, m: number, n: number, k: number, a: number, aRowStride: number, aColStride: number, aBatchStride: number,
    b: number, bRowStride: number, bColStride: number, bBatchStride: number, c: number, cRowStride: number, cBatchStride: number,
    bias: number, accumulate: number,
  ): void;
  conv2d(
    dtype: number, x: number, w: number, bias: number, out: number, N: number, C: number, H: number, W: number, O: number, kH: number,
    kW: number, OH: number, OW: number, sH: number, sW: number, pT: number, pL: number, dH: number, dW: number, groups: number,
  ): void;
  conv2dInputGrad(
    dtype: number, dOut: number, w: number, dX: number, N: number, C: number, H: number, W: number, O: number, kH: number, kW: number,
    OH: number, OW: number, sH: number, sW: number, pT: number, pL: number, dH: number, dW: number, groups: number,
  ): void;
  conv2dWeightGrad(
    dtype: number, dOut: number, x: number, dWeight: number, dBias: number, N: number, C: number, H: number, W: number, O: number,
    kH: number, kW: number, OH: number, OW: number, sH: number, sW: number, pT: number, pL: number, dH: number, dW: number, groups: number,
  ): void;

  // A ReLU that the kernel of the layer before it does on the way.
  /** Asks the kernel of the next layer to cut off at zero what it writes; `tookRectify` says whether one did. */
  askRectify(): void;
  /** Whether a kernel took the last one that was asked for. Nothing is asked for any more. */
  tookRectify(): number;

  // Pointwise. A layout is [rank, sizes, strides of the 1st operand, of the 2nd, ...] in 32-bit words; the output of strided forms is contiguous.
  unary(kind: number, dtype: number, x: number, out: number, n: number, p0: number, p1: number): void;
  unaryStrided(kind: number, dtype: number, x: number, out: number, layout: number, p0: number, p1: number): void;
  binary(kind: number, dtype: number, a: number, b: number, out: number, n: number): void;
  binaryStrided(kind: number, dtype: number, a: number, b: number, out: number, layout: number): void;
  /** 1 if any of the n elements is 0: integer division is checked before it runs. */
  hasZero(dtype: number, x: number, n: number): number;
  /** out = cond ? a : b; the layout holds the strides of cond, a and b, out is contiguous. */
  where(dtype: number, cond: number, a: number, b: number, out: number, layout: number): void;

  // Filling, copying, casting
  fill(dtype: number, out: number, n: number, value: number): void;
  /** The layout holds the strides of x, then those of out. */
  copyStrided(elementBytes: number, x: number, out: number, layout: number): void;
  cast(from: number, to: number, x: number, out: number, n: number): void;

  // Reductions of x [outer, n, inner] to [outer, inner]. Sums and products of integers and bools are int64, positions int32.
  /** Mean, and sum of squared deviations from it, in two passes (never E[x^2] - E[x]^2, which cancels). */
  moments(dtype: number, x: number, mean: number, m2: number, outer: number, n: number, inner: number): void;
  reduce(kind: number, dtype: number, x: number, out: number, outer: number, n: number, inner: number): void;

  // Softmax over the middle of [outer, n, inner], and cross-entropy of [rows, classes]; `log` 0 or 1, `weights` may be 0.
  softmax(dtype: number, x: number, out: number, outer: number, n: number, inner: number, log: number): void;
  /** `y` is what the forward pass gave. */
  softmaxBackward(dtype: number, dOut: number, y: number, dX: number, outer: number, n: number, inner: number, log: number): void;
  /** Position of the first target that is neither in [0, classes) nor ignored, or -1. */
  checkTargets(targets: number, n: number, classes: number, ignoreIndex: number): number;
  /** `rowScale` holds the gradient of each row's loss. */
  crossEntropyBackward(
    dtype: number, logits: number, targets: number, weights: number, normalizers: number, rowScale: number, dLogits: number, rows: number,
    classes: number, ignoreIndex: number, smoothing: number,
  ): void;
  /**
   * Writes each row's loss (0 where ignored) and the weight of its target (0 where ignored); and for the backward pass, where it is not
   * ignored, its maximum and the sum of exp(x - maximum), one after the other.
   */
  crossEntropyForward(
    dtype: number, logits: number, targets: number, weights: number, losses: number, kept: number, normalizers: number, rows: number,
    classes: number, ignoreIndex: number, smoothing: number,
  ): void;

  // Batch norm of x [N, C, S]; weight, bias, the running statistics and any gradient may be 0.
  /** Gradients of `batchNormTrain`, whose mean and variance depend on x. */
  batchNormBackward(
    dtype: number, dOut: number, x: number, weight: number, mean: number, invStd: number, dX: number, dWeight: number, dBias: number,
    N: number, C: number, S: number,
  ): void;
  batchNormEval(
    dtype: number, x: number, out: number, weight: number, bias: number, runningMean: number, runningVar: number, N: number, C: number,
    S: number, eps: number,
  ): void;
  /** Gradients of `batchNormEval`, whose statistics are constants. */
  batchNormEvalBackward(
    dtype: number, dOut: number, x: number, weight: number, runningMean: number, runningVar: number, dX: number, dWeight: number,
    dBias: number, N: number, C: number, S: number, eps: number,
  ): void;
  batchNormTrain(
    dtype: number, x: number, out: number, weight: number, bias: number, mean: number, invStd: number, runningMean: number,
    runningVar: number, N: number, C: number, S: number, eps: number, momentum: number,
  ): void;

  // Pooling of planes [H, W] to [OH, OW]; indices are int32 positions within a plane, -1 for a window of padding alone.
  maxPool2d(
    dtype: number, x: number, out: number, indices: number, planes: number, H: number, W: number, OH: number, OW: number, kH: number,
    kW: number, sH: number, sW: number, pH: number, pW: number, dH: number, dW: number,
  ): void;
  /** `twoByTwo`: windows of 2 x 2 with stride 2, no padding, no dilation; every index lies in its window. */
  maxPool2dBackward(
    dtype: number, dOut: number, indices: number, dX: number, planes: number, H: number, W: number, OH: number, OW: number,
    twoByTwo: number,
  ): void;
  avgPool2d(
    dtype: number, x: number, out: number, planes: number, H: number, W: number, OH: number, OW: number, kH: number, kW: number, sH: number,
    sW: number, pH: number, pW: number, countIncludePad: number, divisorOverride: number,
  ): void;
  avgPool2dBackward(
    dtype: number, dOut: number, dX: number, planes: number, H: number, W: number, OH: number, OW: number, kH: number, kW: number,
    sH: number, sW: number, pH: number, pW: number, countIncludePad: number, divisorOverride: number,
  ): void;

  // Indexing of x [outer, n, inner]; int32 indices in [-n, n), negative ones count from the end.
  /** Position of the first index outside [-n, n), or -1. */
  checkIndices(indices: number, count: number, n: number): number;
  /** dst [outer, n, inner] += src [outer, count, inner] at the indices; repeated indices add up, in order. */
  indexAdd(dtype: number, dst: number, indices: number, src: number, outer: number, n: number, inner: number, count: number): void;
  /** x [outer, n, inner] -> out [outer, count, inner] */
  indexSelect(elementBytes: number, x: number, indices: number, out: number, outer: number, n: number, inner: number, count: number): void;
  /** out[o, k, i] = x[o, indices[o, k, i], i]; out and indices are [outer, m, inner]. */
  gather(elementBytes: number, x: number, indices: number, out: number, outer: number, n: number, inner: number, m: number): void;
  /** dst[o, indices[o, k, i], i] += src[o, k, i], in the order of k: each outer position belongs to one task. */
  scatterAdd(dtype: number, dst: number, indices: number, src: number, outer: number, n: number, inner: number, m: number): void;

  // Random numbers: Philox4x32-10 under a 64-bit key, from a 64-bit counter on. n float32 elements, int32 elements or dropout decisions use
  // ceil(n / 4) counter steps, n float64 elements ceil(n / 2).
  /** int32 in [low, high); the chances differ by at most (high - low) / 2^32. */
  randomInt(out: number, n: number, key0: number, key1: number, counterLow: number, counterHigh: number, low: number, high: number): void;
  randomNormal(
    dtype: number, out: number, n: number, key0: number, key1: number, counterLow: number, counterHigh: number, mean: number, std: number,
  ): void;
  /** Values in [low, high), from 24 (float32) or 53 (float64) random bits. */
  randomUniform(
    dtype: number, out: number, n: number, key0: number, key1: number, counterLow: number, counterHigh: number, low: number, high: number,
  ): void;
  /** Raw words of `steps` counters from (counter0, counter1, counter2, counter3) on, for checking against published ones. */
  randomWords(
    out: number, steps: number, key0: number, key1: number, counter0: number, counter1: number, counter2: number, counter3: number,
  ): void;
  /** Writes `out`, and the mask (bytes 0 and 1) for the backward pass; n elements use ceil(n / 4) counter steps. */
  dropout(
    dtype: number, x: number, out: number, mask: number, n: number, p: number, key0: number, key1: number, counterLow: number,
    counterHigh: number,
  ): void;
  dropoutBackward(dtype: number, dOut: number, mask: number, dX: number, n: number, p: number): void;

  // Optimizer steps, in place; `buffer` and `maxV` may be 0, switches are 0 or 1.
  /** `buffer` is 0 without momentum; on the `first` step it takes the gradient undamped. */
  sgdStep(
    dtype: number, param: number, grad: number, buffer: number, n: number, lr: number, momentum: number, dampening: number,
    weightDecay: number, nesterov: number, first: number, maximize: number,
  ): void;
  /** Adam, or AdamW where `decoupled`; `maxV` (AMSGrad) may be 0. The bias corrections are 1 - beta^t. */
  adamStep(
    dtype: number, param: number, grad: number, m: number, v: number, maxV: number, n: number, lr: number, beta1: number, beta2: number,
    eps: number, weightDecay: number, decoupled: number, biasCorrection1: number, biasCorrection2: number, maximize: number,
  ): void;
}
