import { dtypeInfo, wasm } from "@tapegrad/kernels";
import { contiguousKernel } from "../compute/copy.ts";
import { TapegradError } from "../errors.ts";
import { resultType } from "../promote.ts";
import type { Tensor } from "../tensor.ts";
import { defineBinary, type BinaryOp } from "./define-binary.ts";
import { numericDTypes } from "./every-dtype.ts";
import { neg } from "./neg.ts";

/**
 * Sum of two tensors, element by element; of bools, whether either is true.
 *
 * Shapes    a, b broadcast to the output
 * Gradient  da = dOut, db = dOut
 * Throws    ShapeError `add/broadcast`
 * @example
 * add(tensor([1, 2]), 10).toArray(); // [11, 12]
 */
export const add: BinaryOp = defineBinary("add", {
  saves: [],
  gradient: { a: (dOut) => dOut, b: (dOut) => dOut },
  result: "promoted",
  // true + true = true (as PyTorch)
  boolKernel: "maximum",
});

/**
 * Difference of two tensors.
 *
 * Shapes    a, b broadcast to the output
 * Gradient  da = dOut, db = -dOut
 * Throws    ShapeError `sub/broadcast`
 * @example
 * sub(tensor([5, 7]), tensor([1, 2])).toArray(); // [4, 5]
 */
export const sub: BinaryOp = defineBinary("sub", {
  saves: [],
  gradient: { a: (dOut) => dOut, b: (dOut) => neg(dOut) },
  result: "promoted",
  dtypes: numericDTypes,
});

/**
 * Product of two tensors, element by element.
 *
 * Shapes    a, b broadcast to the output
 * Gradient  da = dOut b, db = dOut a
 * Throws    ShapeError `mul/broadcast`
 * @example
 * mul(tensor([1, 2, 3]), tensor([4, 5, 6])).toArray(); // [4, 10, 18]
 */
export const mul: BinaryOp = defineBinary("mul", {
  saves: ["a", "b"],
  gradient: { a: (dOut, { b }) => mul(dOut, b), b: (dOut, { a }) => mul(dOut, a) },
  gradientInPlace: true,
  result: "promoted",
});

/**
 * True quotient; integers give float32.
 *
 * Shapes    a, b broadcast to the output
 * Gradient  da = dOut / b, db = -dOut a / b²
 * Throws    ShapeError `div/broadcast`
 * @example
 * div(tensor([1, 2]), 4).toArray(); // [0.25, 0.5]
 */
export const div: BinaryOp = defineBinary("div", {
  saves: ["a", "b"],
  gradient: {
    a: (dOut, { b }) => div(dOut, b),
    b: (dOut, { a, b }) => neg(mul(dOut, div(div(a, b), b))),
  },
  gradientInPlace: true,
  result: "float",
  b: { avoid: [0] },
});

/**
 * Quotient rounded down.
 *
 * Shapes    a, b broadcast to the output
 * Throws    ShapeError `floorDivide/broadcast`, DTypeError `floorDivide/dtype` for two bools, TapegradError `floorDivide/zero` for a zero in b where both are integers
 * @example
 * floorDivide(tensor([7, -7]), 2).toArray(); // [3, -4]
 */
export const floorDivide: BinaryOp = defineBinary("floorDivide", {
  saves: [],
  gradient: { a: null, b: null },
  result: "promoted",
  dtypes: numericDTypes,
  countsBools: true,
  b: { avoid: [0] },
  check: (a, b) => refuseIntegerZero("floorDivide", a, b),
});

/**
 * Remainder with the sign of the divisor, as Python's `%`.
 *
 * Shapes    a, b broadcast to the output
 * Gradient  da = dOut, db = -dOut floor(a / b)
 * Throws    ShapeError `remainder/broadcast`, DTypeError `remainder/dtype` for two bools, TapegradError `remainder/zero` for a zero in b where both are integers
 * @example
 * remainder(tensor([7, -7]), 3).toArray(); // [1, 2]
 */
export const remainder: BinaryOp = defineBinary("remainder", {
  saves: ["a", "b"],
  gradient: { a: (dOut) => dOut, b: (dOut, { a, b }) => neg(mul(dOut, floorDivide(a, b))) },
  result: "promoted",
  dtypes: numericDTypes,
  countsBools: true,
  a: { range: [-0.95, -0.05] },
  b: { range: [1, 2], avoid: [0] },
  check: (a, b) => refuseIntegerZero("remainder", a, b),
});

/** An integer zero under a floating result is a zero of that dtype: the quotient is infinite or NaN. */
function refuseIntegerZero(op: string, a: Tensor, b: Tensor): void {
  if (dtypeInfo[b.dtype].isFloating || b.numel() === 0 || dtypeInfo[resultType(a, b)].isFloating) return;
  const source = contiguousKernel(b);
  if (wasm.hasZero(dtypeInfo[b.dtype].code, source.pointer, source.numel()) === 0) return;
  throw new TapegradError({ op, fact: `b has a zero: the integer quotient is not defined`, code: `${op}/zero`, hint: "use float operands" });
}
