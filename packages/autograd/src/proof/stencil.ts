/** The fourth-order central difference: its error falls with the fourth power of the step. */
const weights: readonly (readonly [offset: number, weight: number])[] = [
  [-2, 1 / 12],
  [-1, -8 / 12],
  [1, 8 / 12],
  [2, -1 / 12],
];

const step = 1e-3;

/** Numeric derivative at `values` of a scalar function by one of its arguments. */
export function derivative(f: (values: Float64Array) => number, values: Float64Array, index: number): number {
  let total = 0;
  for (const [offset, weight] of weights) {
    const moved = values.slice();
    moved[index] = (moved[index] as number) + offset * step;
    total += (weight * f(moved)) / step;
  }
  return total;
}

/** All indices below `size`, or `most` of them, evenly spread. */
export function probes(size: number, most: number): number[] {
  if (size <= most) return Array.from({ length: size }, (_, i) => i);
  return Array.from({ length: most }, (_, i) => Math.floor((i * size) / most));
}
