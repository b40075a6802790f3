export { claimedBytes, mostBytes, mostBytesNow } from "./runtime/allocator";
export { allocate, freeTemporaries, gatherBlocks, pageCount, release } from "./runtime/memory";
export { setThreadCount, workerLoop } from "./runtime/pool";
export { gemm } from "./gemm/gemm";
export { setBlas } from "./gemm/blas";
export { askRectify, tookRectify } from "./runtime/rectify";
export { conv2d, conv2dInputGrad, conv2dWeightGrad } from "./conv/conv";
export { unary, unaryStrided } from "./pointwise/unary";
export { binary, binaryStrided, hasZero } from "./pointwise/binary";
export { where } from "./pointwise/where";
export { fill } from "./pointwise/fill";
export { copyStrided } from "./pointwise/copy";
export { cast } from "./pointwise/cast";
export { moments, reduce } from "./reduce/reduce";
export { softmax, softmaxBackward } from "./norm/softmax";
export { checkTargets, crossEntropyBackward, crossEntropyForward } from "./norm/cross-entropy";
export { maxPool2d, maxPool2dBackward } from "./pooling/max";
export { avgPool2d, avgPool2dBackward } from "./pooling/average";
export { adamStep, sgdStep } from "./optimizer/steps";
export {
  batchNormBackward, batchNormEval, batchNormEvalBackward, batchNormTrain,
} from "./norm/batch-norm";
export { checkIndices, indexAdd, indexSelect } from "./index/select";
export { gather, scatterAdd } from "./index/gather";
export { randomInt, randomNormal, randomUniform } from "./random/numbers";
export { randomWords } from "./random/philox";
export { dropout, dropoutBackward } from "./random/dropout";
