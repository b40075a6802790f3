/** The fourth-order central difference: its error falls with the fourth power of the step. */
const weights: readonly (readonly [offset: number, weight: number])[] = [
  [-2, 1 / 12],
  [-1, -8 / 12],
  [1, 8 / 12],
  [2, -1 / 12],
];

/** Its truncation error h⁴f⁽⁵⁾/30 is then about 3e-14, its rounding error near 2e-13, where values and derivatives are about 1. */
export const defaultStep = 1e-3;

/** Numeric derivatives at `values` of all that a function gives, by the one argument at `index`. */
export function slopes(f: (values: Float64Array) => ArrayLike<number>, values: Float64Array, index: number, step = defaultStep): Float64Array {
  let total: Float64Array | null = null;
  for (const [offset, weight] of weights) {
    const moved = values.slice();
    moved[index] = (moved[index] as number) + offset * step;
    const found = f(moved);
    total ??= new Float64Array(found.length);
    for (let i = 0; i < total.length; i++) total[i] = (total[i] as number) + (weight * (found[i] as number)) / step;
  }
  return total ?? new Float64Array(0);
}
