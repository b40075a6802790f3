import type { BinaryCode, ReduceName, UnaryCode } from "./codes.ts";
import type { Tensor } from "../tensor.ts";

/** What is done to every element of a result before it is written. */
export type Epilogue = "none" | "relu";

/**
 * Attributes of ops that can do the work of a ReLU behind them: whoever asks for it gives the result to that ReLU and to nobody else. The
 * gradient is that of the op alone, since the ReLU's, which is recorded, comes before it.
 */
export interface Followed {
  /** "none" unless told. */
  readonly epilogue?: Epilogue;
}

/** Values for height and width. */
export type Pair = readonly [number, number];

/** How a convolution moves over the image. */
export interface ConvGeometry {
  readonly stride: Pair;
  /** Zeros above and left of the image; those below and right follow from the output size. */
  readonly before: Pair;
  readonly dilation: Pair;
  readonly groups: number;
  readonly outSize: Pair;
}

/** Windows over an image. */
export interface WindowGeometry {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
  readonly outSize: Pair;
}

/** The windows of a mean, and what their sums are divided by. */
export interface MeanGeometry extends WindowGeometry {
  /** Whether padding counts in a window's size. */
  readonly countIncludePad: boolean;
  /** Instead of the window's size; 0 for none. */
  readonly divisorOverride: number;
}

/** A place in a random stream (Philox4x32-10): key and counter, of two 32-bit words each. */
export type StreamPlace = readonly [key0: number, key1: number, counterLow: number, counterHigh: number];

/** How labels are read. */
export interface LabelOptions {
  /** Rows with this label do not count. */
  readonly ignoreIndex: number;
  readonly labelSmoothing: number;
}

/** What scales and shifts channels, [C]; each may be absent. */
export interface ChannelVectors {
  readonly weight: Tensor | null;
  readonly bias: Tensor | null;
}

/** Constants of one SGD step. The `first` sets the momentum buffer to the gradient. */
export interface SgdStep {
  readonly lr: number;
  readonly momentum: number;
  readonly dampening: number;
  readonly weightDecay: number;
  readonly nesterov: boolean;
  readonly maximize: boolean;
  readonly first: boolean;
}

/** Constants of one Adam or AdamW step. */
export interface AdamStep {
  readonly lr: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
  /** AdamW: the decay multiplies the parameter instead of joining the gradient. */
  readonly decoupled: boolean;
  readonly maximize: boolean;
  /** Steps done, this one included. */
  readonly step: number;
}

/**
 * What computes: the one seam between tensors and a machine. Ops, by way of the functions beside this file, bring their operands to one
 * dtype, allocate what comes out and call one of these. Unless a function says otherwise:
 *
 * - operands are row-major (an offset into their storage they may have), of the dtype in which it is computed: never a 16-bit float, save
 *   where elements are only moved (`cast`, `copy`, `fill`, `where`, `gather`, `indexSelect`);
 * - results have at least one element, are row-major, share memory with no operand, and every element of them is written;
 * - nothing is kept of the tensors after the call.
 */
export interface Backend {
  readonly name: string;

  // Element by element. These take strided operands; `out` may be the operand itself, element for element.
  /** `p0`, `p1`: the operation's numbers, such as the bounds of a clamp. Predicates give bool. */
  unary(op: UnaryCode, x: Tensor, out: Tensor, p0: number, p1: number): void;
  /** Operands of one dtype; the shape of `out` is that to which they broadcast. Comparisons give bool. */
  binary(op: BinaryCode, a: Tensor, b: Tensor, out: Tensor): void;
  /** All broadcast to `out`; `condition` is bool. */
  where(condition: Tensor, a: Tensor, b: Tensor, out: Tensor): void;

  // Moving, converting, filling
  /** Floats truncate to integers and wrap, anything but zero becomes true. */
  cast(x: Tensor, out: Tensor): void;
  /** Strided `x`, broadcast to `out`, which may be strided too. */
  copy(x: Tensor, out: Tensor): void;
  fill(out: Tensor, value: number): void;
  hasZero(x: Tensor): boolean;

  // Reductions of [outer, n, inner] to [outer, inner], n being 0 too
  /** Sums and products of integers and bools are int64, positions int32. */
  reduce(op: ReduceName, x: Tensor, out: Tensor, outer: number, n: number, inner: number): void;
  /** The mean, and the sum of squared distances from it. */
  moments(x: Tensor, mean: Tensor, squares: Tensor, outer: number, n: number, inner: number): void;

  // Products. Operands of `matmul` are strided.
  /** a [..., m, k] times b [..., k, n], the leading dimensions broadcast to those of `out`, plus a row-major bias [n]. */
  matmul(a: Tensor, b: Tensor, bias: Tensor | null, out: Tensor, epilogue: Epilogue): void;
  /** x [N, C, H, W], weight [O, C / groups, kH, kW], bias [O] to out [N, O, H', W']. */
  conv2d(x: Tensor, weight: Tensor, bias: Tensor | null, out: Tensor, geometry: ConvGeometry, epilogue: Epilogue): void;
  conv2dInputGrad(dOut: Tensor, weight: Tensor, dX: Tensor, geometry: ConvGeometry): void;
  conv2dWeightGrad(dOut: Tensor, x: Tensor, dWeight: Tensor, dBias: Tensor | null, geometry: ConvGeometry): void;

  // Windows over [..., H, W]
  /** `indices`, int32: where in its plane each maximum is; -1 for a window of padding alone. The first of equal ones; NaN counts as the largest. */
  maxPool2d(x: Tensor, out: Tensor, indices: Tensor, geometry: WindowGeometry): void;
  /** `twoByTwo`: the windows are 2 x 2, side by side, so that each holds its index. */
  maxPool2dBackward(dOut: Tensor, indices: Tensor, dX: Tensor, twoByTwo: boolean): void;
  avgPool2d(x: Tensor, out: Tensor, geometry: MeanGeometry): void;
  avgPool2dBackward(dOut: Tensor, dX: Tensor, geometry: MeanGeometry): void;

  // Along a dimension
  softmax(x: Tensor, out: Tensor, dim: number, isLog: boolean): void;
  softmaxBackward(dOut: Tensor, y: Tensor, dX: Tensor, dim: number, isLog: boolean): void;

  // Losses of logits [rows, classes] and int32 targets [rows]
  /** `losses` and `kept` (each row's weight, 0 where it is ignored) [rows]; `normalizers` [rows, 2]: each row's maximum and its sum of exponentials, of ignored rows anything. */
  crossEntropy(logits: Tensor, targets: Tensor, weight: Tensor | null, losses: Tensor, kept: Tensor, normalizers: Tensor, options: LabelOptions): void;
  /** `scale` [rows]: what each row's gradient is multiplied by. */
  crossEntropyBackward(logits: Tensor, targets: Tensor, weight: Tensor | null, normalizers: Tensor, scale: Tensor, dLogits: Tensor, options: LabelOptions): void;
  /** Position of the first target that is neither a class nor `ignoreIndex`, or -1. */
  invalidTarget(targets: Tensor, classes: number, ignoreIndex: number): number;

  // Batch norm of [N, C, ...]; vectors are [C]
  /** Gives the batch's mean and 1 / sqrt(variance + eps); moves running statistics by `momentum`, towards the unbiased variance. */
  batchNormTrain(
    x: Tensor, vectors: ChannelVectors, out: Tensor, mean: Tensor, inverseStd: Tensor, runningMean: Tensor | null, runningVar: Tensor | null,
    eps: number, momentum: number, epilogue: Epilogue,
  ): void;
  batchNormEval(x: Tensor, vectors: ChannelVectors, mean: Tensor, variance: Tensor, out: Tensor, eps: number, epilogue: Epilogue): void;
  batchNormBackward(dOut: Tensor, x: Tensor, weight: Tensor | null, mean: Tensor, inverseStd: Tensor, dX: Tensor, dWeight: Tensor, dBias: Tensor): void;
  batchNormEvalBackward(
    dOut: Tensor, x: Tensor, weight: Tensor | null, mean: Tensor, variance: Tensor, dX: Tensor, dWeight: Tensor, dBias: Tensor, eps: number,
  ): void;

  // By int32 indices along a dimension; negative ones count from the end
  /** Indices of one dimension: out[..., i, ...] = x[..., indices[i], ...]. */
  indexSelect(x: Tensor, indices: Tensor, out: Tensor, dim: number): void;
  /** Indices of out's shape, the sizes of which are x's but along `dim`. */
  gather(x: Tensor, indices: Tensor, out: Tensor, dim: number): void;
  /** Adds to what is in `out`, the opposite of `gather`. */
  scatterAdd(out: Tensor, indices: Tensor, src: Tensor, dim: number): void;
  /** Adds to what is in `out`, the opposite of `indexSelect`. */
  indexAdd(out: Tensor, indices: Tensor, src: Tensor, dim: number): void;
  /** Position of the first index outside [-size, size), or -1. */
  invalidIndex(indices: Tensor, size: number): number;

  // Random numbers, the same ones in every backend
  /** In [low, high). */
  randomUniform(out: Tensor, at: StreamPlace, low: number, high: number): void;
  randomNormal(out: Tensor, at: StreamPlace, mean: number, std: number): void;
  /** int32 in [low, high). */
  randomInt(out: Tensor, at: StreamPlace, low: number, high: number): void;
  /** `mask`, uint8: 1 where an element was kept, and divided by 1 - p. */
  dropout(x: Tensor, out: Tensor, mask: Tensor, p: number, at: StreamPlace): void;
  dropoutBackward(dOut: Tensor, mask: Tensor, dX: Tensor, p: number): void;

  // Steps of optimizers, in place
  sgdStep(parameter: Tensor, gradient: Tensor, buffer: Tensor | null, step: SgdStep): void;
  adamStep(parameter: Tensor, gradient: Tensor, m: Tensor, v: Tensor, maxV: Tensor | null, step: AdamStep): void;
}
