import { type NdArray, requireShape } from "./nd-array.ts";
import { numericGradient } from "./numeric-gradient.ts";

export interface Tolerance {
  /** Allowed error as a fraction of the expected value. */
  readonly rtol?: number;
  /** Allowed error whatever the expected value. */
  readonly atol?: number;
}

/** CS231n's measure: the largest |x - y| / max(1e-8, |x| + |y|); 0 for empty arrays, NaN when any difference is. */
export function relativeError(x: NdArray, y: NdArray): number {
  requireShape("relativeError", "y", y, x.shape);
  return x.data.reduce((worst, value, i) => {
    const other = y.data[i]!;
    return Math.max(worst, Math.abs(value - other) / Math.max(1e-8, Math.abs(value) + Math.abs(other)));
  }, 0);
}

/**
 * Throws unless every |actual - expected| <= atol + rtol * |expected|; NaN and infinities must be matched exactly.
 *
 * Throws    RangeError for different shapes, Error naming the first element that is off
 */
export function assertClose(actual: NdArray, expected: NdArray, tolerance: Tolerance = {}, name = "actual"): void {
  const { rtol = 1e-7, atol = 1e-9 } = tolerance;
  requireShape("assertClose", name, actual, expected.shape);
  actual.data.forEach((value, i) => {
    const target = expected.data[i]!;
    const close = Number.isFinite(target) ? Math.abs(value - target) <= atol + rtol * Math.abs(target) : Object.is(value, target);
    if (!close) throw new Error(`assertClose: ${name}[${i}] = ${value} must be ${target} (rtol ${rtol}, atol ${atol})`);
  });
}

/**
 * Throws unless each gradient equals the numeric derivative of sum(dOut * f(inputs)) by its input, element by element.
 *
 * @example
 * const x = ndarray([1, 3], [2]);
 * const dOut = ndarray([1, 1], [2]);
 * assertGradients(({ x }) => map((v) => v * v, x), { x }, dOut, { x: ndarray([2, 6], [2]) });
 */
export function assertGradients<Name extends string>(
  f: (inputs: Readonly<Record<Name, NdArray>>) => NdArray,
  inputs: Readonly<Record<Name, NdArray>>,
  dOut: NdArray,
  gradients: Readonly<Record<NoInfer<Name>, NdArray>>,
  tolerance: Tolerance = {},
): void {
  for (const name in inputs) {
    const numeric = numericGradient((value) => f({ ...inputs, [name]: value }), inputs[name], dOut);
    assertClose(gradients[name], numeric, tolerance, `gradient of ${name}`);
  }
}
