/** Operations that write bool bytes: comparisons, logic, and tests for zero, NaN and infinity. */
import { boolBytes, gatherTail, lanes, maskBits, narrowMask64 } from "../math/lanes";
import { BOOL, F32, F64, I32, I64, U8 } from "../runtime/dtype";
import * as code from "./codes";

// One method each: all bits set where the answer is yes.

@unmanaged class Eq {
  // @ts-ignore: decorator
  @inline mask<T>(a: v128, b: v128): v128 { return v128.eq<T>(a, b); }
}
@unmanaged class Ne {
  // @ts-ignore: decorator
  @inline mask<T>(a: v128, b: v128): v128 { return v128.ne<T>(a, b); }
}
@unmanaged class Lt {
  // @ts-ignore: decorator
  @inline mask<T>(a: v128, b: v128): v128 { return v128.lt<T>(a, b); }
}
@unmanaged class Le {
  // @ts-ignore: decorator
  @inline mask<T>(a: v128, b: v128): v128 { return v128.le<T>(a, b); }
}
@unmanaged class Gt {
  // @ts-ignore: decorator
  @inline mask<T>(a: v128, b: v128): v128 { return v128.gt<T>(a, b); }
}
@unmanaged class Ge {
  // @ts-ignore: decorator
  @inline mask<T>(a: v128, b: v128): v128 { return v128.ge<T>(a, b); }
}
@unmanaged class LogicalAnd {
  // @ts-ignore: decorator
  @inline mask<T>(a: v128, b: v128): v128 {
    const zero = v128.splat<T>(0);
    return v128.and(v128.ne<T>(a, zero), v128.ne<T>(b, zero));
  }
}
@unmanaged class LogicalOr {
  // @ts-ignore: decorator
  @inline mask<T>(a: v128, b: v128): v128 {
    const zero = v128.splat<T>(0);
    return v128.or(v128.ne<T>(a, zero), v128.ne<T>(b, zero));
  }
}
@unmanaged class LogicalXor {
  // @ts-ignore: decorator
  @inline mask<T>(a: v128, b: v128): v128 {
    const zero = v128.splat<T>(0);
    return v128.xor(v128.ne<T>(a, zero), v128.ne<T>(b, zero));
  }
}
@unmanaged class IsZero {
  // @ts-ignore: decorator
  @inline mask<T>(a: v128, b: v128): v128 { return v128.eq<T>(a, v128.splat<T>(0)); }
}
@unmanaged class IsInf {
  // @ts-ignore: decorator
  @inline mask<T>(a: v128, b: v128): v128 { return v128.eq<T>(v128.abs<T>(a), v128.splat<T>(<T>Infinity)); }
}
@unmanaged class IsFinite {
  // @ts-ignore: decorator
  @inline mask<T>(a: v128, b: v128): v128 { return v128.lt<T>(v128.abs<T>(a), v128.splat<T>(<T>Infinity)); }
}

/** Vector `i` of a row whose stride is 1 or, where `constant`, 0. */
// @ts-ignore: decorator
@inline function vectorAt<T>(p: usize, i: i32, constant: bool): v128 {
  return constant ? v128.load_splat<T>(p) : v128.load(p + (<usize>i << 4));
}

// @ts-ignore: decorator
@inline function maskAt<Op, T>(a: usize, b: usize, i: i32, constantA: bool, constantB: bool): v128 {
  return changetype<Op>(0).mask<T>(vectorAt<T>(a, i, constantA), vectorAt<T>(b, i, constantB));
}

/** The masks of 16 elements as bytes. */
// @ts-ignore: decorator
@inline function sixteen<Op, T>(a: usize, b: usize, constantA: bool, constantB: bool): v128 {
  if (sizeof<T>() == 1) return v128.and(maskAt<Op, T>(a, b, 0, constantA, constantB), i8x16.splat(1));
  const m0 = maskAt<Op, T>(a, b, 0, constantA, constantB), m1 = maskAt<Op, T>(a, b, 1, constantA, constantB);
  const m2 = maskAt<Op, T>(a, b, 2, constantA, constantB), m3 = maskAt<Op, T>(a, b, 3, constantA, constantB);
  if (sizeof<T>() == 4) return boolBytes(m0, m1, m2, m3);
  const m4 = maskAt<Op, T>(a, b, 4, constantA, constantB), m5 = maskAt<Op, T>(a, b, 5, constantA, constantB);
  const m6 = maskAt<Op, T>(a, b, 6, constantA, constantB), m7 = maskAt<Op, T>(a, b, 7, constantA, constantB);
  return boolBytes(narrowMask64(m0, m1), narrowMask64(m2, m3), narrowMask64(m4, m5), narrowMask64(m6, m7));
}

// @ts-ignore: decorator
@inline function unitRow<Op, T>(a: usize, b: usize, out: usize, n: i32, constantA: bool, constantB: bool): void {
  const stepA = constantA ? 0 : 16 * sizeof<T>(), stepB = constantB ? 0 : 16 * sizeof<T>();
  const end = out + (n & ~15);
  for (; out < end; out += 16) {
    v128.store(out, sixteen<Op, T>(a, b, constantA, constantB));
    a += stepA;
    b += stepB;
  }
  anyRow<Op, T>(a, b, out, n & 15, constantA ? 0 : sizeof<T>(), constantB ? 0 : sizeof<T>());
}

/** Any strides, in bytes, one vector at a time. */
function anyRow<Op, T>(a: usize, b: usize, out: usize, n: i32, stepA: usize, stepB: usize): void {
  const op = changetype<Op>(0);
  for (; n > 0; n -= lanes<T>()) {
    const count = min(n, lanes<T>());
    let bits = maskBits<T>(op.mask<T>(gatherTail<T>(a, stepA, count), gatherTail<T>(b, stepB, count)));
    for (let i = 0; i < count; i++) {
      store<u8>(out, bits & 1);
      bits >>= 1;
      out++;
    }
    a += stepA * lanes<T>();
    b += stepB * lanes<T>();
  }
}

function row<Op, T>(a: usize, b: usize, out: usize, n: i32, strideA: i32, strideB: i32): void {
  if (strideA == 1 && strideB == 1) unitRow<Op, T>(a, b, out, n, false, false);
  else if (strideA == 1 && strideB == 0) unitRow<Op, T>(a, b, out, n, false, true);
  else if (strideA == 0 && strideB == 1) unitRow<Op, T>(a, b, out, n, true, false);
  else anyRow<Op, T>(a, b, out, n, <usize>strideA * sizeof<T>(), <usize>strideB * sizeof<T>());
}

function binaryRowOf<T>(kind: i32, a: usize, b: usize, out: usize, n: i32, strideA: i32, strideB: i32): void {
  switch (kind) {
    case code.EQ: row<Eq, T>(a, b, out, n, strideA, strideB); return;
    case code.NE: row<Ne, T>(a, b, out, n, strideA, strideB); return;
    case code.LT: row<Lt, T>(a, b, out, n, strideA, strideB); return;
    case code.LE: row<Le, T>(a, b, out, n, strideA, strideB); return;
    case code.GT: row<Gt, T>(a, b, out, n, strideA, strideB); return;
    case code.GE: row<Ge, T>(a, b, out, n, strideA, strideB); return;
    case code.LOGICAL_AND: row<LogicalAnd, T>(a, b, out, n, strideA, strideB); return;
    case code.LOGICAL_OR: row<LogicalOr, T>(a, b, out, n, strideA, strideB); return;
    case code.LOGICAL_XOR: row<LogicalXor, T>(a, b, out, n, strideA, strideB); return;
    default: unreachable();
  }
}

/** One row of a comparison or logical operation; strides in elements. */
export function maskedBinaryRow(
  kind: i32, dtype: i32, a: usize, b: usize, out: usize, n: i32, strideA: i32, strideB: i32,
): void {
  switch (dtype) {
    case F32: binaryRowOf<f32>(kind, a, b, out, n, strideA, strideB); return;
    case F64: binaryRowOf<f64>(kind, a, b, out, n, strideA, strideB); return;
    case I32: binaryRowOf<i32>(kind, a, b, out, n, strideA, strideB); return;
    case I64: binaryRowOf<i64>(kind, a, b, out, n, strideA, strideB); return;
    case U8:
    case BOOL: binaryRowOf<u8>(kind, a, b, out, n, strideA, strideB); return;
    default: unreachable();
  }
}

function floatTestRow<T>(kind: i32, x: usize, out: usize, n: i32, stride: i32): void {
  switch (kind) {
    case code.LOGICAL_NOT: row<IsZero, T>(x, x, out, n, stride, stride); return;
    case code.IS_NAN: row<Ne, T>(x, x, out, n, stride, stride); return;
    case code.IS_INF: row<IsInf, T>(x, x, out, n, stride, stride); return;
    case code.IS_FINITE: row<IsFinite, T>(x, x, out, n, stride, stride); return;
    default: unreachable();
  }
}

function integerTestRow<T>(kind: i32, x: usize, out: usize, n: i32, stride: i32): void {
  if (kind == code.LOGICAL_NOT) row<IsZero, T>(x, x, out, n, stride, stride);
  else memory.fill(out, kind == code.IS_FINITE ? 1 : 0, n);
}

/** One row of a unary operation with bool results; the stride is in elements. */
export function maskedUnaryRow(kind: i32, dtype: i32, x: usize, out: usize, n: i32, stride: i32): void {
  switch (dtype) {
    case F32: floatTestRow<f32>(kind, x, out, n, stride); return;
    case F64: floatTestRow<f64>(kind, x, out, n, stride); return;
    case I32: integerTestRow<i32>(kind, x, out, n, stride); return;
    case I64: integerTestRow<i64>(kind, x, out, n, stride); return;
    case U8:
    case BOOL: integerTestRow<u8>(kind, x, out, n, stride); return;
    default: unreachable();
  }
}
