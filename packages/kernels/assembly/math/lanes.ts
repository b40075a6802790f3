/**
 * Small vector tools: partial vectors at the end of an array, gathers, lane tricks.
 *
 * Kernels are written once, for whole vectors of `lanes<T>()` elements. The last elements of an array go through the
 * same vector code in a partly filled vector, so an element's value never depends on its position.
 */

/** Elements of `T` in one vector. */
// @ts-ignore: decorator
@inline export function lanes<T>(): i32 {
  return <i32>(16 / sizeof<T>());
}

/** Eight vectors, all read before: the longer reads and writes keep apart, the better the memory streams. */
// @ts-ignore: decorator
@inline export function storeEight(out: usize, a: v128, b: v128, c: v128, d: v128, e: v128, f: v128, g: v128, h: v128): void {
  v128.store(out, a);
  v128.store(out, b, 16);
  v128.store(out, c, 32);
  v128.store(out, d, 48);
  v128.store(out, e, 64);
  v128.store(out, f, 80);
  v128.store(out, g, 96);
  v128.store(out, h, 112);
}

/**
 * The i-th vector of a table. V8 makes a vector literal anew in every turn of a loop, by three instructions; from memory it
 * is one.
 */
// @ts-ignore: decorator
@inline export function constant(table: usize, i: usize): v128 {
  return v128.load(table + (i << 4));
}

/** The first `bytes` (1..15) bytes at `p`, then zeros; reads nothing beyond them. */
export function loadTail(p: usize, bytes: usize): v128 {
  if (bytes < 8) return i64x2(loadUpTo7(p, bytes), 0);
  return i64x2(load<i64>(p), loadUpTo7(p + 8, bytes - 8));
}

function loadUpTo7(p: usize, bytes: usize): i64 {
  let word: u64 = 0;
  let shift: u64 = 0;
  if (bytes & 4) { word = <u64>load<u32>(p); p += 4; shift = 32; }
  if (bytes & 2) { word |= <u64>load<u16>(p) << shift; p += 2; shift += 16; }
  if (bytes & 1) word |= <u64>load<u8>(p) << shift;
  return <i64>word;
}

/** Stores the first `bytes` (1..15) bytes of `v` at `p`, and touches nothing beyond them. */
export function storeTail(p: usize, v: v128, bytes: usize): void {
  if (bytes < 8) { storeUpTo7(p, i64x2.extract_lane(v, 0), bytes); return; }
  store<i64>(p, i64x2.extract_lane(v, 0));
  storeUpTo7(p + 8, i64x2.extract_lane(v, 1), bytes - 8);
}

function storeUpTo7(p: usize, word: u64, bytes: usize): void {
  if (bytes & 4) { store<u32>(p, <u32>word); p += 4; word >>= 32; }
  if (bytes & 2) { store<u16>(p, <u16>word); p += 2; word >>= 16; }
  if (bytes & 1) store<u8>(p, <u8>word);
}

/** The vector at `p`, or only its first `left` bytes where fewer are left. */
// @ts-ignore: decorator
@inline export function loadAtMost(p: usize, left: usize): v128 {
  return left < 16 ? loadTail(p, left) : v128.load(p);
}

/** Stores v at `p`, or only its first `left` bytes where fewer are left. */
// @ts-ignore: decorator
@inline export function storeAtMost(p: usize, v: v128, left: usize): void {
  if (left < 16) storeTail(p, v, left);
  else v128.store(p, v);
}

/** `lanes<T>()` elements that lie `stride` bytes apart. */
// @ts-ignore: decorator
@inline export function gather<T>(p: usize, stride: usize): v128 {
  if (sizeof<T>() == 1) return gatherBytes(p, stride);
  let v = v128.load_splat<T>(p);
  v = v128.load_lane<T>(p + stride, v, 1);
  if (sizeof<T>() <= 4) {
    v = v128.load_lane<T>(p + stride * 2, v, 2);
    v = v128.load_lane<T>(p + stride * 3, v, 3);
  }
  if (sizeof<T>() == 2) {
    v = v128.load_lane<T>(p + stride * 4, v, 4);
    v = v128.load_lane<T>(p + stride * 5, v, 5);
    v = v128.load_lane<T>(p + stride * 6, v, 6);
    v = v128.load_lane<T>(p + stride * 7, v, 7);
  }
  return v;
}

function gatherBytes(p: usize, stride: usize): v128 {
  let low: u64 = 0, high: u64 = 0;
  for (let shift: u64 = 0; shift < 64; shift += 8) {
    low |= <u64>load<u8>(p) << shift;
    high |= <u64>load<u8>(p + stride * 8) << shift;
    p += stride;
  }
  return i64x2(low, high);
}

/** `count` elements that lie `stride` bytes apart, then zeros. */
export function gatherTail<T>(p: usize, stride: usize, count: i32): v128 {
  let low: u64 = 0, high: u64 = 0;
  for (let i = 0; i < count; i++) {
    let word: u64;
    if (sizeof<T>() == 8) word = load<u64>(p);
    else if (sizeof<T>() == 4) word = <u64>load<u32>(p);
    else if (sizeof<T>() == 2) word = <u64>load<u16>(p);
    else word = <u64>load<u8>(p);
    const shift = <u64>i * (sizeof<T>() << 3);
    if (shift < 64) low |= word << shift;
    else high |= word << (shift - 64);
    p += stride;
  }
  return i64x2(low, high);
}

/** `x` in the first `count` lanes, `rest` in the others. */
// @ts-ignore: decorator
@inline export function firstLanes<T>(x: v128, rest: v128, count: i32): v128 {
  const bytes = i8x16.splat(<i8>(count * <i32>sizeof<T>()));
  const positions = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return v128.bitselect(x, rest, i8x16.lt_s(positions, bytes));
}

/** `value` as the element type: integers wrap. */
// @ts-ignore: decorator
@inline export function element<T>(value: f64): T {
  if (isFloat<T>()) return <T>value;
  return <T><i64>value;
}

/** `value` as the element type: integers saturate. */
// @ts-ignore: decorator
@inline export function saturated<T>(value: f64): T {
  if (isFloat<T>()) return <T>value;
  if (sizeof<T>() == 8) {
    if (value >= -<f64>i64.MIN_VALUE) return <T>i64.MAX_VALUE;
    return value < <f64>i64.MIN_VALUE ? <T>i64.MIN_VALUE : <T><i64>value;
  }
  const lowest: f64 = isSigned<T>() ? -2147483648 : 0;
  const highest: f64 = isSigned<T>() ? 2147483647 : 255;
  return <T><i64>Math.max(lowest, Math.min(highest, value));
}

/** One bit for each lane of a mask. */
// @ts-ignore: decorator
@inline export function maskBits<T>(mask: v128): i32 {
  if (sizeof<T>() == 1) return i8x16.bitmask(mask);
  if (sizeof<T>() == 2) return i16x8.bitmask(mask);
  return sizeof<T>() == 4 ? i32x4.bitmask(mask) : i64x2.bitmask(mask);
}

/** Masks of 16 elements, four 32-bit lanes each, as bytes 0 and 1. */
// @ts-ignore: decorator
@inline export function boolBytes(m0: v128, m1: v128, m2: v128, m3: v128): v128 {
  const bytes = i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(m0, m1), i16x8.narrow_i32x4_s(m2, m3));
  return v128.and(bytes, i8x16.splat(1));
}

/** Two masks of 64-bit lanes as one of 32-bit lanes. */
// @ts-ignore: decorator
@inline export function narrowMask64(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 0, 2, 4, 6);
}

/** The upper two float32 lanes as float64. */
// @ts-ignore: decorator
@inline export function promoteHigh(x: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i64>(x, x, 1, 0));
}

/** Two float64 vectors as one of float32. */
// @ts-ignore: decorator
@inline export function demote(low: v128, high: v128): v128 {
  return v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
}

/** The larger of each pair, of 64-bit integers too, for which WebAssembly has no instruction. */
// @ts-ignore: decorator
@inline export function larger<T>(x: v128, y: v128): v128 {
  if (isInteger<T>() && sizeof<T>() == 8) return v128.bitselect(x, y, v128.gt<T>(x, y));
  return v128.max<T>(x, y);
}

/** The smaller of each pair. */
// @ts-ignore: decorator
@inline export function smaller<T>(x: v128, y: v128): v128 {
  if (isInteger<T>() && sizeof<T>() == 8) return v128.bitselect(x, y, v128.lt<T>(x, y));
  return v128.min<T>(x, y);
}

/** `x * y`, for bytes too, which WebAssembly cannot multiply directly. */
// @ts-ignore: decorator
@inline export function multiply<T>(x: v128, y: v128): v128 {
  if (sizeof<T>() != 1) return v128.mul<T>(x, y);
  const low = i16x8.extmul_low_i8x16_u(x, y), high = i16x8.extmul_high_i8x16_u(x, y);
  return v128.shuffle<i8>(low, high, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
}
