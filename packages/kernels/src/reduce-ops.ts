/** Codes of the reductions, as in `assembly/pointwise/codes.ts`. */
export const reduceOps = {
  sum: 0,
  prod: 1,
  max: 2,
  min: 3,
  any: 4,
  all: 5,
  sumSquares: 6,
  argmax: 7,
  argmin: 8,
} as const;
