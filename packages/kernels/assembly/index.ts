export { claimedBytes, mostBytes, mostBytesNow } from "./allocator";
export { allocate, freeTemporaries, gatherBlocks, pageCount, release } from "./memory";
export { setThreadCount, workerLoop } from "./pool";
export { gemm } from "./gemm";
export { setBlas } from "./gemm-blas";
export { askRectify, tookRectify } from "./rectify";
export { conv2d, conv2dInputGrad, conv2dWeightGrad } from "./conv";
export { unary, unaryStrided } from "./pointwise-unary";
export { binary, binaryStrided, hasZero } from "./pointwise-binary";
export { where } from "./pointwise-where";
export { fill } from "./fill";
export { copyStrided } from "./strided-copy";
export { cast } from "./cast";
export { moments, reduce } from "./reduce";
export { softmax, softmaxBackward } from "./softmax";
export { checkTargets, crossEntropyBackward, crossEntropyForward } from "./cross-entropy";
export { maxPool2d, maxPool2dBackward } from "./pool2d-max";
export { avgPool2d, avgPool2dBackward } from "./pool2d-average";
export { adamStep, sgdStep } from "./optimizer";
export {
  batchNormBackward, batchNormEval, batchNormEvalBackward, batchNormTrain,
} from "./batch-norm";
export { checkIndices, indexAdd, indexSelect } from "./index-select";
export { gather, scatterAdd } from "./index-gather";
export { randomInt, randomNormal, randomUniform, randomWords } from "./random";
export { dropout, dropoutBackward } from "./random-dropout";
