import fc from "fast-check";

/** Sizes that matter to vector loops: every tail, the neighbourhood of 64, and beyond the threshold of threading. */
export const size = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 17 }) },
  { weight: 3, arbitrary: fc.integer({ min: 60, max: 70 }) },
  { weight: 1, arbitrary: fc.constantFrom(500, 1025, 40_003) },
);

/** Pseudo-random integers in [low, high], the same for the same seed (xorshift32). */
export function integersFrom(seed: number, count: number, low: number, high: number): number[] {
  let state = (seed | 0) || 1;
  return Array.from({ length: count }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return low + ((state >>> 0) % (high - low + 1));
  });
}

/** Pseudo-random numbers in [low, high) with 24 bits. */
export function numbersFrom(seed: number, count: number, low: number, high: number): number[] {
  return integersFrom(seed, count, 0, 0xffffff).map((bits) => low + (bits / 0x1000000) * (high - low));
}

/** Distance of a float32 from the exact value, in units of the last place. */
export function ulps32(actual: number, exact: number): number {
  if (Object.is(actual, exact) || (Number.isNaN(actual) && Number.isNaN(exact))) return 0;
  const rounded = Math.fround(exact);
  if (Object.is(actual, rounded)) return 0;
  if (!Number.isFinite(actual) || !Number.isFinite(rounded)) return Infinity;
  const exponent = Math.max(-126, Math.floor(Math.log2(Math.abs(rounded))));
  return Math.abs(actual - exact) / 2 ** (exponent - 23);
}

/** Distance of a float64 from another, in units of the last place of `expected`. */
export function ulps64(actual: number, expected: number): number {
  if (Object.is(actual, expected)) return 0;
  if (!Number.isFinite(actual) || !Number.isFinite(expected)) return Infinity;
  const exponent = Math.max(-1022, Math.floor(Math.log2(Math.abs(expected))));
  return Math.abs(actual - expected) / 2 ** (exponent - 52);
}

/** Position of the first element that differs (-0 from 0 too; NaN equals NaN), or -1. */
export function firstDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Math.min(actual.length, expected.length);
  for (let i = 0; i < expected.length; i++) if (!Object.is(actual[i], expected[i])) return i;
  return -1;
}
