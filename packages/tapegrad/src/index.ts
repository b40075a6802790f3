export { enableGrad, grad, gradcheck, inferenceMode, isGradEnabled, noGrad, setGradEnabled } from "@tapegrad/autograd";
export type { GradOptions, GradcheckError, GradcheckOptions, GradientsOf } from "@tapegrad/autograd";
export * from "@tapegrad/data";
export * from "@tapegrad/train";
export * as nn from "@tapegrad/nn";
export * as optim from "@tapegrad/optim";
export {
  // Tensors
  Tensor, allclose, arange, cat, empty, equal, eye, full, fullLike, keep, linspace, openScope, ones, onesLike, scope, stack, tensor, zeros, zerosLike,
  // Random numbers
  Generator, manualSeed, rand, randLike, randint, randn, randnLike, randperm,
  // Ops
  abs, add, amax, amin, argmax, argmin, avgPool2d, batchNorm, bmm, ceil, clamp, clone, contiguous, conv2d, cos, crossEntropy, div, dot, dropout,
  eq, erf, exp, expand, expandAs, expm1, flatten, floor, floorDivide, gather, ge, gt, indexSelect, isfinite, isinf, isnan, le, leakyRelu,
  linear, log, log10, log1p, log2, logSoftmax, logicalAnd, logicalNot, logicalOr, logicalXor, logsumexp, lt, matmul, max, maxPool2d, maximum,
  mean, min, minimum, mm, mseLoss, mul, mv, narrow, ne, neg, nllLoss, norm, permute, pow, prod, rdiv, reciprocal, relu, remainder, reshape, round, rsqrt, rsub,
  select, sigmoid, sign, sin, slice, softmax, softplus, sqrt, square, squeeze, std, sub, sum, t, tan, tanh, to, transpose, trunc, unsqueeze,
  variance, view, where,
  // Errors
  ArgumentError, DTypeError, DataError, GradError, IndexError, MemoryError, SerializationError, ShapeError, TapegradError,
} from "@tapegrad/tensor";
export type {
  AlphaOptions, ArgOptions, AvgPool2dOptions, BackwardOptions, BatchNormOptions, ClampBounds, ClassificationLossOptions, CloseOptions, Conv2dOptions, CrossEntropyOptions,
  DType, Dims, DropoutOptions, ElementArray, ElementArrays, FromDataOptions, GeneratorState, IntegerData, KeepdimOptions, MaxPool2dOptions, NestedArray, NumbersOfRank, Operand, Pair, RandomOptions,
  ReduceOptions, Reduction, Scope, Shape, Sizes, TargetData, TensorOptions, ValuesAndIndices, VarianceOptions,
} from "@tapegrad/tensor";
export { collectGarbage, getNumThreads, memoryStats, resetPeakMemory, setBlasEnabled, setHeapBudget, setMemoryDebug, setNumThreads } from "@tapegrad/kernels";
export type { BlasLibrary, KernelInfo, MemoryStats } from "@tapegrad/kernels";
export { kernelInfo } from "./system-blas.ts";
