import type { ElementArray, Tensor } from "@tapegrad/tensor";
import { expectClose } from "@tapegrad/testing";

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

/** Throws where elements are off. NaN, infinities and (where exact) the sign of zero must be met. Returns the count. */
export function expectValues(found: ElementArray | readonly number[], expected: ElementArray | readonly number[], { rtol, atol }: Bound, what: string): number {
  expectClose(found, expected, { rtol, atol, equalNan: true, exact: rtol === 0 && atol === 0, name: what });
  return Math.max(expected.length, 1);
}
