/** Unary operations on contiguous and on strided operands. */
import { getFloat, getInt, getPointer, setFloat, setInt } from "../runtime/control";
import { BOOL, F32, F64, I32, I64, U8, bytesOf } from "../runtime/dtype.generated";
import { freeTemporary } from "../runtime/memory";
import { parallelFor } from "../runtime/pool";
import {
  PARALLEL_FROM, chunkCount, chunkOf, columnCount, firstColumn, firstRow, innerSize, lastRow, rowCount, rowOffset, rowStride,
  taskCount,
} from "../runtime/strided";
import { unaryGivesBool, unaryTakesBool } from "./codes.generated";
import { copyLayout, denseCopy, isFar } from "./dense";
import { maskedUnaryRow } from "./masks";
import { floatRow, integerRow } from "./unary-cases.generated";

function unaryRow(kind: i32, dtype: i32, x: usize, out: usize, n: i32, stride: i32, p0: f64, p1: f64): void {
  if (unaryGivesBool(kind)) { maskedUnaryRow(kind, dtype, x, out, n, stride); return; }
  switch (dtype) {
    case F32: floatRow<f32>(kind, x, out, n, stride, p0, p1); return;
    case F64: floatRow<f64>(kind, x, out, n, stride, p0, p1); return;
    case I32: integerRow<i32>(kind, x, out, n, stride, p0, p1); return;
    case I64: integerRow<i64>(kind, x, out, n, stride, p0, p1); return;
    case BOOL: if (!unaryTakesBool(kind)) unreachable();
    case U8: integerRow<u8>(kind, x, out, n, stride, p0, p1); return;
    default: unreachable();
  }
}

// @ts-ignore: decorator
@inline function outBytes(kind: i32, dtype: i32): usize {
  return unaryGivesBool(kind) ? 1 : bytesOf(dtype);
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
