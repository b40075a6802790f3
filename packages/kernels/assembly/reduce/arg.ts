/** Positions of extremes, as int32: the first one wins, and a NaN counts as extreme. */
import { lanes, maskBits } from "../math/lanes";
import { getInt, getPointer, setInt } from "../runtime/control";
import { BOOL, F32, F64, I32, I64, U8 } from "../runtime/dtype.generated";
import { parallelFor } from "../runtime/pool";
import { CHUNK, PARALLEL_FROM } from "../runtime/strided";
import { ARGMAX } from "./codes.generated";
import { Max, Min } from "./combinations";
import { reduceRow } from "./tree";

/** The first position that holds `value`, or NaN; there is one. */
function find<T>(x: usize, n: i32, value: T): i32 {
  const wanted = v128.splat<T>(value);
  let i = 0;
  for (; i + lanes<T>() <= n; i += lanes<T>()) {
    const v = v128.load(x + <usize>i * sizeof<T>());
    let found = v128.eq<T>(v, wanted);
    if (isFloat<T>()) found = v128.or(found, v128.ne<T>(v, v));
    const bits = maskBits<T>(found);
    if (bits) return i + ctz(bits);
  }
  for (; i < n; i++) {
    const v = load<T>(x + <usize>i * sizeof<T>());
    if (v == value || v != v) return i;
  }
  return 0;
}

// @ts-ignore: decorator
@inline function beats<T>(v: T, best: T, largest: bool): bool {
  return (largest ? v > best : v < best) || (v != v && best == best);
}

/** Positions [first, last) of out [outer, inner]. */
function argOf<T>(kind: i32, x: usize, out: usize, first: i32, last: i32, n: i32, inner: i32): void {
  const largest = kind == ARGMAX;
  for (let at = first; at < last; at++) {
    let position = 0;
    if (inner == 1) {
      const row = x + <usize>at * n * sizeof<T>();
      const value = largest ? reduceRow<Max, T>(row, n, 0) : reduceRow<Min, T>(row, n, 0);
      position = find<T>(row, n, value);
    } else {
      const outer = at / inner;
      let p = x + (<usize>outer * n * inner + (at - outer * inner)) * sizeof<T>();
      let best = load<T>(p);
      for (let k = 1; k < n; k++) {
        p += <usize>inner * sizeof<T>();
        const v = load<T>(p);
        if (beats<T>(v, best, largest)) { best = v; position = k; }
      }
    }
    store<i32>(out + (<usize>at << 2), position);
  }
}

function argRange(kind: i32, dtype: i32, x: usize, out: usize, first: i32, last: i32, n: i32, inner: i32): void {
  switch (dtype) {
    case F32: argOf<f32>(kind, x, out, first, last, n, inner); return;
    case F64: argOf<f64>(kind, x, out, first, last, n, inner); return;
    case I32: argOf<i32>(kind, x, out, first, last, n, inner); return;
    case I64: argOf<i64>(kind, x, out, first, last, n, inner); return;
    case U8:
    case BOOL: argOf<u8>(kind, x, out, first, last, n, inner); return;
    default: unreachable();
  }
}

function argTask(task: i32): void {
  const each = getInt(7);
  const last = min(getInt(4), (task + 1) * each);
  argRange(getInt(0), getInt(1), getPointer(2), getPointer(3), task * each, last, getInt(5), getInt(6));
}

export function reduceArg(kind: i32, dtype: i32, x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  const count = outer * inner;
  if (<i64>count * n <= PARALLEL_FROM) { argRange(kind, dtype, x, out, 0, count, n, inner); return; }
  // Neighbouring columns go together, for the cache's sake.
  const each = max(inner > 1 ? 64 : 1, CHUNK / n);
  setInt(0, kind); setInt(1, dtype); setInt(2, x); setInt(3, out); setInt(4, count); setInt(5, n); setInt(6, inner);
  setInt(7, each);
  parallelFor(argTask, (count + each - 1) / each);
}
