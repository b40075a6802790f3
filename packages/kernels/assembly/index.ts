// Memory and threads
export { claimedBytes, mostBytes, mostBytesNow } from "./runtime/allocator";
export { allocate, freeTemporaries, gatherBlocks, pageCount, release } from "./runtime/memory";
export { setThreadCount, workerLoop } from "./runtime/pool";

// Matrix products and convolutions: strides in elements, `accumulate` 0 or 1, `bias` and `dBias` may be 0.
export { setBlas } from "./gemm/blas";
export { gemm } from "./gemm/gemm";
export { conv2d, conv2dInputGrad, conv2dWeightGrad } from "./conv/conv";

// A ReLU that the kernel of the layer before it does on the way.
export { askRectify, tookRectify } from "./runtime/rectify";

// Pointwise. A layout is [rank, sizes, strides of the 1st operand, of the 2nd, ...] in 32-bit words; the output of strided forms is contiguous.
export { unary, unaryStrided } from "./pointwise/unary";
export { binary, binaryStrided, hasZero } from "./pointwise/binary";
export { where } from "./pointwise/where";

// Filling, copying, casting
export { fill } from "./pointwise/fill";
export { copyStrided } from "./pointwise/copy";
export { cast } from "./pointwise/cast";

// Reductions of x [outer, n, inner] to [outer, inner]. Sums and products of integers and bools are int64, positions int32.
export { moments, reduce } from "./reduce/reduce";

// Softmax over the middle of [outer, n, inner], and cross-entropy of [rows, classes]; `log` 0 or 1, `weights` may be 0.
export { softmax, softmaxBackward } from "./norm/softmax";
export { checkTargets, crossEntropyBackward, crossEntropyForward } from "./norm/cross-entropy";

// Batch norm of x [N, C, S]; weight, bias, the running statistics and any gradient may be 0.
export { batchNormBackward, batchNormEval, batchNormEvalBackward, batchNormTrain } from "./norm/batch-norm";

// Pooling of planes [H, W] to [OH, OW]; indices are int32 positions within a plane, -1 for a window of padding alone.
export { maxPool2d, maxPool2dBackward } from "./pooling/max";
export { avgPool2d, avgPool2dBackward } from "./pooling/average";

// Indexing of x [outer, n, inner]; int32 indices in [-n, n), negative ones count from the end.
export { checkIndices, indexAdd, indexSelect } from "./index/select";
export { gather, scatterAdd } from "./index/gather";

// Random numbers: Philox4x32-10 under a 64-bit key, from a 64-bit counter on. n float32 elements, int32 elements or dropout decisions use
// ceil(n / 4) counter steps, n float64 elements ceil(n / 2).
export { randomInt, randomNormal, randomUniform } from "./random/numbers";
export { randomWords } from "./random/philox";
export { dropout, dropoutBackward } from "./random/dropout";

// Optimizer steps, in place; `buffer` and `maxV` may be 0, switches are 0 or 1.
export { sgdStep } from "./optimizer/sgd";
export { adamStep } from "./optimizer/adam";
