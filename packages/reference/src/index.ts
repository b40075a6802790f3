export { adagradStep, type AdagradOptions } from "./adagrad.ts";
export { adamStep, adamwStep, type AdamOptions, type AdamState } from "./adam.ts";
export { affineBackward, affineForward, type AffineCache } from "./affine.ts";
export { affineReluBackward, affineReluForward, type AffineReluCache } from "./affine-relu.ts";
export { assertClose, assertGradients, relativeError, type Tolerance } from "./assert-close.ts";
export { avgPool2dBackward, avgPool2dForward, type AvgPool2dCache, type AvgPool2dOptions } from "./avg-pool2d.ts";
export {
  batchNormBackward,
  batchNormBackwardSimplified,
  batchNormEvalBackward,
  batchNormEvalForward,
  batchNormForward,
  type BatchNormCache,
  type BatchNormEvalCache,
  type BatchNormForward,
  type BatchNormGradients,
} from "./batch-norm.ts";
export { broadcastMap, broadcastShapes, broadcastTo, map, sumToShape } from "./broadcast.ts";
export type { ClassLossOptions, Reduction } from "./class-targets.ts";
export { conv2dBackward, conv2dForward, type Conv2dCache, type Conv2dOptions } from "./conv2d.ts";
export { crossEntropyBackward, crossEntropyForward, type CrossEntropyCache, type CrossEntropyOptions } from "./cross-entropy.ts";
export { dropoutBackward, dropoutForward, type DropoutCache } from "./dropout.ts";
export { groupNormBackward, groupNormForward, type GroupNormCache } from "./group-norm.ts";
export { layerNormBackward, layerNormForward, type LayerNormCache } from "./layer-norm.ts";
export { linearBackward, linearForward, type LinearCache } from "./linear.ts";
export { logsumexpBackward, logsumexpForward, type LogsumexpCache, type LogsumexpOptions } from "./logsumexp.ts";
export { matmulBackward, matmulForward, type MatmulCache } from "./matmul.ts";
export { maxPool2dBackward, maxPool2dForward, type MaxPool2dCache, type MaxPool2dOptions } from "./max-pool2d.ts";
export { mseLossBackward, mseLossForward, type MseLossCache } from "./mse-loss.ts";
export { fromNested, full, linspace, ndarray, type NdArray, type Nested, reshape, sizeOf, zeros, zerosLike } from "./nd-array.ts";
export { nllLossBackward, nllLossForward, type NllLossCache } from "./nll-loss.ts";
export { numericGradient, numericJacobian } from "./numeric-gradient.ts";
export { inversePermutation, permute, transpose } from "./permute.ts";
export type { Pool2dOptions } from "./pool-windows.ts";
export { reduce, type ReduceOptions, type ReductionKind } from "./reduce.ts";
export { reluBackward, reluForward, type ReluCache } from "./relu.ts";
export { rmspropStep, type RmspropOptions } from "./rmsprop.ts";
export { type RunningStatistics, updateRunningStatistics } from "./running-statistics.ts";
export {
  type BufferOptions,
  nesterovBufferStep,
  nesterovVelocityStep,
  sgdBufferStep,
  type SgdOptions,
  sgdStep,
  sgdVelocityStep,
  type VelocityOptions,
} from "./sgd.ts";
export { sigmoidBackward, sigmoidForward, type SigmoidCache } from "./sigmoid.ts";
export { logSoftmaxBackward, logSoftmaxForward, softmaxBackward, softmaxForward, type SoftmaxCache } from "./softmax.ts";
export {
  spatialBatchNormBackward,
  spatialBatchNormForward,
  type SpatialBatchNormCache,
  type SpatialBatchNormForward,
} from "./spatial-batch-norm.ts";
export { svmLossBackward, svmLossForward, type SvmLossCache } from "./svm-loss.ts";
export { tanhBackward, tanhForward, type TanhCache } from "./tanh.ts";
export type { Pair } from "./window-axis.ts";
