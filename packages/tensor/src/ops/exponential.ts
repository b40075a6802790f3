import { requireTensor, type Tensor } from "../tensor.ts";
import { defineUnary, type UnaryOp } from "./define-unary.ts";
import { add, div, mul } from "./arithmetic.ts";
import { to } from "./cast.ts";
import { neg } from "./neg.ts";

const positive = { range: [0.1, 3] } as const;

/**
 * e to the power of each element.
 *
 * Gradient  dx = dOut out
 * @example
 * exp(tensor([0, 1])).toArray(); // [1, 2.7182817459106445]
 */
export const exp: UnaryOp = defineUnary("exp", { saves: ["out"], gradient: (dOut, { out }) => mul(dOut, out), gradientInPlace: true });

/**
 * exp(x) - 1, accurate near 0.
 *
 * Gradient  dx = dOut exp(x)
 * @example
 * expm1(tensor(0)).item(); // 0
 */
export const expm1: UnaryOp = defineUnary("expm1", { saves: ["x"], gradient: (dOut, { x }) => mul(dOut, exp(x)) });

/**
 * Natural logarithm; -inf at 0, NaN below.
 *
 * Gradient  dx = dOut / x
 * @example
 * log(tensor(1)).item(); // 0
 */
export const log: UnaryOp = defineUnary("log", { saves: ["x"], gradient: (dOut, { x }) => div(dOut, x), gradientInPlace: true, sample: positive });

/**
 * log(1 + x), accurate near 0.
 *
 * Gradient  dx = dOut / (1 + x)
 * @example
 * log1p(tensor(0)).item(); // 0
 */
export const log1p: UnaryOp = defineUnary("log1p", {
  saves: ["x"],
  gradient: (dOut, { x }) => div(dOut, add(x, 1)),
  sample: { range: [-0.8, 3] },
});

/**
 * Logarithm to base 2.
 *
 * Gradient  dx = dOut / (x ln 2)
 * @example
 * log2(tensor(8)).item(); // 3
 */
export const log2: UnaryOp = defineUnary("log2", { saves: ["x"], gradient: (dOut, { x }) => div(dOut, mul(x, Math.LN2)), sample: positive });

/**
 * Logarithm to base 10.
 *
 * Gradient  dx = dOut / (x ln 10)
 * @example
 * log10(tensor(1)).item(); // 0
 */
export const log10: UnaryOp = defineUnary("log10", { saves: ["x"], gradient: (dOut, { x }) => div(dOut, mul(x, Math.LN10)), sample: positive });

/**
 * Square root; NaN below 0.
 *
 * Gradient  dx = dOut / (2 out)          (+inf at 0)
 * @example
 * sqrt(tensor([4, 9])).toArray(); // [2, 3]
 */
export const sqrt: UnaryOp = defineUnary("sqrt", { saves: ["out"], gradient: (dOut, { out }) => div(dOut, mul(out, 2)), gradientInPlace: true, sample: positive });

/**
 * 1 / sqrt(x).
 *
 * Gradient  dx = -dOut out³ / 2
 * @example
 * rsqrt(tensor(4)).item(); // 0.5
 */
export const rsqrt: UnaryOp = defineUnary("rsqrt", {
  saves: ["out"],
  gradient: (dOut, { out }) => mul(dOut, mul(mul(square(out), out), -0.5)),
  sample: positive,
});

const squareOp = defineUnary("square", {
  saves: ["x"],
  // Not dOut (2 x): that may be too large on the way, as in the mean of many squares.
  gradient: (dOut, { x }) => mul(mul(dOut, 2), x),
  gradientInPlace: true,
  result: "same",
});

/**
 * x². Of bool, an int64.
 *
 * Gradient  dx = 2 dOut x
 * @example
 * square(tensor(3)).item(); // 9
 */
export function square(x: Tensor): Tensor {
  requireTensor("square", "x", x);
  return squareOp(x.dtype === "bool" ? to(x, "int64") : x);
}

/**
 * 1 / x.
 *
 * Gradient  dx = -dOut out²
 * @example
 * reciprocal(tensor(4)).item(); // 0.25
 */
export const reciprocal: UnaryOp = defineUnary("reciprocal", {
  saves: ["out"],
  gradient: (dOut, { out }) => neg(mul(dOut, square(out))),
  sample: { avoid: [0] },
});
