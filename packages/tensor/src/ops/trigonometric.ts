import { add, mul } from "./arithmetic.ts";
import { defineUnary, type UnaryOp } from "./define-unary.ts";
import { square } from "./exponential.ts";
import { neg } from "./neg.ts";

/**
 * Sine, of radians.
 *
 * Gradient  dx = dOut cos(x)
 * @example
 * sin(tensor(0)).item(); // 0
 */
export const sin: UnaryOp = defineUnary("sin", { saves: ["x"], gradient: (dOut, { x }) => mul(dOut, cos(x)) });

/**
 * Cosine, of radians.
 *
 * Gradient  dx = -dOut sin(x)
 * @example
 * cos(tensor(0)).item(); // 1
 */
export const cos: UnaryOp = defineUnary("cos", { saves: ["x"], gradient: (dOut, { x }) => neg(mul(dOut, sin(x))) });

/**
 * Tangent, of radians.
 *
 * Gradient  dx = dOut (1 + out²)
 * @example
 * tan(tensor(0)).item(); // 0
 */
export const tan: UnaryOp = defineUnary("tan", {
  saves: ["out"],
  gradient: (dOut, { out }) => mul(dOut, add(square(out), 1)),
  sample: { range: [-1.2, 1.2] },
});
