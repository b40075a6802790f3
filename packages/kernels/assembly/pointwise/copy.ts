/**
 * Copies between two strided layouts. Where one dimension is dense on both sides, runs along it are copied; where the
 * dense dimensions differ, the planes they span are transposed in blocks; anything else goes element by element.
 */
import { gather, gatherTail, lanes, storeTail } from "../math/lanes";
import { JOB_ARGUMENTS, getInt, getPointer, setInt } from "../runtime/control";
import { parallelFor } from "../runtime/pool";
import {
  CHUNK, PARALLEL_FROM, columnCount, firstColumn, firstRow, innerSize, lastRow, rankOf, rowCount, rowOffset, rowStride, sizeAt,
  strideAt, taskCount,
} from "../runtime/strided";
import { isWide, wideCopy } from "../runtime/wide";
import { LIGHT_BYTES, copyVectors } from "./light";

/** The layout with its dimensions in the order of the copy; only the launching thread writes it, before the job. */
const PLAN: usize = JOB_ARGUMENTS + 2048;

/** Sides of a block of a transposed plane, along the dimensions where x and out are dense. */
const BLOCK_X: i32 = 64;
const BLOCK_OUT: i32 = 256;

/** The last dimension with stride 1 of an operand, or -1. */
function denseDim(layout: usize, operand: i32): i32 {
  for (let dim = rankOf(layout) - 1; dim >= 0; dim--) {
    if (strideAt(layout, operand, dim) == 1 && sizeAt(layout, dim) > 1) return dim;
  }
  return -1;
}

function setDim(position: i32, layout: usize, dim: i32): void {
  const rank = rankOf(layout);
  for (let part = 0; part < 3; part++) {
    const value = load<i32>(layout + (<usize>(1 + part * rank + dim) << 2));
    store<i32>(PLAN + (<usize>(1 + part * rank + position) << 2), value);
  }
}

/** Writes the plan: the other dimensions in order, then `secondLast` (unless it is -1), then `last`. */
function plan(layout: usize, secondLast: i32, last: i32): void {
  const rank = rankOf(layout);
  store<i32>(PLAN, rank);
  let position = 0;
  for (let dim = 0; dim < rank; dim++) {
    if (dim != secondLast && dim != last) setDim(position++, layout, dim);
  }
  if (secondLast >= 0) setDim(position++, layout, secondLast);
  if (last >= 0) setDim(position, layout, last);
}

/** The layout holds the strides of x, then those of out. */
export function copyStrided(elementBytes: i32, x: usize, out: usize, layout: usize): void {
  const rank = rankOf(layout);
  const denseX = denseDim(layout, 1), denseOut = denseDim(layout, 2);
  if (denseX >= 0 && denseOut >= 0 && denseX != denseOut && strideAt(layout, 2, denseX) != 1) {
    plan(layout, denseX, denseOut);
    copyPlanes(elementBytes, x, out);
    return;
  }
  plan(layout, -1, denseOut >= 0 ? denseOut : rank - 1);
  copyRows(elementBytes, x, out);
}

// Rows

function copyRow<T>(x: usize, out: usize, n: i32, strideX: i32, strideOut: i32): void {
  const stepX = <usize>strideX * sizeof<T>(), stepOut = <usize>strideOut * sizeof<T>();
  const end = out + <usize>n * stepOut;
  if (strideOut == 1) {
    const whole = out + ((<usize>n * sizeof<T>()) & ~15);
    if (strideX == 1) {
      const bytes = (whole - out) & ~(LIGHT_BYTES - 1);
      if (bytes > 0) {
        if (isWide<f32>()) wideCopy(x, out, bytes);
        else copyVectors(x, out, bytes);
        x += bytes;
        out += bytes;
      }
      for (; out < whole; out += 16) {
        v128.store(out, v128.load(x));
        x += 16;
      }
    } else if (strideX == 0 && n > 0) {
      const v = v128.load_splat<T>(x);
      for (; out < whole; out += 16) v128.store(out, v);
    } else {
      for (; out < whole; out += 16) {
        v128.store(out, gather<T>(x, stepX));
        x += stepX * lanes<T>();
      }
    }
    if (out < end) storeTail(out, gatherTail<T>(x, stepX, <i32>((end - out) / sizeof<T>())), end - out);
    return;
  }
  for (let i = 0; i < n; i++) {
    store<T>(out, load<T>(x));
    x += stepX;
    out += stepOut;
  }
}

function rows(size: usize, x: usize, out: usize, first: i32, last: i32, begin: i32, n: i32): void {
  const strideX = rowStride(PLAN, 1), strideOut = rowStride(PLAN, 2);
  for (let r = first; r < last; r++) {
    const from = x + <usize>(rowOffset(PLAN, 1, r) + begin * strideX) * size;
    const to = out + <usize>(rowOffset(PLAN, 2, r) + begin * strideOut) * size;
    if (size == 4) copyRow<u32>(from, to, n, strideX, strideOut);
    else if (size == 8) copyRow<u64>(from, to, n, strideX, strideOut);
    else if (size == 2) copyRow<u16>(from, to, n, strideX, strideOut);
    else copyRow<u8>(from, to, n, strideX, strideOut);
  }
}

function rowsTask(task: i32): void {
  const count = rowCount(PLAN), inner = innerSize(PLAN);
  rows(
    getPointer(0), getPointer(1), getPointer(2), firstRow(task, count, inner), lastRow(task, count, inner),
    firstColumn(task, count, inner), columnCount(task, count, inner),
  );
}

function copyRows(size: usize, x: usize, out: usize): void {
  const count = rowCount(PLAN), inner = innerSize(PLAN);
  if (<i64>count * inner <= PARALLEL_FROM) { rows(size, x, out, 0, count, 0, inner); return; }
  setInt(0, size); setInt(1, x); setInt(2, out);
  parallelFor(rowsTask, taskCount(count, inner));
}

// Planes [P, Q]: x is dense along P, out along Q.

// @ts-ignore: decorator
@inline function blocksX(): i32 {
  return (sizeAt(PLAN, rankOf(PLAN) - 2) + BLOCK_X - 1) / BLOCK_X;
}
// @ts-ignore: decorator
@inline function blocksOut(): i32 {
  return (innerSize(PLAN) + BLOCK_OUT - 1) / BLOCK_OUT;
}

/** Four by four 32-bit elements. Strides in bytes. */
// @ts-ignore: decorator
@inline function transpose4(x: usize, out: usize, stepX: usize, stepOut: usize): void {
  const a = v128.load(x), b = v128.load(x + stepX), c = v128.load(x + stepX * 2), d = v128.load(x + stepX * 3);
  const abLow = v128.shuffle<i32>(a, b, 0, 4, 1, 5), abHigh = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const cdLow = v128.shuffle<i32>(c, d, 0, 4, 1, 5), cdHigh = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<i64>(abLow, cdLow, 0, 2));
  v128.store(out + stepOut, v128.shuffle<i64>(abLow, cdLow, 1, 3));
  v128.store(out + stepOut * 2, v128.shuffle<i64>(abHigh, cdHigh, 0, 2));
  v128.store(out + stepOut * 3, v128.shuffle<i64>(abHigh, cdHigh, 1, 3));
}

/** Eight rows of out at a time, so that their lines stay in the cache. Strides in bytes. */
function transposeBlock<T>(x: usize, out: usize, p: i32, q: i32, stepX: usize, stepOut: usize): void {
  let i = 0;
  for (; i + 8 <= p; i += 8) {
    const from = x + <usize>i * sizeof<T>(), to = out + <usize>i * stepOut;
    let j = 0;
    if (sizeof<T>() == 4) {
      for (; j + 4 <= q; j += 4) {
        const a = from + <usize>j * stepX, b = to + (<usize>j << 2);
        transpose4(a, b, stepX, stepOut);
        transpose4(a + 16, b + stepOut * 4, stepX, stepOut);
      }
    }
    for (; j < q; j++) {
      let a = from + <usize>j * stepX, b = to + <usize>j * sizeof<T>();
      for (let k = 0; k < 8; k++) {
        store<T>(b, load<T>(a));
        a += sizeof<T>();
        b += stepOut;
      }
    }
  }
  for (; i < p; i++) {
    const from = x + <usize>i * sizeof<T>(), to = out + <usize>i * stepOut;
    for (let j = 0; j < q; j++) store<T>(to + <usize>j * sizeof<T>(), load<T>(from + <usize>j * stepX));
  }
}

/** The rows of the plan are (outer dimensions, P); the plane of a row with P = 0 starts at its offset. */
function copyBlock(size: usize, x: usize, out: usize, block: i32): void {
  const rank = rankOf(PLAN);
  const p = sizeAt(PLAN, rank - 2), q = innerSize(PLAN);
  const blockOut = block % blocksOut();
  const rest = block / blocksOut();
  const blockX = rest % blocksX();
  const row = (rest / blocksX()) * p;
  const beginP = blockX * BLOCK_X, beginQ = blockOut * BLOCK_OUT;
  const stepX = <usize>strideAt(PLAN, 1, rank - 1) * size, stepOut = <usize>strideAt(PLAN, 2, rank - 2) * size;
  const from = x + <usize>(rowOffset(PLAN, 1, row) + beginP) * size + <usize>beginQ * stepX;
  const to = out + <usize>(rowOffset(PLAN, 2, row) + beginQ) * size + <usize>beginP * stepOut;
  const countP = min(BLOCK_X, p - beginP), countQ = min(BLOCK_OUT, q - beginQ);
  if (size == 4) transposeBlock<u32>(from, to, countP, countQ, stepX, stepOut);
  else if (size == 8) transposeBlock<u64>(from, to, countP, countQ, stepX, stepOut);
  else if (size == 2) transposeBlock<u16>(from, to, countP, countQ, stepX, stepOut);
  else transposeBlock<u8>(from, to, countP, countQ, stepX, stepOut);
}

// @ts-ignore: decorator
@inline function blocksPerTask(p: i32, q: i32): i32 {
  return max(1, CHUNK / (min(p, BLOCK_X) * min(q, BLOCK_OUT)));
}

function planesTask(task: i32): void {
  const each = getInt(3);
  const last = min(getInt(4), (task + 1) * each);
  for (let block = task * each; block < last; block++) copyBlock(getPointer(0), getPointer(1), getPointer(2), block);
}

function copyPlanes(size: usize, x: usize, out: usize): void {
  const p = sizeAt(PLAN, rankOf(PLAN) - 2), q = innerSize(PLAN);
  const rows = rowCount(PLAN);
  const blocks = (rows / p) * blocksX() * blocksOut();
  if (<i64>rows * q <= PARALLEL_FROM) {
    for (let block = 0; block < blocks; block++) copyBlock(size, x, out, block);
    return;
  }
  const each = blocksPerTask(p, q);
  setInt(0, size); setInt(1, x); setInt(2, out); setInt(3, each); setInt(4, blocks);
  parallelFor(planesTask, (blocks + each - 1) / each);
}
