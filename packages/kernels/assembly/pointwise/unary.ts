/** Unary operations on contiguous and on strided operands. */
import { element, gather, gatherTail, lanes, saturated, storeTail } from "../math/lanes";
import { getFloat, getInt, getPointer, setFloat, setInt } from "../runtime/control";
import { F32, F64, I32, I64, U8 } from "../runtime/dtype";
import { freeTemporary } from "../runtime/memory";
import { parallelFor } from "../runtime/pool";
import {
  PARALLEL_FROM, bytesOf, chunkCount, chunkOf, columnCount, firstColumn, firstRow, innerSize, lastRow, rowCount, rowOffset,
  rowStride, taskCount,
} from "../runtime/strided";
import { isWide, wideUnary } from "../runtime/wide";
import * as code from "./codes";
import { copyLayout, denseCopy, isFar } from "./dense";
import { expRow, sigmoidRow } from "./exp-rows";
import { LIGHT_BYTES, unaryVectors } from "./light";
import { logRow } from "./log-rows";
import { maskedUnaryRow } from "./masks";
import * as op from "./unary-ops";

/** One row: `stride` (in elements) of x is 1 in contiguous memory. In place where x == out and the stride is 1. */
function row<Op, T>(x: usize, out: usize, n: i32, stride: i32, p0: T, p1: T): void {
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
function lightRow<Op, T>(kind: i32, x: usize, out: usize, n: i32, stride: i32, p0: T, p1: T): void {
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

/** What integers share with floats. */
// @ts-ignore: decorator
@inline function anyRow<T>(kind: i32, x: usize, out: usize, n: i32, stride: i32, p0: f64, p1: f64): void {
  const p = element<T>(p0);
  switch (kind) {
    case code.NEG: lightRow<op.Neg, T>(kind, x, out, n, stride, p, p); return;
    case code.ABS: lightRow<op.Abs, T>(kind, x, out, n, stride, p, p); return;
    case code.SIGN: lightRow<op.Sign, T>(kind, x, out, n, stride, p, p); return;
    case code.SQUARE: lightRow<op.Square, T>(kind, x, out, n, stride, p, p); return;
    case code.RELU: lightRow<op.Relu, T>(kind, x, out, n, stride, p, p); return;
    case code.CLAMP: lightRow<op.Clamp, T>(kind, x, out, n, stride, saturated<T>(p0), saturated<T>(p1)); return;
    case code.ADD_SCALAR: lightRow<op.AddScalar, T>(kind, x, out, n, stride, p, p); return;
    case code.MUL_SCALAR: lightRow<op.MulScalar, T>(kind, x, out, n, stride, p, p); return;
    case code.RSUB_SCALAR: lightRow<op.RsubScalar, T>(kind, x, out, n, stride, p, p); return;
    default: unreachable();
  }
}

function floatRow<T>(kind: i32, x: usize, out: usize, n: i32, stride: i32, p0: f64, p1: f64): void {
  const p = <T>p0, q = <T>p1;
  switch (kind) {
    case code.SQRT: row<op.Sqrt, T>(x, out, n, stride, p, q); return;
    case code.RSQRT: row<op.Rsqrt, T>(x, out, n, stride, p, q); return;
    case code.RECIPROCAL: row<op.Reciprocal, T>(x, out, n, stride, p, q); return;
    case code.EXP: expRowOf<T>(x, out, n, stride); return;
    case code.EXPM1: row<op.Expm1, T>(x, out, n, stride, p, q); return;
    case code.LOG: logRowOf<T>(x, out, n, stride); return;
    case code.LOG1P: row<op.Log1p, T>(x, out, n, stride, p, q); return;
    case code.LOG2: row<op.Log2, T>(x, out, n, stride, p, q); return;
    case code.LOG10: row<op.Log10, T>(x, out, n, stride, p, q); return;
    case code.SIN: row<op.Sin, T>(x, out, n, stride, p, q); return;
    case code.COS: row<op.Cos, T>(x, out, n, stride, p, q); return;
    case code.TAN: row<op.Tan, T>(x, out, n, stride, p, q); return;
    case code.TANH: row<op.Tanh, T>(x, out, n, stride, p, q); return;
    case code.SIGMOID: sigmoidRowOf<T>(x, out, n, stride); return;
    case code.FLOOR: row<op.Floor, T>(x, out, n, stride, p, q); return;
    case code.CEIL: row<op.Ceil, T>(x, out, n, stride, p, q); return;
    case code.ROUND: row<op.Round, T>(x, out, n, stride, p, q); return;
    case code.TRUNC: row<op.Trunc, T>(x, out, n, stride, p, q); return;
    case code.ERF: row<op.Erf, T>(x, out, n, stride, p, q); return;
    case code.SOFTPLUS: row<op.Softplus, T>(x, out, n, stride, p, q); return;
    case code.LEAKY_RELU: lightRow<op.LeakyRelu, T>(kind, x, out, n, stride, p, q); return;
    case code.POW_SCALAR: powRow<T>(x, out, n, stride, p0); return;
    default: anyRow<T>(kind, x, out, n, stride, p0, p1);
  }
}

function expRowOf<T>(x: usize, out: usize, n: i32, stride: i32): void {
  let done = 0;
  if (sizeof<T>() == 4 && stride == 1) {
    done = n & ~3;
    expRow(x, out, <usize>done << 2);
  }
  const at = <usize>done * sizeof<T>(), none = <T>0;
  if (done < n) row<op.Exp, T>(x + at, out + at, n - done, stride, none, none);
}

function logRowOf<T>(x: usize, out: usize, n: i32, stride: i32): void {
  let done = 0;
  if (sizeof<T>() == 4 && stride == 1) {
    done = n & ~3;
    logRow(x, out, <usize>done << 2);
  }
  const at = <usize>done * sizeof<T>(), none = <T>0;
  if (done < n) row<op.Log, T>(x + at, out + at, n - done, stride, none, none);
}

function sigmoidRowOf<T>(x: usize, out: usize, n: i32, stride: i32): void {
  let done = 0;
  if (sizeof<T>() == 4 && stride == 1) {
    done = n & ~3;
    sigmoidRow(x, out, <usize>done << 2);
  }
  const at = <usize>done * sizeof<T>(), none = <T>0;
  if (done < n) row<op.Sigmoid, T>(x + at, out + at, n - done, stride, none, none);
}

/** The exponents that have a shorter way, the same ones as in PyTorch. */
function powRow<T>(x: usize, out: usize, n: i32, stride: i32, exponent: f64): void {
  const p = <T>exponent;
  if (exponent == 2) row<op.Square, T>(x, out, n, stride, p, p);
  else if (exponent == 3) row<op.Cube, T>(x, out, n, stride, p, p);
  else if (exponent == 0.5) row<op.Sqrt, T>(x, out, n, stride, p, p);
  else if (exponent == -0.5) row<op.Rsqrt, T>(x, out, n, stride, p, p);
  else if (exponent == -1) row<op.Reciprocal, T>(x, out, n, stride, p, p);
  else if (exponent == -2) row<op.ReciprocalSquare, T>(x, out, n, stride, p, p);
  else row<op.PowScalar, T>(x, out, n, stride, p, p);
}

function unaryRow(kind: i32, dtype: i32, x: usize, out: usize, n: i32, stride: i32, p0: f64, p1: f64): void {
  if (kind >= code.LOGICAL_NOT) { maskedUnaryRow(kind, dtype, x, out, n, stride); return; }
  switch (dtype) {
    case F32: floatRow<f32>(kind, x, out, n, stride, p0, p1); return;
    case F64: floatRow<f64>(kind, x, out, n, stride, p0, p1); return;
    case I32: anyRow<i32>(kind, x, out, n, stride, p0, p1); return;
    case I64: anyRow<i64>(kind, x, out, n, stride, p0, p1); return;
    case U8: anyRow<u8>(kind, x, out, n, stride, p0, p1); return;
    default: unreachable();
  }
}

// @ts-ignore: decorator
@inline function outBytes(kind: i32, dtype: i32): usize {
  return kind >= code.LOGICAL_NOT ? 1 : bytesOf(dtype);
}

function contiguousTask(task: i32): void {
  const kind = getInt(0), dtype = getInt(1);
  const n = getInt(4), chunk = chunkOf(n);
  const begin = task * chunk;
  unaryRow(
    kind, dtype, getPointer(2) + <usize>begin * bytesOf(dtype), getPointer(3) + <usize>begin * outBytes(kind, dtype),
    min(chunk, n - begin), 1, getFloat(5), getFloat(6),
  );
}

export function unary(kind: i32, dtype: i32, x: usize, out: usize, n: i32, p0: f64, p1: f64): void {
  if (n <= PARALLEL_FROM) { unaryRow(kind, dtype, x, out, n, 1, p0, p1); return; }
  setInt(0, kind); setInt(1, dtype); setInt(2, x); setInt(3, out); setInt(4, n); setFloat(5, p0); setFloat(6, p1);
  parallelFor(contiguousTask, chunkCount(n, chunkOf(n)));
}

function rows(
  kind: i32, dtype: i32, x: usize, out: usize, layout: usize, first: i32, last: i32, begin: i32, n: i32, p0: f64, p1: f64,
): void {
  const stride = rowStride(layout, 1);
  const size = bytesOf(dtype), outSize = outBytes(kind, dtype);
  const inner = innerSize(layout);
  for (let r = first; r < last; r++) {
    const from = x + <usize>(rowOffset(layout, 1, r) + begin * stride) * size;
    unaryRow(kind, dtype, from, out + (<usize>r * inner + begin) * outSize, n, stride, p0, p1);
  }
}

function stridedTask(task: i32): void {
  const layout = getPointer(4);
  const count = rowCount(layout), inner = innerSize(layout);
  rows(
    getInt(0), getInt(1), getPointer(2), getPointer(3), layout, firstRow(task, count, inner), lastRow(task, count, inner),
    firstColumn(task, count, inner), columnCount(task, count, inner), getFloat(5), getFloat(6),
  );
}

export function unaryStrided(kind: i32, dtype: i32, x: usize, out: usize, layout: usize, p0: f64, p1: f64): void {
  if (isFar(layout, 1)) {
    const copy = denseCopy(bytesOf(dtype), x, layout, 1, copyLayout(layout, 1));
    unary(kind, dtype, copy, out, rowCount(layout) * innerSize(layout), p0, p1);
    freeTemporary(copy);
    return;
  }
  const count = rowCount(layout), inner = innerSize(layout);
  if (<i64>count * inner <= PARALLEL_FROM) { rows(kind, dtype, x, out, layout, 0, count, 0, inner, p0, p1); return; }
  setInt(0, kind); setInt(1, dtype); setInt(2, x); setInt(3, out); setInt(4, layout); setFloat(5, p0); setFloat(6, p1);
  parallelFor(stridedTask, taskCount(count, inner));
}
