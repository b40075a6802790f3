/**
 * Each value as the mean of those around it, weighted by e^(-distance / width): forward and backward, so that the curve
 * does not lag behind what it shows.
 */
export function smoothed(values: readonly number[], width: number): number[] {
  const keep = Math.exp(-1 / width);
  const before = decayingSums(values, keep);
  const after = decayingSums([...values].reverse(), keep).reverse();
  return values.map((value, i) => {
    const [left, right] = [before[i] ?? [0, 0], after[i] ?? [0, 0]];
    // The value itself is in both.
    return (left[0] + right[0] - value) / (left[1] + right[1] - 1);
  });
}

/** At every place the weighted sum of all values up to it, and the sum of the weights. */
function decayingSums(values: readonly number[], keep: number): (readonly [sum: number, weights: number])[] {
  let [sum, weights] = [0, 0];
  return values.map((value) => {
    sum = sum * keep + value;
    weights = weights * keep + 1;
    return [sum, weights] as const;
  });
}
