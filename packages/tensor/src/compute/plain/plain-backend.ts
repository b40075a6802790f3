import type { Backend } from "../backend.ts";
import { batchNormBackward, batchNormEval, batchNormEvalBackward, batchNormTrain } from "./batch-norm.ts";
import { binary } from "./binary.ts";
import { cast, fill } from "./casts.ts";
import { conv2d, conv2dInputGrad, conv2dWeightGrad } from "./conv2d.ts";
import { crossEntropy, crossEntropyBackward, invalidTarget } from "./cross-entropy.ts";
import { copy, hasZero, where } from "./elements.ts";
import { gather, indexAdd, indexSelect, invalidIndex, scatterAdd } from "./indexing.ts";
import { matmul } from "./matmul.ts";
import { adamStep, sgdStep } from "./optimizers.ts";
import { dropout, dropoutBackward, randomInt, randomNormal, randomUniform } from "./random.ts";
import { moments, reduce } from "./reduce.ts";
import { softmax, softmaxBackward } from "./softmax.ts";
import { unary } from "./unary.ts";
import { avgPool2d, avgPool2dBackward, maxPool2d, maxPool2dBackward } from "./windows.ts";

/**
 * Plain loops over the elements, small and slow: what every function means, and what computes where there are no kernels. Numbers are
 * calculated in float64 and rounded once, when they are stored, except where PyTorch's result shows that it rounds on the way.
 */
export const plainBackend: Backend = {
  name: "plain",
  unary,
  binary,
  where,
  cast,
  copy,
  fill,
  hasZero,
  reduce,
  moments,
  matmul,
  conv2d,
  conv2dInputGrad,
  conv2dWeightGrad,
  maxPool2d,
  maxPool2dBackward,
  avgPool2d,
  avgPool2dBackward,
  softmax,
  softmaxBackward,
  crossEntropy,
  crossEntropyBackward,
  invalidTarget,
  batchNormTrain,
  batchNormEval,
  batchNormBackward,
  batchNormEvalBackward,
  indexSelect,
  gather,
  scatterAdd,
  indexAdd,
  invalidIndex,
  randomUniform,
  randomNormal,
  randomInt,
  dropout,
  dropoutBackward,
  sgdStep,
  adamStep,
};
