// Made of operations.mjs; `node packages/kernels/generate.mjs` makes it anew.
export const SUM: i32 = 0;
export const PROD: i32 = 1;
export const MAX: i32 = 2;
export const MIN: i32 = 3;
export const ANY: i32 = 4;
export const ALL: i32 = 5;
export const SUM_SQUARES: i32 = 6;
export const ARGMAX: i32 = 7;
export const ARGMIN: i32 = 8;
export const SQUARED_DEVIATION: i32 = 9;

/** Whether the result is bools, as bytes. */
// @ts-ignore: decorator
@inline export function isTruth(kind: i32): bool {
  return kind == ANY || kind == ALL;
}

/** Whether the result is positions, int32. */
// @ts-ignore: decorator
@inline export function isPosition(kind: i32): bool {
  return kind == ARGMAX || kind == ARGMIN;
}

/** Whether the result is int64 for integers and bools. */
// @ts-ignore: decorator
@inline export function sumsWide(kind: i32): bool {
  return kind == SUM || kind == PROD;
}

/** The reduction that joins partial results. */
// @ts-ignore: decorator
@inline export function combining(kind: i32): i32 {
  if (kind == SUM_SQUARES || kind == SQUARED_DEVIATION) return SUM;
  return kind;
}
