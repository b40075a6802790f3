import { type NdArray, requireShape, zeros, zerosLike } from "./nd-array.ts";

/** Everything the forward pass computes on its way, one array per node of its graph. */
export interface BatchNormCache {
  readonly gamma: NdArray;
  /** x - mean, [N, D]. */
  readonly centered: NdArray;
  /** Biased variance per feature, [D]. */
  readonly variance: NdArray;
  /** sqrt(variance + eps), [D]. */
  readonly deviation: NdArray;
  /** centered / deviation, [N, D]. */
  readonly xHat: NdArray;
}

export interface BatchNormGradients {
  readonly dX: NdArray;
  readonly dGamma: NdArray;
  readonly dBeta: NdArray;
}

export interface BatchNormForward {
  readonly out: NdArray;
  readonly cache: BatchNormCache;
  /** Mean and biased variance of the batch, [D] each: what updateRunningStatistics takes. */
  readonly mean: NdArray;
  readonly variance: NdArray;
}

/**
 * Batch normalisation in training: every feature gets mean 0 and variance 1 over the batch, then scale and shift.
 *
 * Shapes    x [N, D], gamma [D], beta [D] -> [N, D]
 * Throws    RangeError for a batch of one example, and for shapes that do not agree
 * Source    Ioffe and Szegedy 2015, https://arxiv.org/abs/1502.03167
 */
export function batchNormForward(x: NdArray, gamma: NdArray, beta: NdArray, eps = 1e-5): BatchNormForward {
  const [examples, features] = requireFeatures("batchNorm", x, { gamma, beta });
  if (examples === 1) throw new RangeError(`batchNorm: x.shape = [${x.shape.join(", ")}] has one value per feature, training needs 2`);
  const mean = zeros([features]);
  const variance = zeros([features]);
  const deviation = zeros([features]);
  const centered = zerosLike(x);
  const xHat = zerosLike(x);
  const out = zerosLike(x);
  for (let d = 0; d < features; d++) {
    let sum = 0;
    for (let n = 0; n < examples; n++) sum += x.data[n * features + d]!;
    mean.data[d] = sum / examples;

    let squares = 0;
    for (let n = 0; n < examples; n++) {
      centered.data[n * features + d] = x.data[n * features + d]! - mean.data[d]!;
      squares += centered.data[n * features + d]! ** 2;
    }
    variance.data[d] = squares / examples;
    deviation.data[d] = Math.sqrt(variance.data[d]! + eps);

    for (let n = 0; n < examples; n++) {
      xHat.data[n * features + d] = centered.data[n * features + d]! / deviation.data[d]!;
      out.data[n * features + d] = gamma.data[d]! * xHat.data[n * features + d]! + beta.data[d]!;
    }
  }
  return { out, cache: { gamma, centered, variance, deviation, xHat }, mean, variance };
}

/** Backward by walking the computation graph of the forward pass from its end, one node at a time. */
export function batchNormBackward(dOut: NdArray, cache: BatchNormCache): BatchNormGradients {
  const { gamma, centered, deviation, xHat } = cache;
  requireShape("batchNormBackward", "dOut", dOut, xHat.shape);
  const [examples = 0, features = 0] = xHat.shape;
  const dX = zerosLike(xHat);
  const dGamma = zerosLike(gamma);
  const dBeta = zerosLike(gamma);
  for (let d = 0; d < features; d++) {
    const s = deviation.data[d]!;
    const dCentered = new Float64Array(examples);
    let dInverse = 0;
    for (let n = 0; n < examples; n++) {
      const i = n * features + d;
      // out = gamma * xHat + beta
      dGamma.data[d]! += dOut.data[i]! * xHat.data[i]!;
      dBeta.data[d]! += dOut.data[i]!;
      const dXHat = dOut.data[i]! * gamma.data[d]!;
      // xHat = centered * inverse
      dCentered[n] = dXHat / s;
      dInverse += dXHat * centered.data[i]!;
    }
    // inverse = 1 / s
    const dDeviation = -dInverse / s ** 2;
    // s = sqrt(variance + eps)
    const dVariance = dDeviation / (2 * s);
    // variance = mean of centered²
    for (let n = 0; n < examples; n++) dCentered[n]! += (dVariance * 2 * centered.data[n * features + d]!) / examples;
    // centered = x - mean
    let dMean = 0;
    for (let n = 0; n < examples; n++) dMean -= dCentered[n]!;
    // mean = sum of x / N
    for (let n = 0; n < examples; n++) dX.data[n * features + d] = dCentered[n]! + dMean / examples;
  }
  return { dX, dGamma, dBeta };
}

/** The same gradient, simplified on paper: dX = gamma / (N deviation) * (N dOut - dBeta - xHat dGamma). */
export function batchNormBackwardSimplified(dOut: NdArray, cache: BatchNormCache): BatchNormGradients {
  const { gamma, deviation, xHat } = cache;
  requireShape("batchNormBackwardSimplified", "dOut", dOut, xHat.shape);
  const [examples = 0, features = 0] = xHat.shape;
  const dX = zerosLike(xHat);
  const { dGamma, dBeta } = scaleAndShiftGradients(dOut, xHat);
  for (let i = 0; i < dX.data.length; i++) {
    const d = i % features;
    const scale = gamma.data[d]! / (examples * deviation.data[d]!);
    dX.data[i] = scale * (examples * dOut.data[i]! - dBeta.data[d]! - xHat.data[i]! * dGamma.data[d]!);
  }
  return { dX, dGamma, dBeta };
}

export type BatchNormEvalCache = Pick<BatchNormCache, "gamma" | "deviation" | "xHat">;

/**
 * Batch normalisation in evaluation: the running statistics stand in for those of the batch.
 *
 * Shapes    x [N, D], gamma, beta, runningMean, runningVariance [D] -> [N, D]
 */
export function batchNormEvalForward(
  x: NdArray,
  gamma: NdArray,
  beta: NdArray,
  runningMean: NdArray,
  runningVariance: NdArray,
  eps = 1e-5,
): { out: NdArray; cache: BatchNormEvalCache } {
  const [, features] = requireFeatures("batchNormEval", x, { gamma, beta, runningMean, runningVariance });
  const deviation = zeros([features]);
  for (let d = 0; d < features; d++) deviation.data[d] = Math.sqrt(runningVariance.data[d]! + eps);
  const xHat = zerosLike(x);
  const out = zerosLike(x);
  for (let i = 0; i < x.data.length; i++) {
    const d = i % features;
    xHat.data[i] = (x.data[i]! - runningMean.data[d]!) / deviation.data[d]!;
    out.data[i] = gamma.data[d]! * xHat.data[i]! + beta.data[d]!;
  }
  return { out, cache: { gamma, deviation, xHat } };
}

/** Gradient  dX = dOut gamma / deviation: the statistics are constants here. */
export function batchNormEvalBackward(dOut: NdArray, cache: BatchNormEvalCache): BatchNormGradients {
  const { gamma, deviation, xHat } = cache;
  requireShape("batchNormEvalBackward", "dOut", dOut, xHat.shape);
  const [, features = 0] = xHat.shape;
  const dX = zerosLike(xHat);
  for (let i = 0; i < dX.data.length; i++) dX.data[i] = (dOut.data[i]! * gamma.data[i % features]!) / deviation.data[i % features]!;
  return { dX, ...scaleAndShiftGradients(dOut, xHat) };
}

function scaleAndShiftGradients(dOut: NdArray, xHat: NdArray): { dGamma: NdArray; dBeta: NdArray } {
  const [, features = 0] = xHat.shape;
  const dGamma = zeros([features]);
  const dBeta = zeros([features]);
  for (let i = 0; i < dOut.data.length; i++) {
    dGamma.data[i % features]! += dOut.data[i]! * xHat.data[i]!;
    dBeta.data[i % features]! += dOut.data[i]!;
  }
  return { dGamma, dBeta };
}

function requireFeatures(op: string, x: NdArray, perFeature: Readonly<Record<string, NdArray>>): readonly [number, number] {
  const [examples = 0, features = 0] = x.shape;
  requireShape(op, "x", x, [examples, features]);
  for (const [name, values] of Object.entries(perFeature)) requireShape(op, name, values, [features]);
  return [examples, features];
}
