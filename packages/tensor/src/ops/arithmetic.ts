import { dtypeInfo, isHalf } from "@tapegrad/kernels";
import { backend } from "../compute/chosen-backend.ts";
import { contiguousKernel } from "../compute/copy.ts";
import { DTypeError, inTheNameOf, TapegradError } from "../errors.ts";
import { bound } from "../option-rules.ts";
import { checkOptions, type OptionRules } from "../options.ts";
import { resultType } from "../promote.ts";
import { requireOperand, type Tensor } from "../tensor.ts";
import { to } from "./cast.ts";
import { defineBinary, operand, type BinaryOp, type Operand } from "./define-binary.ts";
import { numericDTypes } from "./every-dtype.ts";
import { neg } from "./neg.ts";

/** Options of `add` and `sub`. */
export interface AlphaOptions {
  /** Multiplies the second operand; 1 unless told. An integer where the result is one. */
  readonly alpha?: number;
}

const addOp: BinaryOp = defineBinary("add", {
  saves: [],
  gradient: { a: (dOut) => dOut, b: (dOut) => dOut },
  result: "promoted",
  // true + true = true (as PyTorch)
  boolKernel: "maximum",
});

/**
 * Sum of two tensors, element by element, the second times `alpha`; of bools, whether either is true.
 *
 * Shapes    a, b broadcast to the output
 * Gradient  da = dOut, db = alpha dOut
 * Throws    ShapeError `add/broadcast`, DTypeError `add/alpha`, IndexError `add/option`
 * @example
 * add(tensor([1, 2]), 10).toArray(); // [11, 12]
 * add(tensor([1, 2]), tensor([3, 4]), { alpha: 10 }).toArray(); // [31, 42]
 */
export function add(a: Operand, b: Operand): Tensor;
export function add(a: Operand, b: Operand, options: AlphaOptions | undefined): Tensor;
export function add(a: Operand, b: Operand, options?: AlphaOptions, list?: unknown): Tensor {
  return options === undefined || isOfReduce(options, list) ? addOp(a, b) : scaledSum("add", addOp, a, b, options);
}

const subOp: BinaryOp = defineBinary("sub", {
  saves: [],
  gradient: { a: (dOut) => dOut, b: (dOut) => neg(dOut) },
  result: "promoted",
  dtypes: numericDTypes,
});

/**
 * Difference of two tensors, the second times `alpha`.
 *
 * Shapes    a, b broadcast to the output
 * Gradient  da = dOut, db = -alpha dOut
 * Throws    ShapeError `sub/broadcast`, DTypeError `sub/alpha`, IndexError `sub/option`
 * @example
 * sub(tensor([5, 7]), tensor([1, 2])).toArray(); // [4, 5]
 * sub(tensor([5, 7]), tensor([1, 2]), { alpha: 2 }).toArray(); // [3, 3]
 */
export function sub(a: Operand, b: Operand): Tensor;
export function sub(a: Operand, b: Operand, options: AlphaOptions | undefined): Tensor;
export function sub(a: Operand, b: Operand, options?: AlphaOptions, list?: unknown): Tensor {
  return options === undefined || isOfReduce(options, list) ? subOp(a, b) : scaledSum("sub", subOp, a, b, options);
}

/**
 * The difference the other way round: rsub(b, a) = a - alpha b, for `x.rsub(1)`.
 *
 * Shapes    a, b broadcast to the output
 * Gradient  da = dOut, db = -alpha dOut
 * Throws    ShapeError `rsub/broadcast`, DTypeError `rsub/alpha`, IndexError `rsub/option`
 * @example
 * rsub(tensor([0.25, 1]), 1).toArray(); // [0.75, 0]
 */
export function rsub(b: Operand, a: Operand, options?: AlphaOptions): Tensor {
  return inTheNameOf("rsub", () => sub(a, b, options));
}

/** Whether the third argument is the position that `tensors.reduce(add)` gives, together with the list, and no options. */
function isOfReduce(options: unknown, list: unknown): boolean {
  return typeof options === "number" && Array.isArray(list);
}

function scaledSum(op: string, combine: BinaryOp, a: Operand, b: Operand, options: AlphaOptions): Tensor {
  requireOperand(op, "a", a);
  requireOperand(op, "b", b);
  const dtype = resultType(operand(a, b), operand(b, a));
  const out = combine(a, scaledOperand(op, a, b, options));
  return out.dtype === dtype ? out : to(out, dtype);
}

const alphaRules: OptionRules<AlphaOptions> = { alpha: bound };

/**
 * `b` times alpha, in the dtype in which it meets `a`: float32 for 16 bits, which are rounded to once, at the end.
 *
 * Throws    DTypeError `OP/alpha`, IndexError `OP/option`, ArgumentError `OP/options`, `OP/unknown-option`
 */
export function scaledOperand(op: string, a: Operand, b: Operand, options: AlphaOptions): Operand {
  checkOptions(op, options, alphaRules);
  const { alpha = 1 } = options;
  if (alpha === 1) return b;
  const right = operand(b, a);
  const dtype = resultType(operand(a, b), right);
  if (!dtypeInfo[dtype].isFloating && !Number.isInteger(alpha)) {
    throw new DTypeError({
      op,
      fact: `alpha ${alpha} must be an integer, as the result is: ${dtype}`,
      hint: 'convert an operand first: x.to("float32")',
      code: `${op}/alpha`,
      data: { alpha, dtype },
    });
  }
  if (dtype === "bool") return to(mul(right, alpha === 0 ? 0 : 1), "bool");
  return mul(to(right, isHalf(dtype) ? "float32" : dtype), alpha);
}

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
 * The quotient the other way round: rdiv(b, a) = a / b, for `x.rdiv(1)`.
 *
 * Shapes    a, b broadcast to the output
 * Gradient  da = dOut / b, db = -dOut a / b²
 * Throws    ShapeError `rdiv/broadcast`
 * @example
 * rdiv(tensor([4, 0.5]), 1).toArray(); // [0.25, 2]
 */
export function rdiv(b: Operand, a: Operand): Tensor {
  return inTheNameOf("rdiv", () => div(a, b));
}

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
  if (!backend.hasZero(contiguousKernel(b))) return;
  throw new TapegradError({ op, fact: `b has a zero: the integer quotient is not defined`, code: `${op}/zero`, hint: "use float operands" });
}
