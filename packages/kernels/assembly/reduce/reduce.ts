/** Reductions of [outer, n, inner] over the middle dimension. */
import { getInt, getPointer, setInt } from "../runtime/control";
import { BOOL, F32, F64, I32, I64, U8, bytesOf } from "../runtime/dtype.generated";
import { freeTemporary, temporary } from "../runtime/memory";
import { ensureScratch, parallelFor } from "../runtime/pool";
import { CHUNK, PARALLEL_FROM, chunkOf } from "../runtime/strided";
import { reduceTruth } from "./any";
import { reduceArg } from "./arg";
import { SQUARED_DEVIATION, SUM, combining, isPosition, isTruth, sumsWide } from "./codes.generated";
import { reduceIntegers } from "./integers";
import { STRIP_BYTES, columnScratch } from "./tree";
import { unitOf } from "./tree-cases.generated";

/** With fewer units of work than this, the middle dimension is cut too. */
const MANY_UNITS: i32 = 64;

/**
 * Units [first, last) of the work. A unit is a strip of columns of a block of rows; its result is one row of
 * [outer, blocks, inner].
 */
function units(
  kind: i32, dtype: i32, x: usize, out: usize, center: usize, n: i32, inner: i32, blockRows: i32, first: i32, last: i32,
): void {
  const size = bytesOf(dtype);
  const stripWidth = <i32>(STRIP_BYTES / size);
  const strips = (inner + stripWidth - 1) / stripWidth;
  if (first >= last) return;
  // Counted up rather than divided: a unit may be one short row.
  let column = (first % strips) * stripWidth, outerBlock = first / strips;
  const blocks = blockCount(n, blockRows);
  let row = (outerBlock % blocks) * blockRows, outer = outerBlock / blocks;
  const count = inner == 1 && blocks == 1 ? last - first : 1;
  for (let u = first; u < last; u += count) {
    const from = x + ((<usize>outer * n + row) * inner + column) * size;
    const to = out + (<usize>outerBlock * inner + column) * size;
    const mean = center != 0 ? center + (<usize>outer * inner + column) * size : 0;
    const rows = min(blockRows, n - row), width = min(stripWidth, inner - column);
    switch (dtype) {
      case F32: unitOf<f32>(kind, from, to, rows, width, inner, mean, count); break;
      case F64: unitOf<f64>(kind, from, to, rows, width, inner, mean, count); break;
      case I32: unitOf<i32>(kind, from, to, rows, width, inner, mean, count); break;
      case I64: unitOf<i64>(kind, from, to, rows, width, inner, mean, count); break;
      case U8:
      case BOOL: unitOf<u8>(kind, from, to, rows, width, inner, mean, count); break;
      default: unreachable();
    }
    column += stripWidth;
    if (column < inner) continue;
    column = 0;
    outerBlock++;
    row += blockRows;
    if (row < n) continue;
    row = 0;
    outer++;
  }
}

// @ts-ignore: decorator
@inline function blockCount(n: i32, blockRows: i32): i32 {
  return n == 0 ? 1 : (n + blockRows - 1) / blockRows;
}

function unitsTask(task: i32): void {
  const each = getInt(8);
  const first = task * each;
  units(
    getInt(0), getInt(1), getPointer(2), getPointer(3), getPointer(4), getInt(5), getInt(6), getInt(7), first,
    min(getInt(9), first + each),
  );
}

function run(
  kind: i32, dtype: i32, x: usize, out: usize, center: usize, outer: i32, n: i32, inner: i32, blockRows: i32,
): void {
  const stripWidth = <i32>(STRIP_BYTES / bytesOf(dtype));
  const unitCount = outer * blockCount(n, blockRows) * ((inner + stripWidth - 1) / stripWidth);
  if (inner > 1) ensureScratch(columnScratch(n));
  if (<i64>outer * n * inner <= PARALLEL_FROM) {
    units(kind, dtype, x, out, center, n, inner, blockRows, 0, unitCount);
    return;
  }
  const each = max(1, chunkOf(<i64>outer * n * inner) / max(1, min(blockRows, n) * min(inner, stripWidth)));
  setInt(0, kind); setInt(1, dtype); setInt(2, x); setInt(3, out); setInt(4, center); setInt(5, n); setInt(6, inner);
  setInt(7, blockRows); setInt(8, each); setInt(9, unitCount);
  parallelFor(unitsTask, (unitCount + each - 1) / each);
}

/** Two stages where whole columns would be too few units: blocks of rows, then their results in order. */
function reduceTree(kind: i32, dtype: i32, x: usize, out: usize, center: usize, outer: i32, n: i32, inner: i32): void {
  const width = min(inner, <i32>(STRIP_BYTES / bytesOf(dtype)));
  const blockRows = max(8, max(CHUNK, (n / MANY_UNITS) & ~(CHUNK - 1)) / max(1, width));
  const unitsWhole = <i64>outer * ((inner + width - 1) / max(1, width));
  const blocks = blockCount(n, blockRows);
  if (blocks < 2 || unitsWhole >= MANY_UNITS) { run(kind, dtype, x, out, center, outer, n, inner, max(1, n)); return; }
  const partial = temporary(<usize>outer * blocks * inner * bytesOf(dtype));
  run(kind, dtype, x, partial, center, outer, n, inner, blockRows);
  run(combining(kind), dtype, partial, out, 0, outer, blocks, inner, blocks);
  freeTemporary(partial);
}

export function reduce(kind: i32, dtype: i32, x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  if (isTruth(kind)) reduceTruth(kind, dtype, x, out, outer, n, inner);
  else if (isPosition(kind)) reduceArg(kind, dtype, x, out, outer, n, inner);
  else if (sumsWide(kind) && dtype != F32 && dtype != F64) reduceIntegers(kind, dtype, x, out, outer, n, inner);
  else reduceTree(kind, dtype, x, out, 0, outer, n, inner);
}

function divideAll<T>(x: usize, count: i32, divisor: i32): void {
  for (let i = 0; i < count; i++) {
    const at = x + <usize>i * sizeof<T>();
    store<T>(at, load<T>(at) / <T>divisor);
  }
}

/** Mean, and sum of squared deviations from it, in two passes (never E[x^2] - E[x]^2, which cancels). */
export function moments(dtype: i32, x: usize, mean: usize, m2: usize, outer: i32, n: i32, inner: i32): void {
  reduceTree(SUM, dtype, x, mean, 0, outer, n, inner);
  if (dtype == F32) divideAll<f32>(mean, outer * inner, n);
  else if (dtype == F64) divideAll<f64>(mean, outer * inner, n);
  else unreachable();
  reduceTree(SQUARED_DEVIATION, dtype, x, m2, mean, outer, n, inner);
}
