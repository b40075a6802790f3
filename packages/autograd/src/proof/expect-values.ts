import type { Tensor } from "@tapegrad/tensor";

/** How far a value may be from what is expected: |found - expected| <= atol + rtol |expected|; 0 and 0 mean equal bits. */
export interface Bound {
  readonly rtol: number;
  readonly atol: number;
}

export const exact: Bound = { rtol: 0, atol: 0 };

/** A tensor's elements as numbers, row-major. */
export function numbersOf(x: Tensor): Float64Array {
  return x.dtype === "int64" ? Float64Array.from(x.toTypedArray("int64"), Number) : Float64Array.from(x.toTypedArray());
}

/** Throws naming the first element that is off. NaN, infinities and (where exact) the sign of zero must be met. Returns the count. */
export function expectValues(found: ArrayLike<number>, expected: ArrayLike<number>, { rtol, atol }: Bound, what: string): number {
  if (found.length !== expected.length) throw new Error(`${what}: ${found.length} elements, expected ${expected.length}`);
  for (let i = 0; i < expected.length; i++) {
    const a = found[i] as number;
    const b = expected[i] as number;
    const close = rtol === 0 && atol === 0 ? Object.is(a, b) : Number.isFinite(b) ? Math.abs(a - b) <= atol + rtol * Math.abs(b) : Object.is(a, b);
    if (!close) throw new Error(`${what}: element ${i} is ${a}, expected ${b} (rtol ${rtol}, atol ${atol}, off by ${Math.abs(a - b)})`);
  }
  return Math.max(expected.length, 1);
}
