/** Binary operations on contiguous operands of one shape, and on strided or broadcast ones. */
import { getInt, getPointer, setInt } from "../runtime/control";
import { BOOL, F32, F64, I32, I64, U8, bytesOf } from "../runtime/dtype.generated";
import { freeTemporary } from "../runtime/memory";
import { parallelFor } from "../runtime/pool";
import {
  PARALLEL_FROM, chunkCount, chunkOf, columnCount, firstColumn, firstRow, innerSize, lastRow, rowCount, rowOffset, rowStride,
  taskCount,
} from "../runtime/strided";
import { floatRow, integerRow } from "./binary-cases.generated";
import { binaryGivesBool, binaryTakesBool, isLightBinary } from "./codes.generated";
import { copyLayout, denseCopy, isFar } from "./dense";
import { maskedBinaryRow } from "./masks";

/** One row, or, with `nextOut`, two: the other one lies `next` bytes after in each operand. */
function binaryRow(
  kind: i32, dtype: i32, a: usize, b: usize, out: usize, n: i32, strideA: i32, strideB: i32, nextA: usize = 0, nextB: usize = 0,
  nextOut: usize = 0,
): void {
  if (nextOut != 0 && !isLightBinary(kind)) {
    binaryRow(kind, dtype, a, b, out, n, strideA, strideB);
    binaryRow(kind, dtype, a + nextA, b + nextB, out + nextOut, n, strideA, strideB);
    return;
  }
  if (binaryGivesBool(kind)) { maskedBinaryRow(kind, dtype, a, b, out, n, strideA, strideB); return; }
  switch (dtype) {
    case F32: floatRow<f32>(kind, a, b, out, n, strideA, strideB, nextA, nextB, nextOut); return;
    case F64: floatRow<f64>(kind, a, b, out, n, strideA, strideB, nextA, nextB, nextOut); return;
    case I32: integerRow<i32>(kind, a, b, out, n, strideA, strideB, nextA, nextB, nextOut); return;
    case I64: integerRow<i64>(kind, a, b, out, n, strideA, strideB, nextA, nextB, nextOut); return;
    case BOOL: if (!binaryTakesBool(kind)) unreachable();
    case U8: integerRow<u8>(kind, a, b, out, n, strideA, strideB, nextA, nextB, nextOut); return;
    default: unreachable();
  }
}

// @ts-ignore: decorator
@inline function outBytes(kind: i32, dtype: i32): usize {
  return binaryGivesBool(kind) ? 1 : bytesOf(dtype);
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
