/**
 * Codes of the pointwise operations and of the reductions; `src/pointwise-ops.ts` and `src/reduce-ops.ts` give them to
 * the host by name. A new operation takes a code here, a class in pointwise-*-ops.ts, and a line in its dispatcher.
 */

// unary: f32, f64; starred also i32 and u8
export const NEG: i32 = 0; // *
export const ABS: i32 = 1; // *
export const SIGN: i32 = 2; // *
export const SQRT: i32 = 3;
export const RSQRT: i32 = 4;
export const RECIPROCAL: i32 = 5;
export const SQUARE: i32 = 6; // *
export const EXP: i32 = 7;
export const EXPM1: i32 = 8;
export const LOG: i32 = 9;
export const LOG1P: i32 = 10;
export const LOG2: i32 = 11;
export const LOG10: i32 = 12;
export const SIN: i32 = 13;
export const COS: i32 = 14;
export const TAN: i32 = 15;
export const TANH: i32 = 16;
export const SIGMOID: i32 = 17;
export const RELU: i32 = 18; // *
export const FLOOR: i32 = 19;
export const CEIL: i32 = 20;
export const ROUND: i32 = 21;
export const TRUNC: i32 = 22;
export const ERF: i32 = 23;
/** p0 = beta, p1 = threshold */
export const SOFTPLUS: i32 = 24;
/** p0 = negative slope */
export const LEAKY_RELU: i32 = 25;
/** p0 = lowest, p1 = highest; either may be infinite */
export const CLAMP: i32 = 26; // *
export const ADD_SCALAR: i32 = 27; // *
export const MUL_SCALAR: i32 = 28; // *
export const POW_SCALAR: i32 = 29;
/** p0 - x */
export const RSUB_SCALAR: i32 = 30; // *
// The rest write bool bytes.
/** every dtype but f16 */
export const LOGICAL_NOT: i32 = 31;
export const IS_NAN: i32 = 32;
export const IS_INF: i32 = 33;
export const IS_FINITE: i32 = 34;

// binary: f32, f64, i32, u8; starred also bool
export const ADD: i32 = 0;
export const SUB: i32 = 1;
export const MUL: i32 = 2; // *
export const DIV: i32 = 3;
export const POW: i32 = 4;
export const MAXIMUM: i32 = 5; // *
export const MINIMUM: i32 = 6; // *
export const REMAINDER: i32 = 7;
export const FLOOR_DIVIDE: i32 = 8;
/** f32, f64 */
export const ATAN2: i32 = 9;
/** (dOut, x) -> x > 0 ? dOut : 0; f32, f64 */
export const RELU_GRAD: i32 = 10;
/** (dOut, y) -> dOut y (1 - y); f32, f64 */
export const SIGMOID_GRAD: i32 = 11;
/** (dOut, y) -> dOut (1 - y^2); f32, f64 */
export const TANH_GRAD: i32 = 12;
// The rest write bool bytes, and take bool too.
export const EQ: i32 = 13;
export const NE: i32 = 14;
export const LT: i32 = 15;
export const LE: i32 = 16;
export const GT: i32 = 17;
export const GE: i32 = 18;
export const LOGICAL_AND: i32 = 19;
export const LOGICAL_OR: i32 = 20;
export const LOGICAL_XOR: i32 = 21;

// reductions
export const SUM: i32 = 0;
export const PROD: i32 = 1;
export const MAX: i32 = 2;
export const MIN: i32 = 3;
/** bool bytes out */
export const ANY: i32 = 4;
/** bool bytes out */
export const ALL: i32 = 5;
export const SUM_SQUARES: i32 = 6;
/** i32 out */
export const ARG_MAX: i32 = 7;
/** i32 out */
export const ARG_MIN: i32 = 8;
