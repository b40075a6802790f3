/** The loops of unary operations along a row. */
import { gather, gatherTail, lanes, storeTail } from "../math/lanes";
import { isWide, wideUnary } from "../runtime/wide";
import { expRow, sigmoidRow } from "./exp-rows";
import { LIGHT_BYTES, unaryVectors } from "./light";
import { logRow } from "./log-rows";
import * as op from "./unary-ops";

/** One row: `stride` (in elements) of x is 1 in contiguous memory. In place where x == out and the stride is 1. */
export function row<Op, T>(x: usize, out: usize, n: i32, stride: i32, p0: T, p1: T): void {
  const op = changetype<Op>(0);
  const p = v128.splat<T>(p0), q = v128.splat<T>(p1);
  const end = out + <usize>n * sizeof<T>();
  if (stride == 1) {
    const whole = out + ((<usize>n * sizeof<T>()) & ~15);
    for (; out < whole; out += 16) {
      v128.store(out, op.apply<T>(v128.load(x), p, q));
      x += 16;
    }
  }
  // Strided elements, and the last few of contiguous ones.
  const step = <usize>stride * sizeof<T>();
  while (out < end) {
    const left = end - out;
    const v = left < 16 ? gatherTail<T>(x, step, <i32>(left / sizeof<T>())) : gather<T>(x, step);
    const y = op.apply<T>(v, p, q);
    if (left < 16) { storeTail(out, y, left); return; }
    v128.store(out, y);
    x += step * lanes<T>();
    out += 16;
  }
}

/** As `row`: for operations that take no longer than loads and stores. */
export function lightRow<Op, T>(kind: i32, x: usize, out: usize, n: i32, stride: i32, p0: T, p1: T): void {
  let done = 0;
  if (stride == 1) {
    const bytes = <usize>n * sizeof<T>() & ~(LIGHT_BYTES - 1);
    done = <i32>(bytes / sizeof<T>());
    if (done > 0) {
      if (isWide<T>()) wideUnary(kind, x, out, bytes, <f32>p0, <f32>p1);
      else unaryVectors<Op, T>(x, out, bytes, p0, p1);
    }
    x += bytes;
    out += bytes;
  }
  if (done < n) row<Op, T>(x, out, n - done, stride, p0, p1);
}

export function expRowOf<T>(x: usize, out: usize, n: i32, stride: i32): void {
  let done = 0;
  if (sizeof<T>() == 4 && stride == 1) {
    done = n & ~3;
    expRow(x, out, <usize>done << 2);
  }
  const at = <usize>done * sizeof<T>(), none = <T>0;
  if (done < n) row<op.Exp, T>(x + at, out + at, n - done, stride, none, none);
}

export function logRowOf<T>(x: usize, out: usize, n: i32, stride: i32): void {
  let done = 0;
  if (sizeof<T>() == 4 && stride == 1) {
    done = n & ~3;
    logRow(x, out, <usize>done << 2);
  }
  const at = <usize>done * sizeof<T>(), none = <T>0;
  if (done < n) row<op.Log, T>(x + at, out + at, n - done, stride, none, none);
}

export function sigmoidRowOf<T>(x: usize, out: usize, n: i32, stride: i32): void {
  let done = 0;
  if (sizeof<T>() == 4 && stride == 1) {
    done = n & ~3;
    sigmoidRow(x, out, <usize>done << 2);
  }
  const at = <usize>done * sizeof<T>(), none = <T>0;
  if (done < n) row<op.Sigmoid, T>(x + at, out + at, n - done, stride, none, none);
}

/** The exponents that have a shorter way, the same ones as in PyTorch. */
export function powRow<T>(x: usize, out: usize, n: i32, stride: i32, exponent: f64): void {
  const p = <T>exponent;
  if (exponent == 2) row<op.Square, T>(x, out, n, stride, p, p);
  else if (exponent == 3) row<op.Cube, T>(x, out, n, stride, p, p);
  else if (exponent == 0.5) row<op.Sqrt, T>(x, out, n, stride, p, p);
  else if (exponent == -0.5) row<op.Rsqrt, T>(x, out, n, stride, p, p);
  else if (exponent == -1) row<op.Reciprocal, T>(x, out, n, stride, p, p);
  else if (exponent == -2) row<op.ReciprocalSquare, T>(x, out, n, stride, p, p);
  else row<op.PowScalar, T>(x, out, n, stride, p, p);
}
