/**
 * Layouts and how work on them is cut into tasks.
 *
 * A layout is a run of i32 words that the host writes: rank, sizes[rank], then strides[rank] (in elements, 0 where an
 * operand is broadcast) for each operand, counted from 1. A row runs along the last dimension; rows are numbered in the
 * order of the other dimensions. Tasks depend on the sizes alone, never on the number of threads.
 */

/** Elements of a task of light work. */
export const CHUNK: i32 = 1 << 14;
/** The same on large arrays, of which the halves of a task are read side by side (pointwise/light.ts): further apart is faster. */
const LARGE_CHUNK: i32 = 1 << 16;
/** An array is large from so many elements on: the tasks are still enough for eight threads. */
const LARGE: i64 = 1 << 20;
/** Up to this many elements of light work, waking another thread costs more than it saves. */
export const PARALLEL_FROM: i32 = 1 << 15;

// @ts-ignore: decorator
@inline export function chunkCount(n: i32, chunk: i32 = CHUNK): i32 {
  return <i32>((<u32>n + chunk - 1) / chunk);
}

/** Elements of a task of light work on `n` elements in all. */
// @ts-ignore: decorator
@inline export function chunkOf(n: i64): i32 {
  return n >= LARGE ? LARGE_CHUNK : CHUNK;
}

// @ts-ignore: decorator
@inline function word(layout: usize, i: i32): i32 {
  return load<i32>(layout + (<usize>i << 2));
}

// @ts-ignore: decorator
@inline export function rankOf(layout: usize): i32 {
  return load<i32>(layout);
}

// @ts-ignore: decorator
@inline export function sizeAt(layout: usize, dim: i32): i32 {
  return word(layout, 1 + dim);
}

// @ts-ignore: decorator
@inline export function strideAt(layout: usize, operand: i32, dim: i32): i32 {
  return word(layout, 1 + operand * rankOf(layout) + dim);
}

/** Elements of a row. */
export function innerSize(layout: usize): i32 {
  const rank = rankOf(layout);
  return rank == 0 ? 1 : sizeAt(layout, rank - 1);
}

export function rowStride(layout: usize, operand: i32): i32 {
  const rank = rankOf(layout);
  return rank == 0 ? 1 : strideAt(layout, operand, rank - 1);
}

export function rowCount(layout: usize): i32 {
  let rows = 1;
  for (let dim = rankOf(layout) - 2; dim >= 0; dim--) rows *= sizeAt(layout, dim);
  return rows;
}

/** Elements before row `row` of an operand. */
export function rowOffset(layout: usize, operand: i32, row: i32): i32 {
  const rank = rankOf(layout);
  if (rank < 2) return 0;
  let offset = 0;
  for (let dim = rank - 2; dim > 0; dim--) {
    const size = sizeAt(layout, dim);
    const outer = row / size;
    offset += (row - outer * size) * strideAt(layout, operand, dim);
    row = outer;
  }
  return offset + row * strideAt(layout, operand, 0);
}

/** Short rows are grouped into one task, long ones are cut into chunks. */
// @ts-ignore: decorator
@inline function rowsPerTask(rows: i32, inner: i32): i32 {
  return max(1, chunkOf(<i64>rows * inner) / max(1, inner));
}

// @ts-ignore: decorator
@inline function columnTasks(rows: i32, inner: i32): i32 {
  return inner <= PARALLEL_FROM ? 1 : chunkCount(inner, chunkOf(<i64>rows * inner));
}

// @ts-ignore: decorator
@inline export function taskCount(rows: i32, inner: i32): i32 {
  const each = rowsPerTask(rows, inner);
  return ((rows + each - 1) / each) * columnTasks(rows, inner);
}

// @ts-ignore: decorator
@inline export function firstRow(task: i32, rows: i32, inner: i32): i32 {
  return (task / columnTasks(rows, inner)) * rowsPerTask(rows, inner);
}

// @ts-ignore: decorator
@inline export function lastRow(task: i32, rows: i32, inner: i32): i32 {
  return min(rows, firstRow(task, rows, inner) + rowsPerTask(rows, inner));
}

// @ts-ignore: decorator
@inline export function firstColumn(task: i32, rows: i32, inner: i32): i32 {
  return (task % columnTasks(rows, inner)) * chunkOf(<i64>rows * inner);
}

// @ts-ignore: decorator
@inline export function columnCount(task: i32, rows: i32, inner: i32): i32 {
  return columnTasks(rows, inner) == 1 ? inner : min(chunkOf(<i64>rows * inner), inner - firstColumn(task, rows, inner));
}
