import { type NdArray, ndarray, requireShape, zerosLike } from "./nd-array.ts";

/**
 * Step of the stencil. Its truncation error h⁴f⁽⁵⁾/30 is about 3e-14, its rounding error near 2e-13: together they leave
 * room for a comparison at 1e-9.
 */
const defaultStep = 1e-3;

/**
 * The derivative of `f` along every element of `x` in turn, by the 4th-order central difference
 * (-f(x+2h) + 8f(x+h) - 8f(x-h) + f(x-2h)) / 12h; `visit` gets the element and the derivative of the whole output.
 */
function forEachDerivative(
  f: (x: NdArray) => NdArray,
  x: NdArray,
  step: number,
  visit: (element: number, derivative: Float64Array) => void,
): void {
  for (let element = 0; element < x.data.length; element++) {
    const at = (shift: number): Float64Array => {
      const moved = x.data.slice();
      moved[element]! += shift;
      return f(ndarray(moved, x.shape)).data;
    };
    const farAbove = at(2 * step);
    const above = at(step);
    const below = at(-step);
    const farBelow = at(-2 * step);
    visit(element, above.map((_, i) => (-farAbove[i]! + 8 * above[i]! - 8 * below[i]! + farBelow[i]!) / (12 * step)));
  }
}

/**
 * The gradient of sum(dOut * f(x)) with respect to x.
 *
 * Shapes    f: x [...X] -> [...Y], dOut [...Y] -> [...X]
 * Throws    RangeError when dOut does not have the shape of f(x)
 */
export function numericGradient(f: (x: NdArray) => NdArray, x: NdArray, dOut: NdArray, step = defaultStep): NdArray {
  requireShape("numericGradient", "dOut", dOut, f(x).shape);
  const gradient = zerosLike(x);
  forEachDerivative(f, x, step, (element, derivative) => {
    gradient.data[element] = derivative.reduce((sum, slope, i) => sum + slope * dOut.data[i]!, 0);
  });
  return gradient;
}

/**
 * All the partial derivatives of f at x: row i holds those of output element i.
 *
 * Shapes    f: x [...X] -> [...Y] -> [size of Y, size of X]
 *
 * @example
 * numericJacobian((x) => map((v) => v * v, x), ndarray([1, 3], [2])); // about [[2, 0], [0, 6]]
 */
export function numericJacobian(f: (x: NdArray) => NdArray, x: NdArray, step = defaultStep): NdArray {
  const rows = f(x).data.length;
  const columns = x.data.length;
  const jacobian = new Float64Array(rows * columns);
  forEachDerivative(f, x, step, (column, derivative) => {
    derivative.forEach((slope, row) => (jacobian[row * columns + column] = slope));
  });
  return ndarray(jacobian, [rows, columns]);
}
