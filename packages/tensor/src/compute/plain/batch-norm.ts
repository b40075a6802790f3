import type { NumberArray } from "@tapegrad/kernels";
import { sizeOf } from "../../shape.ts";
import type { Tensor } from "../../tensor.ts";
import type { ChannelVectors, Epilogue } from "../backend.ts";
import { numbersOf, rectified } from "./elements.ts";
import { sumOf } from "./reduce.ts";

/** Where the elements of a channel of x [N, C, ...] are: the k-th of them, for k below `count`. */
interface Channels {
  readonly channels: number;
  readonly count: number;
  readonly at: (channel: number, k: number) => number;
}

function channelsOf({ shape }: Tensor): Channels {
  const [images = 0, channels = 0] = shape, size = sizeOf(shape.slice(2));
  return { channels, count: images * size, at: (channel, k) => (Math.floor(k / size) * channels + channel) * size + (k % size) };
}

const maybeNumbersOf = (x: Tensor | null): NumberArray | null => (x === null ? null : numbersOf(x));

/** out = (x - center) inverse weight + bias, for one channel. */
function normalize(x: Tensor, { weight, bias }: ChannelVectors, out: Tensor, channel: number, center: number, inverse: number, epilogue: Epilogue): void {
  const { count, at } = channelsOf(x), from = numbersOf(x), to = numbersOf(out);
  const scale = inverse * (maybeNumbersOf(weight)?.[channel] ?? 1), shift = maybeNumbersOf(bias)?.[channel] ?? 0;
  for (let k = 0; k < count; k++) {
    const i = at(channel, k), value = ((from[i] as number) - center) * scale + shift;
    to[i] = epilogue === "relu" ? rectified(value) : value;
  }
}

/** The biased variance normalises, the unbiased one is kept. */
export function batchNormTrain(
  x: Tensor, vectors: ChannelVectors, out: Tensor, mean: Tensor, inverseStd: Tensor, runningMean: Tensor | null, runningVar: Tensor | null,
  eps: number, momentum: number, epilogue: Epilogue,
): void {
  const { channels, count, at } = channelsOf(x), from = numbersOf(x), means = numbersOf(mean), inverses = numbersOf(inverseStd);
  const moves = (running: NumberArray | null, channel: number, value: number): void => {
    if (running !== null) running[channel] = (1 - momentum) * (running[channel] as number) + momentum * value;
  };
  for (let c = 0; c < channels; c++) {
    const center = sumOf((k) => from[at(c, k)] as number, 0, count) / count;
    const squares = sumOf((k) => ((from[at(c, k)] as number) - center) * ((from[at(c, k)] as number) - center), 0, count);
    const inverse = 1 / Math.sqrt(squares / count + eps);
    means[c] = center;
    inverses[c] = inverse;
    moves(maybeNumbersOf(runningMean), c, center);
    moves(maybeNumbersOf(runningVar), c, squares / (count - 1));
    normalize(x, vectors, out, c, center, inverse, epilogue);
  }
}

export function batchNormEval(x: Tensor, vectors: ChannelVectors, mean: Tensor, variance: Tensor, out: Tensor, eps: number, epilogue: Epilogue): void {
  const { channels } = channelsOf(x), means = numbersOf(mean), variances = numbersOf(variance);
  for (let c = 0; c < channels; c++) normalize(x, vectors, out, c, means[c] as number, 1 / Math.sqrt((variances[c] as number) + eps), epilogue);
}

/** Gradients of the vectors of one channel: sum(dOut (x - mean)) / std and sum(dOut). */
function sumsOf(dOut: Tensor, x: Tensor, channel: number, center: number): { products: number; sum: number } {
  const { count, at } = channelsOf(x), gradient = numbersOf(dOut), from = numbersOf(x);
  const products = sumOf((k) => (gradient[at(channel, k)] as number) * ((from[at(channel, k)] as number) - center), 0, count);
  return { products, sum: sumOf((k) => gradient[at(channel, k)] as number, 0, count) };
}

/** Of the batch's own statistics, which depend on x. */
export function batchNormBackward(
  dOut: Tensor, x: Tensor, weight: Tensor | null, mean: Tensor, inverseStd: Tensor, dX: Tensor, dWeight: Tensor, dBias: Tensor,
): void {
  const { channels, count, at } = channelsOf(x), gradient = numbersOf(dOut), from = numbersOf(x), to = numbersOf(dX);
  const means = numbersOf(mean), inverses = numbersOf(inverseStd), weights = maybeNumbersOf(weight);
  const toWeight = numbersOf(dWeight), toBias = numbersOf(dBias);
  for (let c = 0; c < channels; c++) {
    const center = means[c] as number, inverse = inverses[c] as number, { products, sum } = sumsOf(dOut, x, c, center);
    toWeight[c] = products * inverse;
    toBias[c] = sum;
    const scale = inverse * (weights?.[c] ?? 1), slope = (products * inverse * inverse) / count;
    for (let k = 0; k < count; k++) {
      const i = at(c, k);
      to[i] = ((gradient[i] as number) - sum / count - ((from[i] as number) - center) * slope) * scale;
    }
  }
}

/** Of statistics that are constants. */
export function batchNormEvalBackward(
  dOut: Tensor, x: Tensor, weight: Tensor | null, mean: Tensor, variance: Tensor, dX: Tensor, dWeight: Tensor, dBias: Tensor, eps: number,
): void {
  const { channels, count, at } = channelsOf(x), gradient = numbersOf(dOut), to = numbersOf(dX);
  const means = numbersOf(mean), variances = numbersOf(variance), weights = maybeNumbersOf(weight);
  const toWeight = numbersOf(dWeight), toBias = numbersOf(dBias);
  for (let c = 0; c < channels; c++) {
    const inverse = 1 / Math.sqrt((variances[c] as number) + eps), { products, sum } = sumsOf(dOut, x, c, means[c] as number);
    toWeight[c] = products * inverse;
    toBias[c] = sum;
    for (let k = 0; k < count; k++) to[at(c, k)] = (gradient[at(c, k)] as number) * inverse * (weights?.[c] ?? 1);
  }
}
