/** Reading and adding along one dimension by int32 indices in [-n, n); the host has checked them. */
import { loadTail, storeTail } from "../math/lanes";
import { getInt, getPointer, setInt } from "../runtime/control";
import { BOOL, F32, F64, I32, I64, U8 } from "../runtime/dtype.generated";
import { parallelFor } from "../runtime/pool";
import { CHUNK, PARALLEL_FROM } from "../runtime/strided";

/** Position of the first index outside [-n, n), or -1. */
export function checkIndices(indices: usize, count: i32, n: i32): i32 {
  for (let i = 0; i < count; i++) {
    const index = load<i32>(indices + (<usize>i << 2));
    if (index < -n || index >= n) return i;
  }
  return -1;
}

/** Index `i` as a position in [0, n). */
// @ts-ignore: decorator
@inline export function positionAt(indices: usize, i: i32, n: i32): i32 {
  const index = load<i32>(indices + (<usize>i << 2));
  return index < 0 ? index + n : index;
}

// Arguments: 0 element bytes or dtype, 1 x or dst, 2 indices, 3 out or src, 4 outer, 5 n, 6 inner, 7 count, 8 runs or
// columns per task.

/** Short runs of bytes: `memory.copy` alone costs more than they do. */
// @ts-ignore: decorator
@inline function copyBytes(out: usize, x: usize, bytes: usize): void {
  if (bytes == 4) { store<u32>(out, load<u32>(x)); return; }
  if (bytes == 8) { store<u64>(out, load<u64>(x)); return; }
  if (bytes > 512) { memory.copy(out, x, bytes); return; }
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) v128.store(out + at, v128.load(x + at));
  if (at < bytes) storeTail(out + at, loadTail(x + at, bytes - at), bytes - at);
}

/** Runs [first, last) of out [outer * count] runs of `inner` elements. */
function selectTask(task: i32): void {
  const each = getInt(8);
  const n = getInt(5), count = getInt(7);
  const run = <usize>getInt(6) * getInt(0);
  const last = min(getInt(4) * count, (task + 1) * each);
  for (let r = task * each; r < last; r++) {
    const outer = r / count;
    const position = positionAt(getPointer(2), r - outer * count, n);
    copyBytes(getPointer(3) + <usize>r * run, getPointer(1) + (<usize>outer * n + position) * run, run);
  }
}

/** x [outer, n, inner] -> out [outer, count, inner] */
export function indexSelect(
  elementBytes: i32, x: usize, indices: usize, out: usize, outer: i32, n: i32, inner: i32, count: i32,
): void {
  const runs = outer * count;
  const each = <i64>runs * inner <= PARALLEL_FROM ? max(1, runs) : max(1, CHUNK / inner);
  setInt(0, elementBytes); setInt(1, x); setInt(2, indices); setInt(3, out); setInt(4, outer); setInt(5, n); setInt(6, inner);
  setInt(7, count); setInt(8, each);
  parallelFor(selectTask, (runs + each - 1) / each);
}

/** Columns [begin, end) of every run: the runs of one destination row are added in the order of the indices. */
function addColumns<T>(begin: i32, end: i32, firstOuter: i32, lastOuter: i32): void {
  const n = getInt(5), inner = getInt(6), count = getInt(7);
  const bytes = <usize>(end - begin) * sizeof<T>();
  for (let outer = firstOuter; outer < lastOuter; outer++) {
    for (let i = 0; i < count; i++) {
      const position = positionAt(getPointer(2), i, n);
      const dst = getPointer(1) + ((<usize>outer * n + position) * inner + begin) * sizeof<T>();
      const src = getPointer(3) + ((<usize>outer * count + i) * inner + begin) * sizeof<T>();
      let at: usize = 0;
      for (; at + 16 <= bytes; at += 16) v128.store(dst + at, v128.add<T>(v128.load(dst + at), v128.load(src + at)));
      for (; at < bytes; at += sizeof<T>()) store<T>(dst + at, load<T>(dst + at) + load<T>(src + at));
    }
  }
}

/** Each task owns some columns of some outer positions, so that every sum is formed by one thread, in order. */
function addTask(task: i32): void {
  const inner = getInt(6), width = getInt(8);
  const strips = (inner + width - 1) / width;
  const begin = (task % strips) * width, end = min(inner, begin + width);
  const outer = task / strips;
  const first = width >= inner ? outer * getInt(9) : outer;
  const last = width >= inner ? min(getInt(4), first + getInt(9)) : first + 1;
  switch (getInt(0)) {
    case F32: addColumns<f32>(begin, end, first, last); return;
    case F64: addColumns<f64>(begin, end, first, last); return;
    case I32: addColumns<i32>(begin, end, first, last); return;
    case I64: addColumns<i64>(begin, end, first, last); return;
    case U8:
    case BOOL: addColumns<u8>(begin, end, first, last); return;
    default: unreachable();
  }
}

/** dst [outer, n, inner] += src [outer, count, inner] at the indices; repeated indices add up, in order. */
export function indexAdd(
  dtype: i32, dst: usize, indices: usize, src: usize, outer: i32, n: i32, inner: i32, count: i32,
): void {
  if (inner == 0 || outer == 0) return;
  const small = <i64>outer * count * inner <= PARALLEL_FROM;
  // A strip of 64 columns is worth a task of its own only where there are many rows to add.
  const width = small || outer >= 16 ? inner : min(inner, max(64, CHUNK / max(1, count)));
  const each = small ? outer : max(1, CHUNK / max(1, count * inner));
  setInt(0, dtype); setInt(1, dst); setInt(2, indices); setInt(3, src); setInt(4, outer); setInt(5, n); setInt(6, inner);
  setInt(7, count); setInt(8, width); setInt(9, each);
  const strips = (inner + width - 1) / width;
  parallelFor(addTask, width >= inner ? (outer + each - 1) / each : strips * outer);
}
