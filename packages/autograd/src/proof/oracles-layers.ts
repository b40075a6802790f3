import {
  avgPool2dBackward,
  avgPool2dForward,
  batchNormEvalForward,
  batchNormForward,
  conv2dBackward,
  conv2dForward,
  crossEntropyForward,
  full,
  linearForward,
  logSoftmaxBackward,
  logSoftmaxForward,
  map,
  maxPool2dBackward,
  maxPool2dForward,
  permute,
  reduce,
  reshape,
  softmaxBackward,
  softmaxForward,
  zeros,
  type AvgPool2dOptions,
  type Conv2dCache,
  type NdArray,
} from "@tapegrad/reference";
import type { Bound } from "./expect-values.ts";
import { exactly, epsilon, input, type Oracle, type OracleCall } from "./oracle.ts";
import { largest, productBound } from "./oracles-reduce.ts";

type Pair = readonly [number, number];

interface ConvAttrs {
  readonly stride: Pair;
  readonly before: Pair;
  readonly dilation: Pair;
  readonly groups: number;
  readonly outSize: Pair;
  readonly shape: readonly number[];
}

interface PoolAttrs {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
  readonly outSize: Pair;
  readonly countIncludePad: boolean;
  readonly divisorOverride: number;
  readonly shape: readonly number[];
}

const magnitudes = (x: NdArray): NdArray => map(Math.abs, x);
const rounded = (units: number) => (call: OracleCall): Bound => ({ rtol: units * epsilon(call.out.dtype), atol: units * epsilon(call.out.dtype) });

function conv(x: NdArray, w: NdArray, b: NdArray | null, { stride, before, dilation, groups }: ConvAttrs): { out: NdArray; cache: Conv2dCache } {
  return conv2dForward(x, w, b, { stride, padding: before, dilation, groups });
}

/** Winograd's transforms of 3x3 kernels cost accuracy beyond that of the plain sum: a factor of 8 covers F(2x2) and F(4x4). */
const transformLoss = 8;

function convBound(run: (x: NdArray, w: NdArray, b: NdArray | null) => NdArray, count: (call: OracleCall) => number) {
  return (call: OracleCall): Bound => {
    const [a, b, bias] = call.inputs.map((x) => (x === null ? null : magnitudes(x)));
    return productBound(transformLoss * count(call), largest(run(a as NdArray, b as NdArray, bias ?? null)), call);
  };
}

function runConv(call: OracleCall, x: NdArray, w: NdArray, b: NdArray | null): NdArray {
  return conv(x, w, b, call.attrs as ConvAttrs).out;
}

function runInputGrad(call: OracleCall, dOut: NdArray, w: NdArray): NdArray {
  const attrs = call.attrs as ConvAttrs;
  return conv2dBackward(dOut, conv(zeros(attrs.shape), w, null, attrs).cache).dX;
}

function runWeightGrad(call: OracleCall, dOut: NdArray, x: NdArray): NdArray {
  const attrs = call.attrs as ConvAttrs;
  return conv2dBackward(dOut, conv(x, zeros(attrs.shape), null, attrs).cache).dW;
}

const products = (shape: readonly number[]): number => shape.reduce((size, n) => size * n, 1);

/** [C, H, W] counts as one image. */
const images = (x: NdArray): NdArray => (x.shape.length === 3 ? reshape(x, [1, ...x.shape]) : x);

function ceilMode(shape: readonly number[], { kernel, stride, padding, dilation, outSize }: PoolAttrs): boolean {
  return outSize.some((size, i) => {
    const room = (shape.at(i - 2) as number) + 2 * (padding[i] as number) - (dilation[i] as number) * ((kernel[i] as number) - 1) - 1;
    return Math.floor(room / (stride[i] as number)) + 1 !== size;
  });
}

function averageOptions(shape: readonly number[], attrs: PoolAttrs): AvgPool2dOptions {
  const { stride, padding, countIncludePad, divisorOverride } = attrs;
  return { stride, padding, ceilMode: ceilMode(shape, attrs), countIncludePad, ...(divisorOverride === 0 ? {} : { divisorOverride }) };
}

/** x [N, C, ...] as rows of channels [N * S, C], and back. */
function channelRows(x: NdArray): NdArray {
  const [n = 0, c = 0, ...rest] = x.shape;
  return reshape(permute(reshape(x, [n, c, products(rest)]), [0, 2, 1]), [n * products(rest), c]);
}

function fromChannelRows(rows: NdArray, shape: readonly number[]): NdArray {
  const [n = 0, c = 0, ...rest] = shape;
  return reshape(permute(reshape(rows, [n, products(rest), c]), [0, 2, 1]), shape);
}

function normalised(call: OracleCall, run: (rows: NdArray, gamma: NdArray, beta: NdArray) => NdArray): NdArray {
  const x = input(call, 0);
  if (x.data.length === 0) return x;
  const channels = [x.shape[1] as number];
  return fromChannelRows(run(channelRows(x), call.inputs[1] ?? full(1, channels), call.inputs[2] ?? zeros(channels)), x.shape);
}

interface NormStatistics {
  readonly inverseStd: Float64Array;
  /** Whether mean and variance are the batch's own, which depend on x. */
  readonly isTraining: boolean;
}

/** The gradients of x, weight and bias for given statistics; inputs dOut, x, weight, mean. */
function normGradients(op: string, statistics: (call: OracleCall) => NormStatistics): Readonly<Record<string, Oracle>> {
  const all = (call: OracleCall): readonly [NdArray, NdArray, NdArray] => {
    const [dOut, x] = [input(call, 0), input(call, 1)];
    const { inverseStd, isTraining } = statistics(call);
    const channels = x.shape[1] as number;
    if (x.data.length === 0) return [x, zeros([channels]), zeros([channels])];
    const [g, rows, mean] = [channelRows(dOut), channelRows(x), input(call, 3).data];
    const weight = call.inputs[2]?.data;
    const [dX, dWeight, dBias] = [zeros(rows.shape), zeros([channels]), zeros([channels])];
    const n = rows.shape[0] as number;
    const xHat = (i: number, c: number): number => ((rows.data[i * channels + c] as number) - (mean[c] as number)) * (inverseStd[c] as number);
    for (let c = 0; c < channels; c++) {
      for (let i = 0; i < n; i++) {
        dBias.data[c] = (dBias.data[c] as number) + (g.data[i * channels + c] as number);
        dWeight.data[c] = (dWeight.data[c] as number) + (g.data[i * channels + c] as number) * xHat(i, c);
      }
      for (let i = 0; i < n; i++) {
        const through = isTraining ? ((dBias.data[c] as number) + xHat(i, c) * (dWeight.data[c] as number)) / n : 0;
        dX.data[i * channels + c] = (weight?.[c] ?? 1) * (inverseStd[c] as number) * ((g.data[i * channels + c] as number) - through);
      }
    }
    return [fromChannelRows(dX, x.shape), dWeight, dBias];
  };
  return Object.fromEntries(["dX", "dWeight", "dBias"].map((name, k) => [`${op}.${name}`, { run: (call: OracleCall) => all(call)[k] as NdArray, bound: rounded(64), exactOnIntegers: false }]));
}

export const layerOracles: Readonly<Record<string, Oracle>> = {
  linear: {
    run: (call) => linearForward(input(call, 0), input(call, 1), call.inputs[2] ?? null).out,
    bound: (call) => {
      const [x, w, b] = call.inputs.map((v) => (v === null ? null : magnitudes(v)));
      return productBound((x as NdArray).shape[1] as number, largest(linearForward(x as NdArray, w as NdArray, b ?? null).out), call);
    },
    exactOnIntegers: true,
  },
  conv2d: {
    run: (call) => runConv(call, input(call, 0), input(call, 1), call.inputs[2] ?? null),
    bound: (call) => convBound((x, w, b) => runConv(call, x, w, b), () => products(input(call, 1).shape.slice(1)))(call),
    exactOnIntegers: true,
  },
  conv2dInputGrad: {
    run: (call) => runInputGrad(call, input(call, 0), input(call, 1)),
    bound: (call) => convBound((dOut, w) => runInputGrad(call, dOut, w), () => products(input(call, 1).shape) / (input(call, 1).shape[1] ?? 1))(call),
    exactOnIntegers: true,
  },
  conv2dWeightGrad: {
    run: (call) => runWeightGrad(call, input(call, 0), input(call, 1)),
    bound: (call) => convBound((dOut, x) => runWeightGrad(call, dOut, x), () => products(input(call, 0).shape) / (input(call, 0).shape[1] ?? 1))(call),
    exactOnIntegers: true,
  },
  "conv2dWeightBiasGrad.weight": {
    run: (call) => runWeightGrad(call, input(call, 0), input(call, 1)),
    bound: (call) => convBound((dOut, x) => runWeightGrad(call, dOut, x), () => products(input(call, 0).shape) / (input(call, 0).shape[1] ?? 1))(call),
    exactOnIntegers: true,
  },
  "conv2dWeightBiasGrad.bias": {
    run: (call) => reduce("sum", input(call, 0), { dims: [0, 2, 3] }),
    bound: (call) => productBound(products(input(call, 0).shape) / (input(call, 0).shape[1] ?? 1), largest(reduce("sum", magnitudes(input(call, 0)), { dims: [0, 2, 3] })), call),
    exactOnIntegers: true,
  },
  maxPool2d: exactly((call) => {
    const attrs = call.attrs as PoolAttrs;
    const x = images(input(call, 0));
    const { kernel, stride, padding, dilation } = attrs;
    return reshape(maxPool2dForward(x, kernel, { stride, padding, dilation, ceilMode: ceilMode(x.shape, attrs) }).out, call.out.shape);
  }),
  maxPool2dBackward: exactly((call) => {
    const [dOut, indices] = [images(input(call, 0)), images(input(call, 1))];
    const { shape } = call.attrs as PoolAttrs;
    return reshape(maxPool2dBackward(dOut, { xShape: shape, indices }).dX, shape);
  }),
  avgPool2d: {
    run: (call) => {
      const attrs = call.attrs as PoolAttrs;
      const x = images(input(call, 0));
      return reshape(avgPool2dForward(x, attrs.kernel, averageOptions(x.shape, attrs)).out, call.out.shape);
    },
    bound: rounded(4),
    exactOnIntegers: false,
  },
  avgPool2dBackward: {
    run: (call) => {
      const attrs = call.attrs as PoolAttrs;
      const dOut = images(input(call, 0));
      const x = images(zeros(attrs.shape));
      return reshape(avgPool2dBackward(dOut, avgPool2dForward(x, attrs.kernel, averageOptions(x.shape, attrs)).cache).dX, attrs.shape);
    },
    bound: rounded(4),
    exactOnIntegers: false,
  },
  softmax: { run: (call) => softmaxForward(input(call, 0), (call.attrs as { dim: number }).dim).out, bound: rounded(4), exactOnIntegers: false },
  logSoftmax: { run: (call) => logSoftmaxForward(input(call, 0), (call.attrs as { dim: number }).dim).out, bound: rounded(4), exactOnIntegers: false },
  softmaxBackward: {
    run: (call) => {
      const y = input(call, 1);
      return softmaxBackward(input(call, 0), { ...softmaxForward(y, (call.attrs as { dim: number }).dim).cache, out: y }).dX;
    },
    // The row's sum of products takes part in every element.
    bound: (call) => rounded(4 * Math.max(1, Math.sqrt(input(call, 0).data.length)))(call),
    exactOnIntegers: false,
  },
  logSoftmaxBackward: {
    run: (call) => {
      const y = input(call, 1);
      return logSoftmaxBackward(input(call, 0), { ...logSoftmaxForward(y, (call.attrs as { dim: number }).dim).cache, out: y }).dX;
    },
    bound: (call) => rounded(4 * Math.max(1, Math.sqrt(input(call, 0).data.length)))(call),
    exactOnIntegers: false,
  },
  batchNorm: {
    run: (call) => normalised(call, (rows, gamma, beta) => batchNormForward(rows, gamma, beta, (call.attrs as { eps: number }).eps).out),
    bound: rounded(32),
    exactOnIntegers: false,
  },
  batchNormEval: {
    run: (call) => {
      const { eps } = call.attrs as { eps: number };
      return normalised(call, (rows, gamma, beta) => batchNormEvalForward(rows, gamma, beta, input(call, 3), input(call, 4), eps).out);
    },
    bound: rounded(16),
    exactOnIntegers: false,
  },
  ...normGradients("batchNormBackward", (call) => ({ inverseStd: input(call, 4).data, isTraining: true })),
  ...normGradients("batchNormEvalBackward", (call) => {
    const { eps } = call.attrs as { eps: number };
    return { inverseStd: input(call, 4).data.map((variance) => 1 / Math.sqrt(variance + eps)), isTraining: false };
  }),
  crossEntropyBackward: {
    run: (call) => {
      const { ignoreIndex, labelSmoothing } = call.attrs as { ignoreIndex: number; labelSmoothing: number };
      const [scale, logits, targets, normalizers] = [input(call, 0), input(call, 1), input(call, 2), input(call, 4)];
      const [rows, classes] = logits.shape as [number, number];
      const weights = call.inputs[3] ?? full(1, [classes]);
      const weightSum = weights.data.reduce((sum, weight) => sum + weight, 0);
      const out = zeros(logits.shape);
      for (let row = 0; row < rows; row++) {
        const target = targets.data[row] as number;
        if (target === ignoreIndex) continue;
        const [top, total] = [normalizers.data[2 * row] as number, normalizers.data[2 * row + 1] as number];
        for (let j = 0; j < classes; j++) {
          const p = Math.exp((logits.data[row * classes + j] as number) - top) / total;
          const hard = (1 - labelSmoothing) * (weights.data[target] as number) * (p - (j === target ? 1 : 0));
          const soft = (labelSmoothing / classes) * (p * weightSum - (weights.data[j] as number));
          out.data[row * classes + j] = (scale.data[row] as number) * (hard + soft);
        }
      }
      return out;
    },
    bound: rounded(16),
    exactOnIntegers: false,
  },
  crossEntropy: {
    run: (call) => {
      const { ignoreIndex, labelSmoothing, reduction } = call.attrs as { ignoreIndex: number; labelSmoothing: number; reduction: "mean" | "sum" | "none" };
      const weight = call.inputs[2];
      return crossEntropyForward(input(call, 0), input(call, 1).data, { ignoreIndex, labelSmoothing, reduction, ...(weight === null || weight === undefined ? {} : { weight: weight.data }) }).out;
    },
    bound: rounded(16),
    exactOnIntegers: false,
  },
};
