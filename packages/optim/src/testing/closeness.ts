import { expect } from "vitest";
import type { Tensor } from "@tapegrad/tensor";

/** Fails with the first element for which |actual - expected| > tolerance * max(1, |expected|). */
export function expectClose(actual: Tensor, expected: ArrayLike<number>, tolerance: number, name = "weight"): void {
  const values = actual.toTypedArray();
  expect(values.length, `elements of ${name}`).toBe(expected.length);
  Array.from(expected).forEach((target, i) => {
    const value = values[i] as number;
    if (!(Math.abs(value - target) <= tolerance * Math.max(1, Math.abs(target)))) expect.fail(`${name}[${i}] is ${value}, expected ${target} to ${tolerance}`);
  });
}
