import { defineUnary, type UnaryOp } from "./define-unary.ts";

/**
 * The negative of each element.
 *
 * Gradient  dx = -dOut
 * @example
 * neg(tensor([1, -2])).toArray(); // [-1, 2]
 */
export const neg: UnaryOp = defineUnary("neg", { saves: [], gradient: (dOut) => neg(dOut), result: "same" });
