import { ShapeError } from "../errors.ts";

/** Values for height and width. */
export type Pair = readonly [number, number];

/** An option for both directions. Throws ShapeError `OP/option` unless both are integers, at least `least`. */
export function pair(op: string, name: string, value: number | Pair, least: number): Pair {
  const both: Pair = typeof value === "number" ? [value, value] : value;
  if (both.length === 2 && both.every((v) => Number.isInteger(v) && v >= least)) return both;
  throw new ShapeError({
    op,
    fact: `${name} ${JSON.stringify(value)} must be an integer or a pair of integers, ${least} or more`,
    code: `${op}/option`,
    data: { name, value },
  });
}
