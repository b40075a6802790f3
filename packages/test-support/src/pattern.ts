import type { Shape } from "@tapegrad/tensor";

/** Distinct numbers from -1 to 1 in no order; the packages' fixtures/generate.py have the same function. */
export function pattern(shape: Shape, seed: number): Float64Array {
  const size = shape.reduce((product, length) => product * length, 1);
  return Float64Array.from({ length: size }, (_, i) => ((i * 7919 + seed * 1237) % 9973) / 5000 - 1);
}
