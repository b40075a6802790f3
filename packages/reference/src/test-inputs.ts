import fc from "fast-check";
import { pattern as numbers } from "@tapegrad/test-support";
import { type NdArray, ndarray, sizeOf } from "./nd-array.ts";
import type { Pair } from "./window-axis.ts";

/** Distinct numbers from -1 to 1 in no order. */
export function pattern(shape: readonly number[], seed: number): NdArray {
  return ndarray(numbers(shape, seed), shape);
}

/** A number of elements along a dimension: small, as numeric gradients cost four evaluations per element. */
export const length = fc.integer({ min: 1, max: 4 });

/**
 * Arrays of the given shape, or of shapes that are themselves generated, under the same names.
 *
 * The elements lie from -2 to 2, are distinct, and are apart from each other and from 0 by more than the numeric stencil
 * reaches (2h = 0.002 on either side), so that no derivative is taken across a kink or a tie.
 */
export function arraysOf<Name extends string>(
  shapes: fc.Arbitrary<Readonly<Record<Name, readonly number[]>>>,
): fc.Arbitrary<Record<Name, NdArray>> {
  return shapes.chain((byName) => {
    const arrays: Partial<Record<Name, fc.Arbitrary<NdArray>>> = {};
    for (const name in byName) arrays[name] = arrayOf(byName[name]);
    return fc.record(arrays) as fc.Arbitrary<Record<Name, NdArray>>;
  });
}

export function arrayOf(shape: readonly number[]): fc.Arbitrary<NdArray> {
  const size = sizeOf(shape);
  return fc
    .uniqueArray(fc.integer({ min: -400, max: 399 }), { minLength: size, maxLength: size })
    .map((steps) => ndarray(steps.map((step) => (step + 0.5) / 200), shape));
}

/** Reads a pair that a JSON fixture holds as a list. */
export function pairOf([height, width]: readonly number[]): Pair {
  if (height === undefined || width === undefined) throw new RangeError("a pair needs two numbers");
  return [height, width];
}
