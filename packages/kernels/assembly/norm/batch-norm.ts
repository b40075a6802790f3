/**
 * Batch norm of x [N, C, S] over N and S. The biased variance normalises, the unbiased one enters the running variance,
 * and running = (1 - momentum) running + momentum batch. Variances are combined from those of the segments (Chan, Golub
 * and LeVeque, 1979), never computed as E[x^2] - E[x]^2.
 */
import { SUM } from "../reduce/codes.generated";
import { moments, reduce } from "../reduce/reduce";
import { F32, F64, bytesOf } from "../runtime/dtype.generated";
import { freeTemporary, temporary } from "../runtime/memory";
import { takeRectify } from "../runtime/rectify";
import {
  evalGradSegments, normalizeSegments, segmentMoments, segmentProducts, segmentSums, trainGradSegments,
} from "./batch-norm-segments";

// @ts-ignore: decorator
@inline function at<T>(array: usize, i: i32): f64 {
  return <f64>load<T>(array + <usize>i * sizeof<T>());
}

// @ts-ignore: decorator
@inline function put<T>(array: usize, i: i32, value: f64): void {
  store<T>(array + <usize>i * sizeof<T>(), <T>value);
}

/** From the moments of N segments of S elements each to those of the channels. */
function combineMoments<T>(segmentMean: usize, segmentM2: usize, mean: usize, m2: usize, N: i32, C: i32, S: i32): void {
  for (let c = 0; c < C; c++) {
    let total: f64 = 0;
    for (let n = 0; n < N; n++) total += at<T>(segmentMean, n * C + c);
    const center = total / <f64>N;
    let squares: f64 = 0;
    for (let n = 0; n < N; n++) {
      const d = at<T>(segmentMean, n * C + c) - center;
      squares += at<T>(segmentM2, n * C + c) + d * d * <f64>S;
    }
    put<T>(mean, c, center);
    put<T>(m2, c, squares);
  }
}

/** Writes mean and sum of squared deviations of each channel. */
function channelMoments<T>(dtype: i32, x: usize, mean: usize, m2: usize, N: i32, C: i32, S: i32): void {
  if (S == 1) { moments(dtype, x, mean, m2, 1, N, C); return; }
  const bytes = <usize>N * C * sizeof<T>();
  const segments = temporary(bytes * 2);
  segmentMoments(dtype, x, segments, segments + bytes, N, C, S);
  combineMoments<T>(segments, segments + bytes, mean, m2, N, C, S);
  freeTemporary(segments);
}

function train<T>(
  dtype: i32, x: usize, out: usize, weight: usize, bias: usize, mean: usize, invStd: usize, runningMean: usize,
  runningVar: usize, N: i32, C: i32, S: i32, eps: f64, momentum: f64,
): void {
  const scale = temporary(<usize>C * sizeof<T>());
  channelMoments<T>(dtype, x, mean, scale, N, C, S);
  const count = <f64>N * <f64>S;
  for (let c = 0; c < C; c++) {
    const m2 = at<T>(scale, c);
    const inverse = 1 / Math.sqrt(m2 / count + eps);
    put<T>(invStd, c, inverse);
    put<T>(scale, c, weight != 0 ? inverse * at<T>(weight, c) : inverse);
    if (runningMean != 0) put<T>(runningMean, c, (1 - momentum) * at<T>(runningMean, c) + momentum * at<T>(mean, c));
    if (runningVar != 0) put<T>(runningVar, c, (1 - momentum) * at<T>(runningVar, c) + momentum * (m2 / (count - 1)));
  }
  normalizeSegments(dtype, x, out, mean, scale, bias, takeRectify(), N, C, S);
  freeTemporary(scale);
}

export function batchNormTrain(
  dtype: i32, x: usize, out: usize, weight: usize, bias: usize, mean: usize, invStd: usize, runningMean: usize,
  runningVar: usize, N: i32, C: i32, S: i32, eps: f64, momentum: f64,
): void {
  if (dtype == F32) train<f32>(dtype, x, out, weight, bias, mean, invStd, runningMean, runningVar, N, C, S, eps, momentum);
  else if (dtype == F64) train<f64>(dtype, x, out, weight, bias, mean, invStd, runningMean, runningVar, N, C, S, eps, momentum);
  else unreachable();
}

function inverseDeviations<T>(variance: usize, out: usize, C: i32, eps: f64): void {
  for (let c = 0; c < C; c++) put<T>(out, c, 1 / Math.sqrt(at<T>(variance, c) + eps));
}

/** out = weight invStd, or invStd alone. */
function scales<T>(weight: usize, invStd: usize, out: usize, C: i32): void {
  for (let c = 0; c < C; c++) put<T>(out, c, weight != 0 ? at<T>(weight, c) * at<T>(invStd, c) : at<T>(invStd, c));
}

function evaluate<T>(
  dtype: i32, x: usize, out: usize, weight: usize, bias: usize, mean: usize, variance: usize, N: i32, C: i32, S: i32, eps: f64,
): void {
  const scale = temporary(<usize>C * sizeof<T>());
  inverseDeviations<T>(variance, scale, C, eps);
  scales<T>(weight, scale, scale, C);
  normalizeSegments(dtype, x, out, mean, scale, bias, takeRectify(), N, C, S);
  freeTemporary(scale);
}

export function batchNormEval(
  dtype: i32, x: usize, out: usize, weight: usize, bias: usize, runningMean: usize, runningVar: usize, N: i32, C: i32, S: i32,
  eps: f64,
): void {
  if (dtype == F32) evaluate<f32>(dtype, x, out, weight, bias, runningMean, runningVar, N, C, S, eps);
  else if (dtype == F64) evaluate<f64>(dtype, x, out, weight, bias, runningMean, runningVar, N, C, S, eps);
  else unreachable();
}

/** sum(dOut) and sum(dOut (x - mean)) of each channel. */
function channelSums(
  dtype: i32, dOut: usize, x: usize, mean: usize, sum: usize, product: usize, N: i32, C: i32, S: i32,
): void {
  if (S == 1) {
    const products = temporary(<usize>N * C * bytesOf(dtype));
    segmentProducts(dtype, dOut, x, mean, products, N, C, S);
    reduce(SUM, dtype, dOut, sum, 1, N, C);
    reduce(SUM, dtype, products, product, 1, N, C);
    freeTemporary(products);
    return;
  }
  const bytes = <usize>N * C * bytesOf(dtype);
  const segments = temporary(bytes * 2);
  segmentSums(dtype, dOut, x, mean, segments, segments + bytes, N, C, S);
  reduce(SUM, dtype, segments, sum, 1, N, C);
  reduce(SUM, dtype, segments + bytes, product, 1, N, C);
  freeTemporary(segments);
}

function backward<T>(
  dtype: i32, dOut: usize, x: usize, weight: usize, mean: usize, invStd: usize, dX: usize, dWeight: usize, dBias: usize,
  N: i32, C: i32, S: i32, isTraining: bool,
): void {
  const bytes = <usize>C * sizeof<T>();
  const sum = temporary(bytes * 3), product = sum + bytes, scale = product + bytes;
  if (isTraining || dWeight != 0 || dBias != 0) channelSums(dtype, dOut, x, mean, sum, product, N, C, S);
  scales<T>(weight, invStd, scale, C);
  const count = <f64>N * <f64>S;
  for (let c = 0; c < C; c++) {
    const inverse = at<T>(invStd, c);
    if (dWeight != 0) put<T>(dWeight, c, at<T>(product, c) * inverse);
    if (dBias != 0) put<T>(dBias, c, at<T>(sum, c));
    put<T>(sum, c, at<T>(sum, c) / count);
    put<T>(product, c, at<T>(product, c) * inverse * inverse / count);
  }
  if (dX != 0) {
    if (isTraining) trainGradSegments(dtype, dOut, x, dX, mean, scale, sum, product, N, C, S);
    else evalGradSegments(dtype, dOut, dX, scale, N, C, S);
  }
  freeTemporary(sum);
}

/** Gradients of `batchNormTrain`, whose mean and variance depend on x. */
export function batchNormBackward(
  dtype: i32, dOut: usize, x: usize, weight: usize, mean: usize, invStd: usize, dX: usize, dWeight: usize, dBias: usize,
  N: i32, C: i32, S: i32,
): void {
  if (dtype == F32) backward<f32>(dtype, dOut, x, weight, mean, invStd, dX, dWeight, dBias, N, C, S, true);
  else if (dtype == F64) backward<f64>(dtype, dOut, x, weight, mean, invStd, dX, dWeight, dBias, N, C, S, true);
  else unreachable();
}

/** Gradients of `batchNormEval`, whose statistics are constants. */
export function batchNormEvalBackward(
  dtype: i32, dOut: usize, x: usize, weight: usize, runningMean: usize, runningVar: usize, dX: usize, dWeight: usize,
  dBias: usize, N: i32, C: i32, S: i32, eps: f64,
): void {
  const invStd = temporary(<usize>C * bytesOf(dtype));
  if (dtype == F32) {
    inverseDeviations<f32>(runningVar, invStd, C, eps);
    backward<f32>(dtype, dOut, x, weight, runningMean, invStd, dX, dWeight, dBias, N, C, S, false);
  } else if (dtype == F64) {
    inverseDeviations<f64>(runningVar, invStd, C, eps);
    backward<f64>(dtype, dOut, x, weight, runningMean, invStd, dX, dWeight, dBias, N, C, S, false);
  } else unreachable();
  freeTemporary(invStd);
}
