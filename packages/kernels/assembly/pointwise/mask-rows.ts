/** The loops of operations that write bools, along a row. */
import { boolBytes, gatherTail, lanes, maskBits, narrowMask64 } from "../math/lanes";

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

export function row<Op, T>(a: usize, b: usize, out: usize, n: i32, strideA: i32, strideB: i32): void {
  if (strideA == 1 && strideB == 1) unitRow<Op, T>(a, b, out, n, false, false);
  else if (strideA == 1 && strideB == 0) unitRow<Op, T>(a, b, out, n, false, true);
  else if (strideA == 0 && strideB == 1) unitRow<Op, T>(a, b, out, n, true, false);
  else anyRow<Op, T>(a, b, out, n, <usize>strideA * sizeof<T>(), <usize>strideB * sizeof<T>());
}
