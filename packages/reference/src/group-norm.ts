import { type NdArray, requireRank4, requireShape, zerosLike } from "./nd-array.ts";
import { type NormalizedRows, normalizeRows, normalizeRowsBackward } from "./normalize-rows.ts";

export interface GroupNormCache {
  readonly gamma: NdArray;
  /** The channel to which an element belongs. */
  readonly channelOf: (element: number) => number;
  readonly normalized: NormalizedRows;
}

/**
 * Spatial group normalisation: each example is normalised over groups of neighbouring channels, with their pixels.
 *
 * Shapes    x [N, C, H, W], gamma [C], beta [C] -> [N, C, H, W]
 * Throws    RangeError when the groups do not divide the channels, and for other shapes
 * Source    Wu and He 2018, https://arxiv.org/abs/1803.08494
 */
export function groupNormForward(
  x: NdArray,
  gamma: NdArray,
  beta: NdArray,
  groups: number,
  eps = 1e-5,
): { out: NdArray; cache: GroupNormCache } {
  const [, channels, height, width] = requireRank4("groupNorm", "x", x);
  requireShape("groupNorm", "gamma", gamma, [channels]);
  requireShape("groupNorm", "beta", beta, [channels]);
  if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0) {
    throw new RangeError(`groupNorm: groups = ${groups} must divide the ${channels} channels of x`);
  }
  const channelOf = (element: number): number => Math.floor(element / (height * width)) % channels;
  const normalized = normalizeRows(x, (channels / groups) * height * width, eps);
  const out = zerosLike(x);
  for (let i = 0; i < out.data.length; i++) {
    out.data[i] = gamma.data[channelOf(i)]! * normalized.xHat.data[i]! + beta.data[channelOf(i)]!;
  }
  return { out, cache: { gamma, channelOf, normalized } };
}

export function groupNormBackward(dOut: NdArray, cache: GroupNormCache): { dX: NdArray; dGamma: NdArray; dBeta: NdArray } {
  const { gamma, channelOf, normalized } = cache;
  requireShape("groupNormBackward", "dOut", dOut, normalized.xHat.shape);
  const dGamma = zerosLike(gamma);
  const dBeta = zerosLike(gamma);
  const dXHat = zerosLike(dOut);
  for (let i = 0; i < dOut.data.length; i++) {
    const channel = channelOf(i);
    dGamma.data[channel]! += dOut.data[i]! * normalized.xHat.data[i]!;
    dBeta.data[channel]! += dOut.data[i]!;
    dXHat.data[i] = dOut.data[i]! * gamma.data[channel]!;
  }
  return { dX: normalizeRowsBackward(dXHat, normalized), dGamma, dBeta };
}
