import type { Tolerances } from "./tolerances.ts";

/** How elements are compared. */
export interface Criterion extends Tolerances {
  readonly equalNan: boolean;
  /** The very same numbers, 0 and -0 told apart; NaN is NaN. */
  readonly exact: boolean;
}

/** One place where the difference is greatest. */
export interface Greatest {
  readonly at: number;
  readonly difference: number;
}

export interface Differences {
  readonly count: number;
  readonly absolute: Greatest;
  readonly relative: Greatest;
}

/** How many elements are off, and where by most: the absolute and the relative difference, of which NaN is the worst. Null where all are close. */
export function differencesOf(actual: ArrayLike<number | bigint>, expected: ArrayLike<number | bigint>, criterion: Criterion): Differences | null {
  let count = 0;
  let absolute: Greatest = { at: -1, difference: -1 };
  let relative = absolute;
  for (let at = 0; at < expected.length; at++) {
    const a = actual[at] as number | bigint;
    const b = expected[at] as number | bigint;
    if (isClose(a, b, criterion)) continue;
    count++;
    const difference = distance(a, b);
    absolute = worse(absolute, { at, difference });
    relative = worse(relative, { at, difference: difference / Math.abs(Number(b)) });
  }
  return count === 0 ? null : { count, absolute, relative };
}

function isClose(a: number | bigint, b: number | bigint, { rtol, atol, equalNan, exact }: Criterion): boolean {
  if (exact && typeof a === typeof b) return Object.is(a, b);
  if (isSame(a, b)) return true;
  if (exact) return false;
  if (typeof a === "number" && typeof b === "number") {
    if (Number.isNaN(a) && Number.isNaN(b)) return equalNan;
    if (!Number.isFinite(a) || !Number.isFinite(b)) return false;
  }
  return distance(a, b) <= atol + rtol * Math.abs(Number(b));
}

function isSame(a: number | bigint, b: number | bigint): boolean {
  if (typeof a === "bigint") return a === (typeof b === "number" && Number.isInteger(b) ? BigInt(b) : b);
  return typeof b === "bigint" ? isSame(b, a) : a === b;
}

/** Of two bigints without rounding them first: near 2^63 numbers are 1024 apart. */
function distance(a: number | bigint, b: number | bigint): number {
  if (typeof a === "bigint" && typeof b === "bigint") return Number(a > b ? a - b : b - a);
  return Math.abs(Number(a) - Number(b));
}

function worse(known: Greatest, found: Greatest): Greatest {
  if (known.at < 0) return found;
  if (Number.isNaN(known.difference)) return known;
  return Number.isNaN(found.difference) || found.difference > known.difference ? found : known;
}
