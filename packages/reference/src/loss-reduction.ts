import type { Reduction } from "./class-targets.ts";
import { type NdArray, ndarray, requireShape } from "./nd-array.ts";

/** Turns single losses into what the caller asked for; `count` is what the mean divides by. */
export function reduceLosses(losses: NdArray, reduction: Reduction, count: number): NdArray {
  if (reduction === "none") return losses;
  const sum = losses.data.reduce((total, loss) => total + loss, 0);
  return ndarray([reduction === "mean" ? sum / count : sum], []);
}

/** The gradient that reaches the single loss at a position through its reduction. */
export function upstreamOf(
  op: string,
  dOut: NdArray,
  lossesShape: readonly number[],
  reduction: Reduction,
  count: number,
): (position: number) => number {
  requireShape(op, "dOut", dOut, reduction === "none" ? lossesShape : []);
  if (reduction === "none") return (position) => dOut.data[position]!;
  const shared = reduction === "mean" ? dOut.data[0]! / count : dOut.data[0]!;
  return () => shared;
}
