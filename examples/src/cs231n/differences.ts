import type { Tensor } from "tapegrad";

/** The course's measure, the largest |a - b| / max(1e-8, |a| + |b|); NaN where the shapes differ. */
export function relativeError(a: Tensor, b: Tensor): number {
  if (a.shape.join() !== b.shape.join()) return NaN;
  return a.sub(b).abs().div(a.abs().add(b.abs()).clamp({ min: 1e-8 })).max().item();
}

/** The largest |a - b|; NaN where the shapes differ. */
export function largestDifference(a: Tensor, b: Tensor): number {
  if (a.shape.join() !== b.shape.join()) return NaN;
  return a.sub(b).abs().max().item();
}
