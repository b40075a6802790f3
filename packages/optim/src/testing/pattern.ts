/** Distinct numbers from -1 to 1 in no order; fixtures/generate.py has the same function. */
export function pattern(seed: number, size = 7): Float64Array {
  return Float64Array.from({ length: size }, (_, i) => ((i * 7919 + seed * 1237) % 9973) / 5000 - 1);
}
