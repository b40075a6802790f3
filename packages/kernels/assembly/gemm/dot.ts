/**
 * Products whose operands are both contiguous along k, as in a linear layer's forward pass: c = x wᵀ. Lanes run along k, so
 * nothing is turned around; every element of c is the sum of a vector's lanes. Three rows of a at a time are packed as
 * `[vector][row]` (wide vectors first), a block of k that stays in the first cache, and meet all rows of b, read where they lie.
 */
import { multiplyAdd } from "../math/multiply-add";
import { getInt, getPointer, setInt } from "../runtime/control";
import { ensureScratch, parallelFor, scratch } from "../runtime/pool";
import { rectifyOne } from "../runtime/rectify";
import { isWide, wideDots } from "../runtime/wide";

const M = 0, N = 1, K = 2, A = 3, A_ROW = 4, B = 5, B_ROW = 6, C = 7, C_ROW = 8, BIAS = 9, ACCUMULATE = 10, ROWS = 11, COLUMNS = 12, ACROSS = 13, CUT = 14;

/** Bytes of k in a block. */
const K_BYTES: i32 = 4096;
/** Nine wide vectors, behind the packed rows. */
const SUMS_BYTES: i32 = 288;
/** Products worth a task: some 25 microseconds. */
const TASK_PRODUCTS: f64 = 400_000;
const MOST_TASKS: f64 = 16;
/** Rows of b whose block of k stays in the second cache. */
const MOST_COLUMNS: i32 = 126;

/** Fewer rows or columns than these do not pay for the packing of both operands. */
const PACKED_FROM: i32 = 40;

/** Whether k is long enough for the sums over lanes to weigh little, and the matrix too slim for packed panels, which are faster. */
export function dotSuits(m: i32, n: i32, k: i32): bool {
  return k >= 192 && m >= 3 && n >= 3 && min(m, n) < PACKED_FROM;
}

/** c[m][n] = (accumulate ? c : 0) + a bᵀ (+ bias), if `cut` then cut off at zero, for a[m][k] and b[n][k] with contiguous rows. Steps are in bytes. */
export function multiplyDots<T>(
  m: i32, n: i32, k: i32, a: usize, aRow: usize, b: usize, bRow: usize, c: usize, cRow: usize, bias: usize, accumulate: bool, cut: bool,
): void {
  setInt(CUT, cut ? 1 : 0);
  setInt(M, m); setInt(N, n); setInt(K, k); setInt(A, a); setInt(A_ROW, aRow); setInt(B, b); setInt(B_ROW, bRow);
  setInt(C, c); setInt(C_ROW, cRow); setInt(BIAS, bias); setInt(ACCUMULATE, accumulate ? 1 : 0);
  const wanted = Math.max(1, Math.min(MOST_TASKS, <f64>m * <f64>n * <f64>k / TASK_PRODUCTS));
  let across = (n + MOST_COLUMNS - 1) / MOST_COLUMNS, down = 1;
  // Tasks are as tall as they can be: each reads all of its part of b.
  if (<f64>across < wanted) down = min((m + 2) / 3, <i32>Math.ceil(wanted / <f64>across));
  const rows = ((m + down - 1) / down + 2) / 3 * 3, columns = ((n + across - 1) / across + 2) / 3 * 3;
  down = (m + rows - 1) / rows; across = (n + columns - 1) / columns;
  setInt(ROWS, rows); setInt(COLUMNS, columns); setInt(ACROSS, across);
  ensureScratch(3 * K_BYTES + SUMS_BYTES);
  parallelFor(sizeof<T>() == 8 ? taskF64 : taskF32, down * across);
}

function runTask<T>(task: i32): void {
  const across = getInt(ACROSS), k = getInt(K), aRow = getPointer(A_ROW), bRow = getPointer(B_ROW), cRow = getPointer(C_ROW);
  const firstRow = task / across * getInt(ROWS), lastRow = min(getInt(M), firstRow + getInt(ROWS));
  const firstColumn = task % across * getInt(COLUMNS), lastColumn = min(getInt(N), firstColumn + getInt(COLUMNS));
  const block = K_BYTES / <i32>sizeof<T>(), bias = getPointer(BIAS);
  for (let k0 = 0; k0 < k; k0 += block) {
    const depth = min(block, k - k0), add = k0 > 0 || getInt(ACCUMULATE) != 0;
    const offset = <usize>k0 * sizeof<T>(), cut = getInt(CUT) != 0 && k0 + block >= k;
    for (let i = firstRow; i < lastRow; i += 3) {
      const rows = min(3, lastRow - i), a = getPointer(A) + <usize>i * aRow + offset;
      packRows<T>(depth, a, aRow, rows);
      for (let j = firstColumn; j < lastColumn; j += 3) {
        const columns = min(3, lastColumn - j), at = <usize>j * sizeof<T>();
        dots<T>(
          depth, a, aRow, getPointer(B) + <usize>j * bRow + offset, bRow, rows, columns,
          getPointer(C) + <usize>i * cRow + at, cRow, bias == 0 || k0 > 0 ? 0 : bias + at, add, cut,
        );
      }
    }
  }
}
function taskF32(task: i32): void { runTask<f32>(task); }
function taskF64(task: i32): void { runTask<f64>(task); }

/** Whole vectors of three rows go to scratch; a row that is not there is the first one again. */
function packRows<T>(k: i32, a: usize, aRow: usize, rows: i32): void {
  const a1 = rows > 1 ? a + aRow : a, a2 = rows > 2 ? a + 2 * aRow : a;
  let to = scratch(), at: usize = 0;
  const end = <usize>(k * <i32>sizeof<T>()) & ~15;
  if (isWide<T>()) {
    for (; at + 32 <= end; at += 32) {
      v128.store(to, v128.load(a + at)); v128.store(to, v128.load(a + at, 16), 16);
      v128.store(to, v128.load(a1 + at), 32); v128.store(to, v128.load(a1 + at, 16), 48);
      v128.store(to, v128.load(a2 + at), 64); v128.store(to, v128.load(a2 + at, 16), 80);
      to += 96;
    }
  }
  for (; at != end; at += 16) {
    v128.store(to, v128.load(a + at));
    v128.store(to, v128.load(a1 + at), 16);
    v128.store(to, v128.load(a2 + at), 32);
    to += 48;
  }
}

/** The sum of a vector's lanes. */
// @ts-ignore: decorator
@inline function laneSum<T>(v: v128): T {
  if (sizeof<T>() == 8) return v128.extract_lane<T>(v, 0) + v128.extract_lane<T>(v, 1);
  return (v128.extract_lane<T>(v, 0) + v128.extract_lane<T>(v, 1)) + (v128.extract_lane<T>(v, 2) + v128.extract_lane<T>(v, 3));
}

/** A vector and both halves of a wide one. */
// @ts-ignore: decorator
@inline function addWide<T>(v: v128, wide: usize): v128 {
  return v128.add<T>(v, v128.add<T>(v128.load(wide), v128.load(wide, 16)));
}

// @ts-ignore: decorator
@inline function finish<T>(c: usize, sum: T, bias: usize, add: bool, cut: bool): void {
  if (bias != 0) sum += load<T>(bias);
  if (add) sum = load<T>(c) + sum;
  store<T>(c, cut ? rectifyOne<T>(sum) : sum);
}

/** Nine dot products with the packed rows; rows and columns that are not there repeat the first one, and are not written. */
function dots<T>(
  k: i32, a: usize, aRow: usize, b: usize, bRow: usize, rows: i32, columns: i32, c: usize, cRow: usize, bias: usize, add: bool, cut: bool,
): void {
  const lanes = <i32>(16 / sizeof<T>());
  const b1 = columns > 1 ? b + bRow : b, b2 = columns > 2 ? b + 2 * bRow : b;
  let c00 = v128.splat<T>(0), c01 = c00, c02 = c00, c10 = c00, c11 = c00, c12 = c00, c20 = c00, c21 = c00, c22 = c00;
  const end = <usize>(k / lanes) << 4, wide: usize = isWide<T>() ? end & ~31 : 0;
  let at = wide, packed = scratch() + 3 * wide;
  for (; at != end; at += 16) {
    const q0 = v128.load(b + at), q1 = v128.load(b1 + at), q2 = v128.load(b2 + at);
    // Of all orders this one lets V8 keep the sums in registers.
    let p = v128.load(packed, 32);
    c20 = multiplyAdd<T>(c20, p, q0); c21 = multiplyAdd<T>(c21, p, q1); c22 = multiplyAdd<T>(c22, p, q2);
    p = v128.load(packed, 16);
    c10 = multiplyAdd<T>(c10, p, q0); c11 = multiplyAdd<T>(c11, p, q1); c12 = multiplyAdd<T>(c12, p, q2);
    p = v128.load(packed);
    c00 = multiplyAdd<T>(c00, p, q0); c01 = multiplyAdd<T>(c01, p, q1); c02 = multiplyAdd<T>(c02, p, q2);
    packed += 48;
  }
  if (isWide<T>()) {
    const sums = scratch() + 3 * K_BYTES;
    wideDots(wide, scratch(), b, b1, b2, sums);
    c00 = addWide<T>(c00, sums); c01 = addWide<T>(c01, sums + 32); c02 = addWide<T>(c02, sums + 64);
    c10 = addWide<T>(c10, sums + 96); c11 = addWide<T>(c11, sums + 128); c12 = addWide<T>(c12, sums + 160);
    c20 = addWide<T>(c20, sums + 192); c21 = addWide<T>(c21, sums + 224); c22 = addWide<T>(c22, sums + 256);
  }
  let s00 = laneSum<T>(c00), s01 = laneSum<T>(c01), s02 = laneSum<T>(c02);
  let s10 = laneSum<T>(c10), s11 = laneSum<T>(c11), s12 = laneSum<T>(c12);
  let s20 = laneSum<T>(c20), s21 = laneSum<T>(c21), s22 = laneSum<T>(c22);
  const a1 = rows > 1 ? a + aRow : a, a2 = rows > 2 ? a + 2 * aRow : a;
  for (let count = k % lanes; count > 0; count--) {
    const q0 = load<T>(b + at), q1 = load<T>(b1 + at), q2 = load<T>(b2 + at);
    let p = load<T>(a + at);
    s00 += p * q0; s01 += p * q1; s02 += p * q2;
    p = load<T>(a1 + at);
    s10 += p * q0; s11 += p * q1; s12 += p * q2;
    p = load<T>(a2 + at);
    s20 += p * q0; s21 += p * q1; s22 += p * q2;
    at += sizeof<T>();
  }
  const one = sizeof<T>();
  const bias1: usize = bias == 0 ? 0 : bias + one, bias2: usize = bias == 0 ? 0 : bias + 2 * one;
  finish<T>(c, s00, bias, add, cut);
  if (columns > 1) finish<T>(c + one, s01, bias1, add, cut);
  if (columns > 2) finish<T>(c + 2 * one, s02, bias2, add, cut);
  if (rows == 1) return;
  c += cRow;
  finish<T>(c, s10, bias, add, cut);
  if (columns > 1) finish<T>(c + one, s11, bias1, add, cut);
  if (columns > 2) finish<T>(c + 2 * one, s12, bias2, add, cut);
  if (rows == 2) return;
  c += cRow;
  finish<T>(c, s20, bias, add, cut);
  if (columns > 1) finish<T>(c + one, s21, bias1, add, cut);
  if (columns > 2) finish<T>(c + 2 * one, s22, bias2, add, cut);
}
