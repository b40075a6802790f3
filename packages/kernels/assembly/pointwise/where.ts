/** Choice between two operands by a condition of bool bytes. */
import { getInt, getPointer, setInt } from "../runtime/control";
import { bytesOf } from "../runtime/dtype.generated";
import { parallelFor } from "../runtime/pool";
import { PARALLEL_FROM, columnCount, firstColumn, firstRow, innerSize, lastRow, rowCount, rowOffset, rowStride, taskCount } from "../runtime/strided";

/** One row; `T` stands for the element's size only. Strides in elements. */
function row<T>(cond: usize, a: usize, b: usize, out: usize, n: i32, strideC: i32, strideA: i32, strideB: i32): void {
  const stepA = <usize>strideA * sizeof<T>(), stepB = <usize>strideB * sizeof<T>();
  const end = out + <usize>n * sizeof<T>();
  for (; out < end; out += sizeof<T>()) {
    store<T>(out, select<T>(load<T>(a), load<T>(b), load<u8>(cond) != 0));
    cond += strideC;
    a += stepA;
    b += stepB;
  }
}

/** 32-bit elements, all operands contiguous. */
function unitRow32(cond: usize, a: usize, b: usize, out: usize, n: i32): void {
  const zero = i32x4.splat(0);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const at = <usize>i << 2;
    const wide = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(cond + i)));
    v128.store(out + at, v128.bitselect(v128.load(b + at), v128.load(a + at), i32x4.eq(wide, zero)));
  }
  const at = <usize>i << 2;
  row<u32>(cond + i, a + at, b + at, out + at, n - i, 1, 1, 1);
}

function rows(
  dtype: i32, cond: usize, a: usize, b: usize, out: usize, layout: usize, first: i32, last: i32, begin: i32, n: i32,
): void {
  const strideC = rowStride(layout, 1), strideA = rowStride(layout, 2), strideB = rowStride(layout, 3);
  const size = bytesOf(dtype);
  const inner = innerSize(layout);
  for (let r = first; r < last; r++) {
    const fromC = cond + <usize>(rowOffset(layout, 1, r) + begin * strideC);
    const fromA = a + <usize>(rowOffset(layout, 2, r) + begin * strideA) * size;
    const fromB = b + <usize>(rowOffset(layout, 3, r) + begin * strideB) * size;
    const to = out + (<usize>r * inner + begin) * size;
    if (size == 4) {
      if (strideC == 1 && strideA == 1 && strideB == 1) unitRow32(fromC, fromA, fromB, to, n);
      else row<u32>(fromC, fromA, fromB, to, n, strideC, strideA, strideB);
    } else if (size == 8) row<u64>(fromC, fromA, fromB, to, n, strideC, strideA, strideB);
    else if (size == 2) row<u16>(fromC, fromA, fromB, to, n, strideC, strideA, strideB);
    else row<u8>(fromC, fromA, fromB, to, n, strideC, strideA, strideB);
  }
}

function whereTask(task: i32): void {
  const layout = getPointer(5);
  const count = rowCount(layout), inner = innerSize(layout);
  rows(
    getInt(0), getPointer(1), getPointer(2), getPointer(3), getPointer(4), layout, firstRow(task, count, inner),
    lastRow(task, count, inner), firstColumn(task, count, inner), columnCount(task, count, inner),
  );
}

/** out = cond ? a : b; the layout holds the strides of cond, a and b, out is contiguous. */
export function where(dtype: i32, cond: usize, a: usize, b: usize, out: usize, layout: usize): void {
  const count = rowCount(layout), inner = innerSize(layout);
  if (<i64>count * inner <= PARALLEL_FROM) { rows(dtype, cond, a, b, out, layout, 0, count, 0, inner); return; }
  setInt(0, dtype); setInt(1, cond); setInt(2, a); setInt(3, b); setInt(4, out); setInt(5, layout);
  parallelFor(whereTask, taskCount(count, inner));
}
