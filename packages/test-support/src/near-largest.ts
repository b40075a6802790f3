/** Tolerances for `expectClose`, of elements that are measured against the largest one: a sum whose terms cancel is as exact as they are. */
export interface NearLargest {
  readonly rtol: 0;
  readonly atol: number;
  readonly equalNan: true;
  readonly name: string;
}

/** |actual - expected| <= tolerance (1 + the largest finite |expected|). NaN must be met. */
export function nearLargest(expected: ArrayLike<number>, tolerance: number, name: string): NearLargest {
  const largest = Array.from(expected).reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 0);
  return { rtol: 0, atol: tolerance * (1 + largest), equalNan: true, name };
}
