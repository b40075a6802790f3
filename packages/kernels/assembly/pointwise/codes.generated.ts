// Made of operations.mjs; `node packages/kernels/generate.mjs` makes it anew.

// Of one operand.
export const NEG: i32 = 0;
export const ABS: i32 = 1;
export const SIGN: i32 = 2;
export const SQRT: i32 = 3;
export const RSQRT: i32 = 4;
export const RECIPROCAL: i32 = 5;
export const SQUARE: i32 = 6;
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
export const RELU: i32 = 18;
export const FLOOR: i32 = 19;
export const CEIL: i32 = 20;
export const ROUND: i32 = 21;
export const TRUNC: i32 = 22;
export const ERF: i32 = 23;
export const SOFTPLUS: i32 = 24;
export const LEAKY_RELU: i32 = 25;
export const CLAMP: i32 = 26;
export const ADD_SCALAR: i32 = 27;
export const MUL_SCALAR: i32 = 28;
export const POW_SCALAR: i32 = 29;
export const RSUB_SCALAR: i32 = 30;
export const LOGICAL_NOT: i32 = 31;
export const ISNAN: i32 = 32;
export const ISINF: i32 = 33;
export const ISFINITE: i32 = 34;

/** Whether the result is bools, as bytes. */
// @ts-ignore: decorator
@inline export function unaryGivesBool(kind: i32): bool {
  return kind >= LOGICAL_NOT;
}

/** Whether an operation that writes what it takes has a meaning for bools. */
// @ts-ignore: decorator
@inline export function unaryTakesBool(kind: i32): bool {
  return false;
}

// Of two operands.
export const ADD: i32 = 0;
export const SUB: i32 = 1;
export const MUL: i32 = 2;
export const DIV: i32 = 3;
export const POW: i32 = 4;
export const MAXIMUM: i32 = 5;
export const MINIMUM: i32 = 6;
export const REMAINDER: i32 = 7;
export const FLOOR_DIVIDE: i32 = 8;
export const ATAN2: i32 = 9;
export const RELU_GRAD: i32 = 10;
export const SIGMOID_GRAD: i32 = 11;
export const TANH_GRAD: i32 = 12;
export const EQ: i32 = 13;
export const NE: i32 = 14;
export const LT: i32 = 15;
export const LE: i32 = 16;
export const GT: i32 = 17;
export const GE: i32 = 18;
export const LOGICAL_AND: i32 = 19;
export const LOGICAL_OR: i32 = 20;
export const LOGICAL_XOR: i32 = 21;

/** Whether the result is bools, as bytes. */
// @ts-ignore: decorator
@inline export function binaryGivesBool(kind: i32): bool {
  return kind >= EQ;
}

/** Whether an operation takes no longer than loads and stores. */
// @ts-ignore: decorator
@inline export function isLightBinary(kind: i32): bool {
  return kind <= MUL || kind == MAXIMUM || kind == MINIMUM || (kind >= RELU_GRAD && kind <= TANH_GRAD);
}

/** Whether an operation that writes what it takes has a meaning for bools. */
// @ts-ignore: decorator
@inline export function binaryTakesBool(kind: i32): bool {
  return kind == MUL || kind == MAXIMUM || kind == MINIMUM;
}
