import type { Pair } from "../compute/backend.ts";

export type { Pair };

/** An option that was checked, for both directions. */
export function pair(value: number | Pair): Pair {
  return typeof value === "number" ? [value, value] : value;
}
