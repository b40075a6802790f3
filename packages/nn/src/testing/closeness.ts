import { expect } from "vitest";
import type { DType, Tensor } from "@tapegrad/tensor";

/** |actual - expected| <= atol + rtol * (the largest |expected| of the tensor). */
export interface Bound {
  readonly rtol: number;
  readonly atol: number;
}

/**
 * float64 must agree to 1e-10. float32 has 24 bits: sums of the at most some hundred products of numbers up to 4 that occur
 * in these tests, and divisions by deviations above 0.1, stay within 2e-5 of the largest result.
 */
export function boundFor(dtype: DType): Bound {
  return dtype === "float64" ? { rtol: 1e-10, atol: 1e-10 } : { rtol: 2e-5, atol: 2e-5 };
}

/** Fails with the first element that is off. NaN and infinities must be met exactly. */
export function expectClose(actual: Tensor | null, expected: ArrayLike<number>, { rtol, atol }: Bound, name: string): void {
  if (actual === null) throw new Error(`${name} is null`);
  const values = Array.from(actual.toTypedArray(), Number);
  expect(values.length, `elements of ${name}`).toBe(expected.length);
  const largest = Array.from(expected).reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 0);
  const off = Array.from(expected).findIndex((target, i) => {
    const value = values[i] as number;
    return Number.isFinite(target) ? !(Math.abs(value - target) <= atol + rtol * largest) : !Object.is(value, target);
  });
  if (off >= 0) expect.fail(`${name}[${off}] is ${values[off]}, expected ${expected[off]} (rtol ${rtol} of ${largest}, atol ${atol})`);
}
