/**
 * Sums and products of integers and bools, as int64: they wrap, and so come to the same in whatever order they are formed.
 *
 * The middle dimension of [outer, n, inner] is cut into blocks where whole columns would be too few units of work; the blocks' results,
 * int64 themselves, are then combined in the same way.
 */
import { getInt, getPointer, setInt } from "../runtime/control";
import { BOOL, I32, I64, U8, bytesOf } from "../runtime/dtype.generated";
import { freeTemporary, temporary } from "../runtime/memory";
import { parallelFor } from "../runtime/pool";
import { CHUNK, PARALLEL_FROM } from "../runtime/strided";
import { PROD } from "./codes.generated";

/** Columns of one unit: their results stay in the first-level cache. */
const STRIP: i32 = 512;
/** With fewer units than this, the middle dimension is cut too. */
const MANY_UNITS: i32 = 64;
/** So many vectors of bytes can be added up in lanes of 32 bits. */
const BYTE_VECTORS: i32 = 1 << 20;

// @ts-ignore: decorator
@inline function bothLanes(v: v128): i64 {
  return i64x2.extract_lane(v, 0) + i64x2.extract_lane(v, 1);
}

/** Sum of n contiguous bytes, 16 at a time. */
function sumOfBytes(x: usize, n: i32): i64 {
  let total: i64 = 0;
  const end = x + n;
  while (x + 16 <= end) {
    const last = min(end - 16, x + (<usize>BYTE_VECTORS << 4) - 16);
    let sums = i32x4.splat(0);
    for (; x <= last; x += 16) sums = i32x4.add(sums, i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(v128.load(x))));
    total += bothLanes(i64x2.add(i64x2.extend_low_i32x4_u(sums), i64x2.extend_high_i32x4_u(sums)));
  }
  for (; x < end; x++) total += <i64>load<u8>(x);
  return total;
}

function sumOfInts(x: usize, n: i32): i64 {
  let low = i64x2.splat(0), high = low;
  const end = x + (<usize>n << 2);
  for (; x + 16 <= end; x += 16) {
    const v = v128.load(x);
    low = i64x2.add(low, i64x2.extend_low_i32x4_s(v));
    high = i64x2.add(high, i64x2.extend_high_i32x4_s(v));
  }
  let total = bothLanes(i64x2.add(low, high));
  for (; x < end; x += 4) total += <i64>load<i32>(x);
  return total;
}

function sumOfLongs(x: usize, n: i32): i64 {
  let total: i64 = 0;
  for (const end = x + (<usize>n << 3); x < end; x += 8) total += load<i64>(x);
  return total;
}

/** One row to one number. */
function row<T>(kind: i32, x: usize, n: i32): i64 {
  if (kind == PROD) {
    let product: i64 = 1;
    for (let i = 0; i < n; i++) product *= <i64>load<T>(x + <usize>i * sizeof<T>());
    return product;
  }
  if (sizeof<T>() == 1) return sumOfBytes(x, n);
  return sizeof<T>() == 4 ? sumOfInts(x, n) : sumOfLongs(x, n);
}

/** `rows` rows of `width` elements, `inner` apart, to one row. */
function columns<T>(kind: i32, x: usize, out: usize, rows: i32, width: i32, inner: i32): void {
  for (let c = 0; c < width; c++) store<i64>(out + (<usize>c << 3), kind == PROD ? 1 : 0);
  for (let r = 0; r < rows; r++) {
    const from = x + <usize>r * inner * sizeof<T>();
    for (let c = 0; c < width; c++) {
      const to = out + (<usize>c << 3);
      const value = <i64>load<T>(from + <usize>c * sizeof<T>());
      store<i64>(to, kind == PROD ? load<i64>(to) * value : load<i64>(to) + value);
    }
  }
}

/** Units [first, last) of the work; a unit is a strip of columns of a block of rows. */
function units<T>(kind: i32, x: usize, out: usize, n: i32, inner: i32, blockRows: i32, first: i32, last: i32): void {
  const strips = (inner + STRIP - 1) / STRIP, blocks = blockCount(n, blockRows);
  for (let u = first; u < last; u++) {
    const outerBlock = u / strips, column = (u % strips) * STRIP;
    const outer = outerBlock / blocks, begin = (outerBlock % blocks) * blockRows;
    const from = x + ((<usize>outer * n + begin) * inner + column) * sizeof<T>();
    const to = out + ((<usize>outerBlock * inner + column) << 3);
    const rows = min(blockRows, n - begin);
    if (inner == 1) store<i64>(to, row<T>(kind, from, rows));
    else columns<T>(kind, from, to, rows, min(STRIP, inner - column), inner);
  }
}

function unitsOf(kind: i32, dtype: i32, x: usize, out: usize, n: i32, inner: i32, blockRows: i32, first: i32, last: i32): void {
  switch (dtype) {
    case I32: units<i32>(kind, x, out, n, inner, blockRows, first, last); return;
    case I64: units<i64>(kind, x, out, n, inner, blockRows, first, last); return;
    case U8:
    case BOOL: units<u8>(kind, x, out, n, inner, blockRows, first, last); return;
    default: unreachable();
  }
}

function unitsTask(task: i32): void {
  const each = getInt(7), first = task * each;
  unitsOf(getInt(0), getInt(1), getPointer(2), getPointer(3), getInt(4), getInt(5), getInt(6), first, min(getInt(8), first + each));
}

// @ts-ignore: decorator
@inline function blockCount(n: i32, blockRows: i32): i32 {
  return n == 0 ? 1 : (n + blockRows - 1) / blockRows;
}

function run(kind: i32, dtype: i32, x: usize, out: usize, outer: i32, n: i32, inner: i32, blockRows: i32): void {
  const unitCount = outer * blockCount(n, blockRows) * ((inner + STRIP - 1) / STRIP);
  if (<i64>outer * n * inner <= PARALLEL_FROM) { unitsOf(kind, dtype, x, out, n, inner, blockRows, 0, unitCount); return; }
  const each = max(1, CHUNK / max(1, min(blockRows, n) * min(inner, STRIP)));
  setInt(0, kind); setInt(1, dtype); setInt(2, x); setInt(3, out); setInt(4, n); setInt(5, inner); setInt(6, blockRows); setInt(7, each);
  setInt(8, unitCount);
  parallelFor(unitsTask, (unitCount + each - 1) / each);
}

/** x [outer, n, inner] -> out [outer, inner], int64 */
export function reduceIntegers(kind: i32, dtype: i32, x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  const width = min(inner, STRIP);
  const blockRows = max(8, 4 * CHUNK / max(1, width));
  const blocks = blockCount(n, blockRows);
  const unitsWhole = <i64>outer * ((inner + STRIP - 1) / STRIP);
  if (blocks < 2 || unitsWhole >= MANY_UNITS) { run(kind, dtype, x, out, outer, n, inner, max(1, n)); return; }
  const partial = temporary((<usize>outer * blocks * inner) << 3);
  run(kind, dtype, x, partial, outer, n, inner, blockRows);
  run(kind, I64, partial, out, outer, blocks, inner, blocks);
  freeTemporary(partial);
}
