import { zerosLike } from "../creation.ts";
import { mul } from "./arithmetic.ts";
import { defineUnary, type UnaryOp } from "./define-unary.ts";
import { everyDType } from "./every-dtype.ts";

const betweenJumps = { range: [-2.4, 2.4], avoid: [-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2] } as const;

/** Integers are whole already, and stay as they are. */
const rounding = { saves: [], result: "same", keepsIntegers: true, sample: betweenJumps } as const;

/**
 * -1, 0 or 1; 0 for NaN, as PyTorch has it. Of bool, the bool itself.
 *
 * Gradient  dx = 0
 * @example
 * sign(tensor([-3, 0, 2])).toArray(); // [-1, 0, 1]
 */
export const sign: UnaryOp = defineUnary("sign", { saves: [], gradient: (dOut) => zerosLike(dOut), result: "same", dtypes: everyDType, sample: betweenJumps });

/**
 * The largest integer that is not above. Integer tensors keep their dtype.
 *
 * Gradient  dx = 0
 * @example
 * floor(tensor([1.5, -1.5])).toArray(); // [1, -2]
 */
export const floor: UnaryOp = defineUnary("floor", { ...rounding, gradient: (dOut) => zerosLike(dOut) });

/**
 * The smallest integer that is not below. Integer tensors keep their dtype.
 *
 * Gradient  dx = 0
 * @example
 * ceil(tensor([1.5, -1.5])).toArray(); // [2, -1]
 */
export const ceil: UnaryOp = defineUnary("ceil", { ...rounding, gradient: (dOut) => zerosLike(dOut) });

/**
 * The nearest integer, halves to the even one. Integer tensors keep their dtype.
 *
 * Gradient  dx = 0
 * @example
 * round(tensor([0.5, 1.5, 2.6])).toArray(); // [0, 2, 3]
 */
export const round: UnaryOp = defineUnary("round", { ...rounding, gradient: (dOut) => zerosLike(dOut) });

/**
 * The integer part. Integer tensors keep their dtype.
 *
 * Gradient  dx = 0
 * @example
 * trunc(tensor([1.7, -1.7])).toArray(); // [1, -1]
 */
export const trunc: UnaryOp = defineUnary("trunc", { ...rounding, gradient: (dOut) => zerosLike(dOut) });

/**
 * The absolute value.
 *
 * Gradient  dx = dOut sign(x)          (0 at 0)
 * @example
 * abs(tensor([-1, 2])).toArray(); // [1, 2]
 */
export const abs: UnaryOp = defineUnary("abs", {
  saves: ["x"],
  gradient: (dOut, { x }) => mul(dOut, sign(x)),
  result: "same",
  sample: { avoid: [0] },
});
