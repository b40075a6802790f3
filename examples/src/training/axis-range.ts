/** Bounds and steps of an axis. */
interface AxisRange {
  readonly min: number;
  readonly max: number;
  readonly interval: number;
}

/** The least range that holds all values and begins and ends at round numbers, within the given bounds. */
export function niceRange(values: readonly number[], lowest = -Infinity, highest = Infinity): AxisRange {
  const finite = values.filter(Number.isFinite);
  const [low, high] = finite.length === 0 ? [0, 1] : [Math.min(...finite), Math.max(...finite)];
  const spread = high - low || Math.max(Math.abs(high) / 10, 1e-6);
  const interval = niceStep(spread / 4);
  // Dividing and multiplying again leaves digits behind (0.30000000000000004).
  const round = (steps: number): number => Number((steps * interval).toPrecision(12));
  const min = round(Math.floor(low / interval));
  const max = round(Math.ceil(high / interval));
  return { min: Math.max(lowest, min === max ? round(low / interval - 1) : min), max: Math.min(highest, min === max ? round(high / interval + 1) : max), interval };
}

/** 1, 2 or 5 times a power of ten: the next above. */
function niceStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  const digit = [1, 2, 5].find((candidate) => candidate * power >= step * (1 - 1e-9)) ?? 10;
  return Number((digit * power).toPrecision(1));
}

/** The value below which a share of the values lies; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.round(share * (sorted.length - 1))] ?? NaN;
}
