import { slopes } from "../stencil.ts";

/** Numeric derivative at `values` of a scalar function by one of its arguments. */
export function derivative(f: (values: Float64Array) => number, values: Float64Array, index: number): number {
  return slopes((moved) => [f(moved)], values, index)[0] as number;
}

/** All indices below `size`, or `most` of them, evenly spread. */
export function probes(size: number, most: number): number[] {
  if (size <= most) return Array.from({ length: size }, (_, i) => i);
  return Array.from({ length: most }, (_, i) => Math.floor((i * size) / most));
}
