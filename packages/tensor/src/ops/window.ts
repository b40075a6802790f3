/** Values for height and width. */
export type Pair = readonly [number, number];

/** An option that was checked, for both directions. */
export function pair(value: number | Pair): Pair {
  return typeof value === "number" ? [value, value] : value;
}
