/** The micro-kernel of the direct weight gradient: dot products of some outputs of dOut with the pixels that some taps meet. */
import { multiplyAdd } from "../math/multiply-add";
import { getInt, getPointer } from "../runtime/control";
import { OUT_HEIGHT, OWN } from "./job";

const FIRST = OWN + 16;
/** Whole vectors of an output row, and the elements left over. */
export const VECTORS = FIRST, TAIL = FIRST + 1;
/** Where the vectors of dOut lie in the padded planes: whole vectors, and those that pair the tails of two rows. */
export const OFFSETS = FIRST + 2, TAIL_OFFSETS = FIRST + 3;
/** Vectors of each image that hold the tails of two rows, of two elements each. */
export const PAIRED = FIRST + 4;
/** Where the other tails lie. */
export const SINGLE_OFFSETS = FIRST + 5;

/** Sums of a panel at one tap, some of them idle in a narrower panel. */
export const SUMS_WIDTH: i32 = 4;

/** sums[4] += the sums over the lanes of four vectors. */
// @ts-ignore: decorator
@inline function addLaneSums<T>(to: usize, c0: v128, c1: v128, c2: v128, c3: v128): void {
  if (sizeof<T>() == 8) {
    const s01 = v128.add<T>(v128.shuffle<f64>(c0, c1, 0, 2), v128.shuffle<f64>(c0, c1, 1, 3));
    const s23 = v128.add<T>(v128.shuffle<f64>(c2, c3, 0, 2), v128.shuffle<f64>(c2, c3, 1, 3));
    v128.store(to, v128.add<T>(v128.load(to), s01));
    v128.store(to, v128.add<T>(v128.load(to, 16), s23), 16);
  } else {
    const s01 = v128.add<T>(v128.shuffle<f32>(c0, c1, 0, 4, 1, 5), v128.shuffle<f32>(c0, c1, 2, 6, 3, 7));
    const s23 = v128.add<T>(v128.shuffle<f32>(c2, c3, 0, 4, 1, 5), v128.shuffle<f32>(c2, c3, 2, 6, 3, 7));
    const sum = v128.add<T>(v128.shuffle<f64>(s01, s23, 0, 2), v128.shuffle<f64>(s01, s23, 1, 3));
    v128.store(to, v128.add<T>(v128.load(to), sum));
  }
}

/** Two elements from one place and two from another. */
// @ts-ignore: decorator
@inline function halves(low: usize, high: usize): v128 {
  return v128.load64_lane(high, v128.load64_zero(low), 1);
}

/** Lanes below `count` all ones, the others zero. */
// @ts-ignore: decorator
@inline export function laneMask<T>(count: i32): v128 {
  if (sizeof<T>() == 8) return i64x2.lt_s(i64x2(0, 1), i64x2.splat(count));
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count));
}

export function tile4x2<T>(images: i32, packed: usize, planes: usize, tap: usize, sums: usize): void { tile<T>(4, 2, images, packed, planes, tap, sums); }
export function tile3x3<T>(images: i32, packed: usize, planes: usize, tap: usize, sums: usize): void { tile<T>(3, 3, images, packed, planes, tap, sums); }
export function tile2x4<T>(images: i32, packed: usize, planes: usize, tap: usize, sums: usize): void { tile<T>(2, 4, images, packed, planes, tap, sums); }
export function tile1x4<T>(images: i32, packed: usize, planes: usize, tap: usize, sums: usize): void { tile<T>(1, 4, images, packed, planes, tap, sums); }

/**
 * sums[tap][output] += dOut panel . pixels, for `rows` outputs and `taps` taps (constants), over all pixels of some images.
 * The loop is written out for whole vectors, for the tails of two rows side by side, and for single tails, whose other lanes
 * hold pixels that do not belong here and may be infinite: they are cleared, not merely multiplied by zero.
 */
// @ts-ignore: decorator
@inline function tile<T>(rows: i32, taps: i32, images: i32, packed: usize, planes: usize, tap: usize, sums: usize): void {
  let p0 = planes + load<usize>(tap), p1 = planes + load<usize>(tap, 4), p2 = p0, p3 = p0;
  if (taps > 2) p2 = planes + load<usize>(tap, 8);
  if (taps > 3) p3 = planes + load<usize>(tap, 12);
  let c00 = v128.splat<T>(0), c01 = c00, c02 = c00, c03 = c00;
  let c10 = v128.splat<T>(0), c11 = c10, c12 = c10, c13 = c10;
  let c20 = v128.splat<T>(0), c21 = c20, c22 = c20, c23 = c20;
  let c30 = v128.splat<T>(0), c31 = c30, c32 = c30, c33 = c30;
  const height = images * getInt(OUT_HEIGHT), pairs = images * getInt(PAIRED);
  let at = getPointer(OFFSETS), end = at + (<usize>(height * getInt(VECTORS)) << 2);
  for (; at != end; at += 4) {
    const offset = load<usize>(at);
    let b0 = v128.load(p0 + offset), b1 = v128.load(p1 + offset), b2 = b1, b3 = b1;
    if (taps > 2) b2 = v128.load(p2 + offset);
    if (taps > 3) b3 = v128.load(p3 + offset);
    let s = v128.load(packed);
    c00 = multiplyAdd<T>(c00, s, b0); c01 = multiplyAdd<T>(c01, s, b1);
    if (taps > 2) c02 = multiplyAdd<T>(c02, s, b2);
    if (taps > 3) c03 = multiplyAdd<T>(c03, s, b3);
    if (rows > 1) {
      s = v128.load(packed, 16);
      c10 = multiplyAdd<T>(c10, s, b0); c11 = multiplyAdd<T>(c11, s, b1);
      if (taps > 2) c12 = multiplyAdd<T>(c12, s, b2);
      if (taps > 3) c13 = multiplyAdd<T>(c13, s, b3);
    }
    if (rows > 2) {
      s = v128.load(packed, 32);
      c20 = multiplyAdd<T>(c20, s, b0); c21 = multiplyAdd<T>(c21, s, b1);
      if (taps > 2) c22 = multiplyAdd<T>(c22, s, b2);
      if (taps > 3) c23 = multiplyAdd<T>(c23, s, b3);
    }
    if (rows > 3) {
      s = v128.load(packed, 48);
      c30 = multiplyAdd<T>(c30, s, b0); c31 = multiplyAdd<T>(c31, s, b1);
      if (taps > 2) c32 = multiplyAdd<T>(c32, s, b2);
      if (taps > 3) c33 = multiplyAdd<T>(c33, s, b3);
    }
    packed += rows << 4;
  }
  at = getPointer(TAIL_OFFSETS);
  end = at + (<usize>pairs << 3);
  for (; at != end; at += 8) {
    const low = load<usize>(at), high = load<usize>(at, 4);
    let b0 = halves(p0 + low, p0 + high), b1 = halves(p1 + low, p1 + high), b2 = b1, b3 = b1;
    if (taps > 2) b2 = halves(p2 + low, p2 + high);
    if (taps > 3) b3 = halves(p3 + low, p3 + high);
    let s = v128.load(packed);
    c00 = multiplyAdd<T>(c00, s, b0); c01 = multiplyAdd<T>(c01, s, b1);
    if (taps > 2) c02 = multiplyAdd<T>(c02, s, b2);
    if (taps > 3) c03 = multiplyAdd<T>(c03, s, b3);
    if (rows > 1) {
      s = v128.load(packed, 16);
      c10 = multiplyAdd<T>(c10, s, b0); c11 = multiplyAdd<T>(c11, s, b1);
      if (taps > 2) c12 = multiplyAdd<T>(c12, s, b2);
      if (taps > 3) c13 = multiplyAdd<T>(c13, s, b3);
    }
    if (rows > 2) {
      s = v128.load(packed, 32);
      c20 = multiplyAdd<T>(c20, s, b0); c21 = multiplyAdd<T>(c21, s, b1);
      if (taps > 2) c22 = multiplyAdd<T>(c22, s, b2);
      if (taps > 3) c23 = multiplyAdd<T>(c23, s, b3);
    }
    if (rows > 3) {
      s = v128.load(packed, 48);
      c30 = multiplyAdd<T>(c30, s, b0); c31 = multiplyAdd<T>(c31, s, b1);
      if (taps > 2) c32 = multiplyAdd<T>(c32, s, b2);
      if (taps > 3) c33 = multiplyAdd<T>(c33, s, b3);
    }
    packed += rows << 4;
  }
  const mask = laneMask<T>(getInt(TAIL));
  at = getPointer(SINGLE_OFFSETS);
  end = getInt(TAIL) > 0 ? at + (<usize>(height - 2 * pairs) << 2) : at;
  for (; at != end; at += 4) {
    const offset = load<usize>(at);
    let b0 = v128.and(mask, v128.load(p0 + offset)), b1 = v128.and(mask, v128.load(p1 + offset)), b2 = b1, b3 = b1;
    if (taps > 2) b2 = v128.and(mask, v128.load(p2 + offset));
    if (taps > 3) b3 = v128.and(mask, v128.load(p3 + offset));
    let s = v128.load(packed);
    c00 = multiplyAdd<T>(c00, s, b0); c01 = multiplyAdd<T>(c01, s, b1);
    if (taps > 2) c02 = multiplyAdd<T>(c02, s, b2);
    if (taps > 3) c03 = multiplyAdd<T>(c03, s, b3);
    if (rows > 1) {
      s = v128.load(packed, 16);
      c10 = multiplyAdd<T>(c10, s, b0); c11 = multiplyAdd<T>(c11, s, b1);
      if (taps > 2) c12 = multiplyAdd<T>(c12, s, b2);
      if (taps > 3) c13 = multiplyAdd<T>(c13, s, b3);
    }
    if (rows > 2) {
      s = v128.load(packed, 32);
      c20 = multiplyAdd<T>(c20, s, b0); c21 = multiplyAdd<T>(c21, s, b1);
      if (taps > 2) c22 = multiplyAdd<T>(c22, s, b2);
      if (taps > 3) c23 = multiplyAdd<T>(c23, s, b3);
    }
    if (rows > 3) {
      s = v128.load(packed, 48);
      c30 = multiplyAdd<T>(c30, s, b0); c31 = multiplyAdd<T>(c31, s, b1);
      if (taps > 2) c32 = multiplyAdd<T>(c32, s, b2);
      if (taps > 3) c33 = multiplyAdd<T>(c33, s, b3);
    }
    packed += rows << 4;
  }
  addLaneSums<T>(sums, c00, c10, c20, c30);
  addLaneSums<T>(sums + SUMS_WIDTH * sizeof<T>(), c01, c11, c21, c31);
  if (taps > 2) addLaneSums<T>(sums + 2 * SUMS_WIDTH * sizeof<T>(), c02, c12, c22, c32);
  if (taps > 3) addLaneSums<T>(sums + 3 * SUMS_WIDTH * sizeof<T>(), c03, c13, c23, c33);
}
