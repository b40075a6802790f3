import { zerosLike } from "../creation.ts";
import { mul } from "./arithmetic.ts";
import { defineUnary, type UnaryOp } from "./define-unary.ts";

const betweenJumps = { range: [-2.4, 2.4], avoid: [-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2] } as const;

/**
 * -1, 0 or 1; 0 for NaN, as PyTorch has it.
 *
 * Gradient  dx = 0
 * @example
 * sign(tensor([-3, 0, 2])).toArray(); // [-1, 0, 1]
 */
export const sign: UnaryOp = defineUnary("sign", { saves: [], gradient: (dOut) => zerosLike(dOut), result: "same", sample: betweenJumps });

/**
 * The largest integer that is not above.
 *
 * Gradient  dx = 0
 * @example
 * floor(tensor([1.5, -1.5])).toArray(); // [1, -2]
 */
export const floor: UnaryOp = defineUnary("floor", { saves: [], gradient: (dOut) => zerosLike(dOut), sample: betweenJumps });

/**
 * The smallest integer that is not below.
 *
 * Gradient  dx = 0
 * @example
 * ceil(tensor([1.5, -1.5])).toArray(); // [2, -1]
 */
export const ceil: UnaryOp = defineUnary("ceil", { saves: [], gradient: (dOut) => zerosLike(dOut), sample: betweenJumps });

/**
 * The nearest integer, halves to the even one.
 *
 * Gradient  dx = 0
 * @example
 * round(tensor([0.5, 1.5, 2.6])).toArray(); // [0, 2, 3]
 */
export const round: UnaryOp = defineUnary("round", { saves: [], gradient: (dOut) => zerosLike(dOut), sample: betweenJumps });

/**
 * The integer part.
 *
 * Gradient  dx = 0
 * @example
 * trunc(tensor([1.7, -1.7])).toArray(); // [1, -1]
 */
export const trunc: UnaryOp = defineUnary("trunc", { saves: [], gradient: (dOut) => zerosLike(dOut), sample: betweenJumps });

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
