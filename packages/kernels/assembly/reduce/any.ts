/** "any" and "all": is any, is every element different from 0 (NaN is), as bool bytes. */
import { loadTail } from "../math/lanes";
import { getInt, getPointer, setInt } from "../runtime/control";
import { BOOL, F32, F64, I32, I64, U8 } from "../runtime/dtype.generated";
import { parallelFor } from "../runtime/pool";
import { CHUNK, PARALLEL_FROM } from "../runtime/strided";
import { ANY } from "./codes.generated";

function anyNonZero<T>(x: usize, n: i32): bool {
  const zero = v128.splat<T>(0);
  const end = x + <usize>n * sizeof<T>();
  for (; x + 16 <= end; x += 16) if (v128.any_true(v128.ne<T>(v128.load(x), zero))) return true;
  return x < end && v128.any_true(v128.ne<T>(loadTail(x, end - x), zero));
}

function anyZero<T>(x: usize, n: i32): bool {
  const zero = v128.splat<T>(0);
  const end = x + <usize>n * sizeof<T>();
  for (; x + 16 <= end; x += 16) if (v128.any_true(v128.eq<T>(v128.load(x), zero))) return true;
  for (; x < end; x += sizeof<T>()) if (load<T>(x) == 0) return true;
  return false;
}

function truthOf<T>(kind: i32, x: usize, out: usize, first: i32, last: i32, n: i32, inner: i32): void {
  for (let o = first; o < last; o++) {
    const from = x + <usize>o * n * inner * sizeof<T>();
    const to = out + <usize>o * inner;
    if (inner == 1) {
      store<u8>(to, kind == ANY ? anyNonZero<T>(from, n) : !anyZero<T>(from, n));
      continue;
    }
    memory.fill(to, kind == ANY ? 0 : 1, inner);
    for (let i = 0; i < n * inner; i++) {
      const holds: u8 = load<T>(from + <usize>i * sizeof<T>()) != 0 ? 1 : 0;
      const at = to + i % inner;
      store<u8>(at, kind == ANY ? load<u8>(at) | holds : load<u8>(at) & holds);
    }
  }
}

function truthRange(kind: i32, dtype: i32, x: usize, out: usize, first: i32, last: i32, n: i32, inner: i32): void {
  switch (dtype) {
    case F32: truthOf<f32>(kind, x, out, first, last, n, inner); return;
    case F64: truthOf<f64>(kind, x, out, first, last, n, inner); return;
    case I32: truthOf<i32>(kind, x, out, first, last, n, inner); return;
    case I64: truthOf<i64>(kind, x, out, first, last, n, inner); return;
    case U8:
    case BOOL: truthOf<u8>(kind, x, out, first, last, n, inner); return;
    default: unreachable();
  }
}

function truthTask(task: i32): void {
  const each = getInt(7);
  const last = min(getInt(4), (task + 1) * each);
  truthRange(getInt(0), getInt(1), getPointer(2), getPointer(3), task * each, last, getInt(5), getInt(6));
}

export function reduceTruth(kind: i32, dtype: i32, x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  if (<i64>outer * n * inner <= PARALLEL_FROM) { truthRange(kind, dtype, x, out, 0, outer, n, inner); return; }
  const each = max(1, CHUNK / (n * inner));
  setInt(0, kind); setInt(1, dtype); setInt(2, x); setInt(3, out); setInt(4, outer); setInt(5, n); setInt(6, inner);
  setInt(7, each);
  parallelFor(truthTask, (outer + each - 1) / each);
}
