import { type NdArray, requireShape, zerosLike } from "./nd-array.ts";
import { type NormalizedRows, normalizeRows, normalizeRowsBackward } from "./normalize-rows.ts";

export interface LayerNormCache {
  readonly gamma: NdArray;
  readonly normalized: NormalizedRows;
}

/**
 * Normalises each example over its last dimensions, those of gamma; the same in training and evaluation.
 *
 * Shapes    x [..., ...D], gamma [...D], beta [...D] -> [..., ...D]
 * Throws    RangeError when x does not end in the shape of gamma, or beta differs from gamma
 * Source    Ba, Kiros and Hinton 2016, https://arxiv.org/abs/1607.06450
 */
export function layerNormForward(x: NdArray, gamma: NdArray, beta: NdArray, eps = 1e-5): { out: NdArray; cache: LayerNormCache } {
  const lead = x.shape.slice(0, Math.max(0, x.shape.length - gamma.shape.length));
  requireShape("layerNorm", "x", x, [...lead, ...gamma.shape]);
  requireShape("layerNorm", "beta", beta, gamma.shape);
  const rowLength = gamma.data.length;
  const normalized = normalizeRows(x, rowLength, eps);
  const out = zerosLike(x);
  for (let i = 0; i < out.data.length; i++) {
    out.data[i] = gamma.data[i % rowLength]! * normalized.xHat.data[i]! + beta.data[i % rowLength]!;
  }
  return { out, cache: { gamma, normalized } };
}

export function layerNormBackward(dOut: NdArray, cache: LayerNormCache): { dX: NdArray; dGamma: NdArray; dBeta: NdArray } {
  const { gamma, normalized } = cache;
  const { xHat, rowLength } = normalized;
  requireShape("layerNormBackward", "dOut", dOut, xHat.shape);
  const dGamma = zerosLike(gamma);
  const dBeta = zerosLike(gamma);
  const dXHat = zerosLike(xHat);
  for (let i = 0; i < dOut.data.length; i++) {
    dGamma.data[i % rowLength]! += dOut.data[i]! * xHat.data[i]!;
    dBeta.data[i % rowLength]! += dOut.data[i]!;
    dXHat.data[i] = dOut.data[i]! * gamma.data[i % rowLength]!;
  }
  return { dX: normalizeRowsBackward(dXHat, normalized), dGamma, dBeta };
}
