/**
 * Reduction of contiguous elements, and of the rows of a matrix, as a balanced tree: the rounding error of a sum grows
 * with log n, not n (Higham, Accuracy and Stability of Numerical Algorithms, section 4.2).
 */
import { firstLanes, loadAtMost, loadTail, storeTail } from "../math/lanes";
import { scratch, wideRoom } from "../runtime/pool";
import { isWide, wideSums } from "../runtime/wide";
import { Sum } from "./combinations";

/**
 * Leaves of the tree over contiguous elements: long enough for the memory to stream, short enough for a sum of 37 terms one after
 * the other at most. A leaf runs through 8 vectors of accumulators.
 */
const LEAF_BYTES: usize = 8192;

/** Bytes of a turn of the loop. */
const TURN_BYTES: usize = 256;

/** The vectors at x and 128 bytes after it. */
// @ts-ignore: decorator
@inline function two<Op, T>(x: usize, center: v128): v128 {
  const op = changetype<Op>(0);
  return op.combine<T>(op.map<T>(v128.load(x), center), op.map<T>(v128.load(x, 128), center));
}

/** The accumulators with the 128 bytes at x, if there are so many. */
// @ts-ignore: decorator
@inline function joined<Op, T>(a: v128, b: v128, c: v128, d: v128, e: v128, f: v128, g: v128, h: v128, x: usize, end: usize, center: v128): v128 {
  const op = changetype<Op>(0);
  if (x + 128 <= end) {
    a = op.combine<T>(a, op.map<T>(v128.load(x), center));
    b = op.combine<T>(b, op.map<T>(v128.load(x, 16), center));
    c = op.combine<T>(c, op.map<T>(v128.load(x, 32), center));
    d = op.combine<T>(d, op.map<T>(v128.load(x, 48), center));
    e = op.combine<T>(e, op.map<T>(v128.load(x, 64), center));
    f = op.combine<T>(f, op.map<T>(v128.load(x, 80), center));
    g = op.combine<T>(g, op.map<T>(v128.load(x, 96), center));
    h = op.combine<T>(h, op.map<T>(v128.load(x, 112), center));
  }
  return op.combine<T>(
    op.combine<T>(op.combine<T>(a, b), op.combine<T>(c, d)),
    op.combine<T>(op.combine<T>(e, f), op.combine<T>(g, h)),
  );
}

/** Lane-wise partial results of n contiguous elements; `fold` joins the lanes. */
export function tree<Op, T>(x: usize, n: i32, center: v128): v128 {
  const op = changetype<Op>(0);
  const bytes = <usize>n * sizeof<T>();
  if (bytes > LEAF_BYTES) {
    const half = <i32>(((bytes / 2 + LEAF_BYTES - 1) & ~(LEAF_BYTES - 1)) / sizeof<T>());
    return op.combine<T>(tree<Op, T>(x, half, center), tree<Op, T>(x + <usize>half * sizeof<T>(), n - half, center));
  }
  const identity = v128.splat<T>(op.identity<T>());
  let a = identity;
  const end = x + bytes;
  if (isWide<T>() && op instanceof Sum && bytes >= TURN_BYTES) {
    const whole = bytes & ~(TURN_BYTES - 1), sums = wideRoom();
    wideSums(x, whole, sums);
    x += whole;
    a = joined<Op, T>(
      v128.load(sums), v128.load(sums, 16), v128.load(sums, 32), v128.load(sums, 48), v128.load(sums, 64), v128.load(sums, 80), v128.load(sums, 96),
      v128.load(sums, 112), x, end, center,
    );
    x += (end - x) & 128;
  } else if (bytes >= 128) {
    let b = identity, c = identity, d = identity, e = identity, f = identity, g = identity, h = identity;
    // Two vectors each before the accumulators: a shorter chain than one after the other.
    for (; x + TURN_BYTES <= end; x += TURN_BYTES) {
      a = op.combine<T>(a, two<Op, T>(x, center));
      b = op.combine<T>(b, two<Op, T>(x + 16, center));
      c = op.combine<T>(c, two<Op, T>(x + 32, center));
      d = op.combine<T>(d, two<Op, T>(x + 48, center));
      e = op.combine<T>(e, two<Op, T>(x + 64, center));
      f = op.combine<T>(f, two<Op, T>(x + 80, center));
      g = op.combine<T>(g, two<Op, T>(x + 96, center));
      h = op.combine<T>(h, two<Op, T>(x + 112, center));
    }
    a = joined<Op, T>(a, b, c, d, e, f, g, h, x, end, center);
    x += (end - x) & 128;
  }
  for (; x + 16 <= end; x += 16) a = op.combine<T>(a, op.map<T>(v128.load(x), center));
  const rest = end - x;
  if (rest == 0) return a;
  const last = op.map<T>(loadTail(x, rest), center);
  return op.combine<T>(a, firstLanes<T>(last, identity, <i32>(rest / sizeof<T>())));
}

/** The lanes of v combined in a fixed order. */
// @ts-ignore: decorator
@inline export function fold<Op, T>(v: v128): T {
  const op = changetype<Op>(0);
  v = op.combine<T>(v, v128.shuffle<i64>(v, v, 1, 0));
  if (sizeof<T>() <= 4) v = op.combine<T>(v, v128.shuffle<i32>(v, v, 1, 0, 3, 2));
  if (sizeof<T>() == 1) {
    v = op.combine<T>(v, i16x8.shr_u(v, 8));
    const pairs = v128.shuffle<i8>(v, v, 0, 2, 4, 6, 8, 10, 12, 14, 0, 2, 4, 6, 8, 10, 12, 14);
    v = op.combine<T>(pairs, v128.shuffle<i8>(pairs, pairs, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14));
  }
  return v128.extract_lane<T>(v, 0);
}

/** n contiguous elements reduced to one. */
// @ts-ignore: decorator
@inline export function reduceRow<Op, T>(x: usize, n: i32, center: T): T {
  return fold<Op, T>(tree<Op, T>(x, n, v128.splat<T>(center)));
}

/** Widest strip of columns that is reduced at once: its partial results stay in the first-level cache. */
export const STRIP_BYTES: usize = 2048;
const GROUP: i32 = 8;

/** Scratch for `reduceColumns` of n rows: one strip for each level of the tree. */
export function columnScratch(n: i32): i32 {
  return (33 - clz(n / GROUP + 1)) * <i32>STRIP_BYTES;
}

// @ts-ignore: decorator
@inline function eight<Op, T>(low: usize, high: usize, offset: usize, step: usize, step3: usize, c: v128): v128 {
  const op = changetype<Op>(0);
  const a = op.combine<T>(op.map<T>(v128.load(low + offset), c), op.map<T>(v128.load(low + step + offset), c));
  const b = op.combine<T>(op.map<T>(v128.load(low + step * 2 + offset), c), op.map<T>(v128.load(low + step3 + offset), c));
  const d = op.combine<T>(op.map<T>(v128.load(high + offset), c), op.map<T>(v128.load(high + step + offset), c));
  const e = op.combine<T>(op.map<T>(v128.load(high + step * 2 + offset), c), op.map<T>(v128.load(high + step3 + offset), c));
  return op.combine<T>(op.combine<T>(a, b), op.combine<T>(d, e));
}

/** Eight rows of whole vectors. */
function reduceEight<Op, T>(x: usize, out: usize, bytes: usize, step: usize, center: usize): void {
  const end = out + bytes, step3 = step * 3;
  const none = i64x2.splat(0);
  let high = x + step * 4;
  for (; out + 32 <= end; out += 32) {
    const v = eight<Op, T>(x, high, 0, step, step3, center != 0 ? v128.load(center) : none);
    const w = eight<Op, T>(x, high, 16, step, step3, center != 0 ? v128.load(center, 16) : none);
    v128.store(out, v);
    v128.store(out, w, 16);
    x += 32;
    high += 32;
    if (center != 0) center += 32;
  }
  if (out < end) v128.store(out, eight<Op, T>(x, high, 0, step, step3, center != 0 ? v128.load(center) : none));
}

/** Up to 8 rows of `bytes` each, `step` apart, combined into `out`, a buffer padded to whole vectors. */
function reduceGroup<Op, T>(x: usize, out: usize, rows: i32, bytes: usize, step: usize, center: usize): void {
  const op = changetype<Op>(0);
  let at: usize = 0;
  if (rows == GROUP) {
    at = bytes & ~15;
    reduceEight<Op, T>(x, out, at, step, center);
  }
  for (; at < bytes; at += 16) {
    const left = bytes - at;
    const c = center != 0 ? loadAtMost(center + at, left) : i64x2.splat(0);
    const p = x + at;
    let a = op.map<T>(loadAtMost(p, left), c);
    for (let r = 1; r < rows; r++) a = op.combine<T>(a, op.map<T>(loadAtMost(p + <usize>r * step, left), c));
    v128.store(out + at, a);
  }
}

/** into = combine(from, into), whole vectors. */
function combineInto<Op, T>(into: usize, from: usize, bytes: usize): void {
  const op = changetype<Op>(0);
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(into + at, op.combine<T>(v128.load(from + at), v128.load(into + at)));
  }
}

/**
 * `rows` rows of `bytes` (at most STRIP_BYTES) each, `step` apart, reduced to one row at `out`. Groups of 8 rows are
 * combined like the bits of a counter carry: level k of the scratch holds the result of 2^k groups.
 */
export function reduceColumns<Op, T>(x: usize, out: usize, rows: i32, bytes: usize, step: usize, center: usize): void {
  const base = scratch();
  let groups: u32 = 0;
  for (let row = 0; row < rows; row += GROUP) {
    const level = ctz(~groups);
    const slot = base + level * STRIP_BYTES;
    reduceGroup<Op, T>(x + <usize>row * step, slot, min(GROUP, rows - row), bytes, step, center);
    for (let lower: u32 = 0; lower < level; lower++) combineInto<Op, T>(slot, base + lower * STRIP_BYTES, bytes);
    groups++;
  }
  const first = ctz(groups);
  const result = base + first * STRIP_BYTES;
  for (let level = first + 1; level < 32; level++) {
    if ((groups >> level) & 1) combineInto<Op, T>(result, base + level * STRIP_BYTES, bytes);
  }
  const whole = bytes & ~15;
  for (let at: usize = 0; at < whole; at += 16) v128.store(out + at, v128.load(result + at));
  if (whole < bytes) storeTail(out + whole, v128.load(result + whole), bytes - whole);
}

/** No rows: the identity everywhere. */
export function fillIdentity<Op, T>(out: usize, n: i32): void {
  const identity = changetype<Op>(0).identity<T>();
  for (let i = 0; i < n; i++) store<T>(out + <usize>i * sizeof<T>(), identity);
}
