import type { DType } from "@tapegrad/tensor";

/**
 * Of the largest result. float64 must agree to 1e-10. float32 has 24 bits: sums of the at most some hundred products of numbers up to 4
 * that occur in these tests, and divisions by deviations above 0.1, stay within 2e-5.
 */
export function toleranceOf(dtype: DType): number {
  return dtype === "float64" ? 1e-10 : 2e-5;
}
