/** Binary operations on contiguous operands of one shape, and on strided or broadcast ones. */
import { gather, gatherTail, lanes, storeTail } from "../math/lanes";
import { getInt, getPointer, setInt } from "../runtime/control";
import { BOOL, F32, F64, I32, I64, U8 } from "../runtime/dtype";
import { freeTemporary } from "../runtime/memory";
import { parallelFor } from "../runtime/pool";
import {
  PARALLEL_FROM, bytesOf, chunkCount, chunkOf, columnCount, firstColumn, firstRow, innerSize, lastRow, rowCount, rowOffset,
  rowStride, taskCount,
} from "../runtime/strided";
import { isWide, wideBinary, wideBinaryWith } from "../runtime/wide";
import * as op from "./binary-ops";
import * as code from "./codes";
import { copyLayout, denseCopy, isFar } from "./dense";
import { LIGHT_BYTES, binaryVectors, binaryVectorsWith, lengthIn, nextIn, stepIn } from "./light";
import { maskedBinaryRow } from "./masks";

/** One row; strides in elements. `out` may be an operand whose stride is 1. */
function row<Op, T>(a: usize, b: usize, out: usize, n: i32, strideA: i32, strideB: i32): void {
  const op = changetype<Op>(0);
  const bytes = <usize>n * sizeof<T>();
  const whole = bytes & ~15;
  let at: usize = 0;
  if (strideA == 1 && strideB == 1) {
    for (; at < whole; at += 16) v128.store(out + at, op.apply<T>(v128.load(a + at), v128.load(b + at)));
  } else if (strideA == 1 && strideB == 0) {
    if (n > 0) {
      const right = v128.load_splat<T>(b);
      for (; at < whole; at += 16) v128.store(out + at, op.apply<T>(v128.load(a + at), right));
    }
  } else if (strideA == 0 && strideB == 1) {
    if (n > 0) {
      const left = v128.load_splat<T>(a);
      for (; at < whole; at += 16) v128.store(out + at, op.apply<T>(left, v128.load(b + at)));
    }
  }
  // Other strides, and the last few elements of the cases above.
  const stepA = <usize>strideA * sizeof<T>(), stepB = <usize>strideB * sizeof<T>();
  a += at * strideA;
  b += at * strideB;
  while (at < bytes) {
    const left = bytes - at;
    const count = <i32>(left / sizeof<T>());
    const va = left < 16 ? gatherTail<T>(a, stepA, count) : gather<T>(a, stepA);
    const vb = left < 16 ? gatherTail<T>(b, stepB, count) : gather<T>(b, stepB);
    const y = op.apply<T>(va, vb);
    if (left < 16) { storeTail(out + at, y, left); return; }
    v128.store(out + at, y);
    a += stepA * lanes<T>();
    b += stepB * lanes<T>();
    at += 16;
  }
}

/** Whether an operation takes no longer than loads and stores. */
// @ts-ignore: decorator
@inline function isLight(kind: i32): bool {
  return kind <= code.MUL || kind == code.MAXIMUM || kind == code.MINIMUM || (kind >= code.RELU_GRAD && kind <= code.TANH_GRAD);
}

/** As `row`, for light operations; with `nextOut`, also the row that lies `next` bytes after in each operand, if strideA is 1 and strideB 0 or 1. */
function lightRow<Op, T>(
  kind: i32, a: usize, b: usize, out: usize, n: i32, strideA: i32, strideB: i32, nextA: usize, nextB: usize, nextOut: usize,
): void {
  let bytes: usize = 0;
  if (strideA == 1 && strideB >= 0 && strideB <= 1) {
    const isPair = nextOut != 0;
    bytes = <usize>n * sizeof<T>() & ~(isPair ? 127 : LIGHT_BYTES - 1);
    if (bytes > 0) {
      const alone = nextIn(bytes);
      const toA = isPair ? nextA : alone, toOut = isPair ? nextOut : alone;
      const end = out + (isPair ? bytes : lengthIn(bytes)), step: usize = isPair ? 128 : stepIn(bytes);
      if (strideB == 1) {
        const toB = isPair ? nextB : alone;
        if (isWide<T>()) wideBinary(kind, a, b, out, end, toA, toB, toOut, step);
        else binaryVectors<Op, T>(a, b, out, end, toA, toB, toOut, step);
      } else {
        const after = b + (isPair ? nextB : 0);
        if (isWide<T>()) wideBinaryWith(kind, a, load<f32>(b), load<f32>(after), out, end, toA, toOut, step);
        else binaryVectorsWith<Op, T>(a, load<T>(b), load<T>(after), out, end, toA, toOut, step);
      }
    }
    a += bytes;
    b += bytes * strideB;
    out += bytes;
  }
  const done = <i32>(bytes / sizeof<T>());
  if (done == n) return;
  row<Op, T>(a, b, out, n - done, strideA, strideB);
  if (nextOut != 0) row<Op, T>(a + nextA, b + nextB, out + nextOut, n - done, strideA, strideB);
}

function numberRow<T>(
  kind: i32, a: usize, b: usize, out: usize, n: i32, strideA: i32, strideB: i32, nextA: usize, nextB: usize, nextOut: usize,
): void {
  switch (kind) {
    case code.ADD: lightRow<op.Add, T>(kind, a, b, out, n, strideA, strideB, nextA, nextB, nextOut); return;
    case code.SUB: lightRow<op.Sub, T>(kind, a, b, out, n, strideA, strideB, nextA, nextB, nextOut); return;
    case code.MUL: lightRow<op.Mul, T>(kind, a, b, out, n, strideA, strideB, nextA, nextB, nextOut); return;
    case code.DIV: row<op.Div, T>(a, b, out, n, strideA, strideB); return;
    case code.POW: row<op.Pow, T>(a, b, out, n, strideA, strideB); return;
    case code.MAXIMUM: lightRow<op.Maximum, T>(kind, a, b, out, n, strideA, strideB, nextA, nextB, nextOut); return;
    case code.MINIMUM: lightRow<op.Minimum, T>(kind, a, b, out, n, strideA, strideB, nextA, nextB, nextOut); return;
    case code.REMAINDER: row<op.Remainder, T>(a, b, out, n, strideA, strideB); return;
    case code.FLOOR_DIVIDE: row<op.FloorDivide, T>(a, b, out, n, strideA, strideB); return;
    default: unreachable();
  }
}

function floatRow<T>(
  kind: i32, a: usize, b: usize, out: usize, n: i32, strideA: i32, strideB: i32, nextA: usize, nextB: usize, nextOut: usize,
): void {
  switch (kind) {
    case code.ATAN2: row<op.Atan2, T>(a, b, out, n, strideA, strideB); return;
    case code.RELU_GRAD: lightRow<op.ReluGrad, T>(kind, a, b, out, n, strideA, strideB, nextA, nextB, nextOut); return;
    case code.SIGMOID_GRAD: lightRow<op.SigmoidGrad, T>(kind, a, b, out, n, strideA, strideB, nextA, nextB, nextOut); return;
    case code.TANH_GRAD: lightRow<op.TanhGrad, T>(kind, a, b, out, n, strideA, strideB, nextA, nextB, nextOut); return;
    default: numberRow<T>(kind, a, b, out, n, strideA, strideB, nextA, nextB, nextOut);
  }
}

/** On bools, the product is "and", the maximum "or", the minimum "and". */
function isBoolOperation(kind: i32): bool {
  return kind == code.MUL || kind == code.MAXIMUM || kind == code.MINIMUM;
}

/** One row, or, with `nextOut`, two: the other one lies `next` bytes after in each operand. */
function binaryRow(
  kind: i32, dtype: i32, a: usize, b: usize, out: usize, n: i32, strideA: i32, strideB: i32, nextA: usize = 0, nextB: usize = 0,
  nextOut: usize = 0,
): void {
  if (nextOut != 0 && !isLight(kind)) {
    binaryRow(kind, dtype, a, b, out, n, strideA, strideB);
    binaryRow(kind, dtype, a + nextA, b + nextB, out + nextOut, n, strideA, strideB);
    return;
  }
  if (kind >= code.EQ) { maskedBinaryRow(kind, dtype, a, b, out, n, strideA, strideB); return; }
  switch (dtype) {
    case F32: floatRow<f32>(kind, a, b, out, n, strideA, strideB, nextA, nextB, nextOut); return;
    case F64: floatRow<f64>(kind, a, b, out, n, strideA, strideB, nextA, nextB, nextOut); return;
    case I32: numberRow<i32>(kind, a, b, out, n, strideA, strideB, nextA, nextB, nextOut); return;
    case I64: numberRow<i64>(kind, a, b, out, n, strideA, strideB, nextA, nextB, nextOut); return;
    case BOOL: if (!isBoolOperation(kind)) unreachable();
    case U8: numberRow<u8>(kind, a, b, out, n, strideA, strideB, nextA, nextB, nextOut); return;
    default: unreachable();
  }
}

// @ts-ignore: decorator
@inline function outBytes(kind: i32, dtype: i32): usize {
  return kind >= code.EQ ? 1 : bytesOf(dtype);
}

function contiguousTask(task: i32): void {
  const kind = getInt(0), dtype = getInt(1);
  const n = getInt(5), chunk = chunkOf(n);
  const begin = task * chunk;
  const at = <usize>begin * bytesOf(dtype);
  binaryRow(
    kind, dtype, getPointer(2) + at, getPointer(3) + at, getPointer(4) + <usize>begin * outBytes(kind, dtype),
    min(chunk, n - begin), 1, 1,
  );
}

export function binary(kind: i32, dtype: i32, a: usize, b: usize, out: usize, n: i32): void {
  if (n <= PARALLEL_FROM) { binaryRow(kind, dtype, a, b, out, n, 1, 1); return; }
  setInt(0, kind); setInt(1, dtype); setInt(2, a); setInt(3, b); setInt(4, out); setInt(5, n);
  parallelFor(contiguousTask, chunkCount(n, chunkOf(n)));
}

/** From so many bytes on two rows are read side by side. */
const PAIR_BYTES: usize = 1024;

/** Elements [begin, begin + n) of rows [first, last). */
function rows(
  kind: i32, dtype: i32, a: usize, b: usize, out: usize, layout: usize, first: i32, last: i32, begin: i32, n: i32,
): void {
  const strideA = rowStride(layout, 1), strideB = rowStride(layout, 2);
  const size = bytesOf(dtype), outSize = outBytes(kind, dtype);
  const inner = innerSize(layout);
  const count = last - first;
  const ahead = <usize>n * size >= PAIR_BYTES ? (count + 1) >> 1 : count;
  for (let r = first; r < first + ahead; r++) {
    const offsetA = rowOffset(layout, 1, r), offsetB = rowOffset(layout, 2, r);
    const fromA = a + <usize>(offsetA + begin * strideA) * size;
    const fromB = b + <usize>(offsetB + begin * strideB) * size;
    const to = out + (<usize>r * inner + begin) * outSize;
    const other = r + ahead;
    if (other < last) {
      binaryRow(
        kind, dtype, fromA, fromB, to, n, strideA, strideB, <usize>(rowOffset(layout, 1, other) - offsetA) * size,
        <usize>(rowOffset(layout, 2, other) - offsetB) * size, <usize>ahead * inner * outSize,
      );
    } else binaryRow(kind, dtype, fromA, fromB, to, n, strideA, strideB);
  }
}

function stridedTask(task: i32): void {
  const layout = getPointer(5);
  const count = rowCount(layout), inner = innerSize(layout);
  rows(
    getInt(0), getInt(1), getPointer(2), getPointer(3), getPointer(4), layout, firstRow(task, count, inner),
    lastRow(task, count, inner), firstColumn(task, count, inner), columnCount(task, count, inner),
  );
}

export function binaryStrided(kind: i32, dtype: i32, a: usize, b: usize, out: usize, layout: usize): void {
  const farA = isFar(layout, 1), farB = isFar(layout, 2);
  if (!farA && !farB) { runStrided(kind, dtype, a, b, out, layout); return; }
  const dense = copyLayout(layout, 2);
  const copyA = farA ? denseCopy(bytesOf(dtype), a, layout, 1, dense) : 0;
  const copyB = farB ? denseCopy(bytesOf(dtype), b, layout, 2, dense) : 0;
  runStrided(kind, dtype, farA ? copyA : a, farB ? copyB : b, out, dense);
  if (farA) freeTemporary(copyA);
  if (farB) freeTemporary(copyB);
}

function runStrided(kind: i32, dtype: i32, a: usize, b: usize, out: usize, layout: usize): void {
  const count = rowCount(layout), inner = innerSize(layout);
  if (<i64>count * inner <= PARALLEL_FROM) { rows(kind, dtype, a, b, out, layout, 0, count, 0, inner); return; }
  setInt(0, kind); setInt(1, dtype); setInt(2, a); setInt(3, b); setInt(4, out); setInt(5, layout);
  parallelFor(stridedTask, taskCount(count, inner));
}

function hasZeroIn<T>(x: usize, n: i32): i32 {
  for (let i = 0; i < n; i++) if (load<T>(x + <usize>i * sizeof<T>()) == 0) return 1;
  return 0;
}

/** 1 if any of the n elements is 0: integer division is checked before it runs. */
export function hasZero(dtype: i32, x: usize, n: i32): i32 {
  switch (dtype) {
    case F32: return hasZeroIn<f32>(x, n);
    case F64: return hasZeroIn<f64>(x, n);
    case I32: return hasZeroIn<i32>(x, n);
    case I64: return hasZeroIn<i64>(x, n);
    case U8:
    case BOOL: return hasZeroIn<u8>(x, n);
    default: unreachable();
  }
  return 0;
}
