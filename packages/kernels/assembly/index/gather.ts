/** Element-wise indexing along one dimension: gather, and its adjoint scatterAdd. int32 indices in [-n, n). */
import { getInt, getPointer, setInt } from "../runtime/control";
import { BOOL, F32, F64, I32, I64, U8 } from "../runtime/dtype.generated";
import { parallelFor } from "../runtime/pool";
import { CHUNK, PARALLEL_FROM } from "../runtime/strided";
import { positionAt } from "./select";

// Arguments: 0 element bytes or dtype, 1 x or dst, 2 indices, 3 out or src, 4 outer, 5 n, 6 inner, 7 m,
// 8 elements or outer positions per task.

function gatherRange<T>(first: i32, last: i32): void {
  const n = getInt(5), inner = getInt(6), m = getInt(7);
  for (let i = first; i < last; i++) {
    const row = i / inner;
    const position = positionAt(getPointer(2), i, n);
    const from = (<usize>(row / m) * n + position) * inner + (i - row * inner);
    store<T>(getPointer(3) + <usize>i * sizeof<T>(), load<T>(getPointer(1) + from * sizeof<T>()));
  }
}

function gatherTask(task: i32): void {
  const each = getInt(8);
  const first = task * each, last = min(getInt(4) * getInt(7) * getInt(6), first + each);
  switch (getInt(0)) {
    case 1: gatherRange<u8>(first, last); return;
    case 2: gatherRange<u16>(first, last); return;
    case 4: gatherRange<u32>(first, last); return;
    case 8: gatherRange<u64>(first, last); return;
    default: unreachable();
  }
}

/** out[o, k, i] = x[o, indices[o, k, i], i]; out and indices are [outer, m, inner]. */
export function gather(
  elementBytes: i32, x: usize, indices: usize, out: usize, outer: i32, n: i32, inner: i32, m: i32,
): void {
  const count = outer * m * inner;
  const each = count <= PARALLEL_FROM ? max(1, count) : CHUNK;
  setInt(0, elementBytes); setInt(1, x); setInt(2, indices); setInt(3, out); setInt(4, outer); setInt(5, n); setInt(6, inner);
  setInt(7, m); setInt(8, each);
  parallelFor(gatherTask, (count + each - 1) / each);
}

function scatterRange<T>(firstOuter: i32, lastOuter: i32): void {
  const n = getInt(5), inner = getInt(6), m = getInt(7);
  for (let outer = firstOuter; outer < lastOuter; outer++) {
    for (let k = 0; k < m; k++) {
      for (let i = 0; i < inner; i++) {
        const from = (outer * m + k) * inner + i;
        const position = positionAt(getPointer(2), from, n);
        const to = getPointer(1) + ((<usize>outer * n + position) * inner + i) * sizeof<T>();
        store<T>(to, load<T>(to) + load<T>(getPointer(3) + <usize>from * sizeof<T>()));
      }
    }
  }
}

function scatterTask(task: i32): void {
  const each = getInt(8);
  const first = task * each, last = min(getInt(4), first + each);
  switch (getInt(0)) {
    case F32: scatterRange<f32>(first, last); return;
    case F64: scatterRange<f64>(first, last); return;
    case I32: scatterRange<i32>(first, last); return;
    case I64: scatterRange<i64>(first, last); return;
    case U8:
    case BOOL: scatterRange<u8>(first, last); return;
    default: unreachable();
  }
}

/** dst[o, indices[o, k, i], i] += src[o, k, i], in the order of k: each outer position belongs to one task. */
export function scatterAdd(
  dtype: i32, dst: usize, indices: usize, src: usize, outer: i32, n: i32, inner: i32, m: i32,
): void {
  const each = <i64>outer * m * inner <= PARALLEL_FROM ? max(1, outer) : max(1, CHUNK / max(1, m * inner));
  setInt(0, dtype); setInt(1, dst); setInt(2, indices); setInt(3, src); setInt(4, outer); setInt(5, n); setInt(6, inner);
  setInt(7, m); setInt(8, each);
  parallelFor(scatterTask, (outer + each - 1) / each);
}
