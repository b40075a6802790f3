/** The micro-kernel of the direct correlation: some outputs at some vectors of pixels. */
import { FUSED, multiplyAdd, tilesCost } from "../math/multiply-add";
import { getInt } from "../runtime/control";
import { rectify } from "../runtime/rectify";
import { OUT_HEIGHT, OUT_WIDTH } from "./job";

/**
 * A group of vectors that go through a tile together, in 32-bit words: origins in the padded planes (one for each half of a
 * vector), places in the output (likewise), and its list of taps: address of the first panel's stream, bytes of a stream.
 */
export const GROUP_BYTES: usize = 56;
export const GROUP_PLACES: usize = 24;
export const GROUP_STREAMS: usize = 48;
export const GROUP_STREAM_BYTES: usize = 52;

/** Bytes of one tap in a stream: where it lies in the padded planes, in bytes, then the weights of a panel. */
// @ts-ignore: decorator
@inline export function tapBytes<T>(panel: i32): usize {
  return <usize>(panel + 1) * sizeof<T>();
}

/** Outputs of a panel: the tile that is fastest, if not too many of its rows are left idle. */
export function panelRows(outputs: i32): i32 {
  if (outputs == 1) return 1;
  // Rows by rows and vectors: 6 by 2 (fused, as it takes a product's register), 5 by 2, 4 by 2, 3 by 3.
  const five = tilesCost(outputs, 5, FUSED ? 52 : 41), four = tilesCost(outputs, 4, FUSED ? 50 : 38), three = tilesCost(outputs, 3, FUSED ? 51 : 40);
  if (FUSED && tilesCost(outputs, 6, 55) <= Math.min(three, Math.min(four, five))) return 6;
  return three < five && three < four ? 3 : five < four ? 5 : 4;
}

/** Vectors of a group for panels of that many rows. */
export function groupVectors(panel: i32): i32 {
  return panel >= 4 ? 2 : 3;
}

/** What a tile needs only once its sums are complete is kept out of its loop's way, which needs every register. */
let tileGroup: usize = 0;
let tileOut: usize = 0;
let tileRows: i32 = 0;
let tileCorner: usize = 0;
let tileCut: bool = false;

/**
 * `panel` outputs, of which the first `rows` exist, at one group. `split`: every vector is made of two halves that lie apart
 * (float32 alone).
 */
export function correlateTile<T>(panel: i32, split: bool, rows: i32, w: usize, end: usize, bias: usize, planes: usize, group: usize, out: usize, cut: bool, corner: usize): void {
  tileGroup = group; tileOut = out; tileRows = rows; tileCorner = corner; tileCut = cut;
  const low0 = planes + load<usize>(group), low1 = planes + load<usize>(group, 8), low2 = planes + load<usize>(group, 16);
  if (sizeof<T>() == 4 && split) {
    const high0 = planes + load<usize>(group, 4), high1 = planes + load<usize>(group, 12), high2 = planes + load<usize>(group, 20);
    if (panel == 6) tile6Split<T>(w, end, bias, low0, high0, low1, high1);
    else if (panel == 5) tile5Split<T>(w, end, bias, low0, high0, low1, high1);
    else if (panel == 4) tile4Split<T>(w, end, bias, low0, high0, low1, high1);
    else if (panel == 3) tile3Split<T>(w, end, bias, low0, high0, low1, high1, low2, high2);
    else tile1Split<T>(w, end, bias, low0, high0, low1, high1, low2, high2);
  } else if (panel == 6) tile6<T>(w, end, bias, low0, low1);
  else if (panel == 5) tile5<T>(w, end, bias, low0, low1);
  else if (panel == 4) tile4<T>(w, end, bias, low0, low1);
  else if (panel == 3) tile3<T>(w, end, bias, low0, low1, low2);
  else tile1<T>(w, end, bias, low0, low1, low2);
}

function tile6<T>(w: usize, end: usize, bias: usize, at0: usize, at1: usize): void {
  tile<T>(6, 2, false, w, end, bias, at0, at0, at1, at1, at1, at1);
}
function tile6Split<T>(w: usize, end: usize, bias: usize, low0: usize, high0: usize, low1: usize, high1: usize): void {
  tile<T>(6, 2, true, w, end, bias, low0, high0, low1, high1, low1, high1);
}
function tile5<T>(w: usize, end: usize, bias: usize, at0: usize, at1: usize): void {
  tile<T>(5, 2, false, w, end, bias, at0, at0, at1, at1, at1, at1);
}
function tile5Split<T>(w: usize, end: usize, bias: usize, low0: usize, high0: usize, low1: usize, high1: usize): void {
  tile<T>(5, 2, true, w, end, bias, low0, high0, low1, high1, low1, high1);
}
function tile4<T>(w: usize, end: usize, bias: usize, at0: usize, at1: usize): void {
  tile<T>(4, 2, false, w, end, bias, at0, at0, at1, at1, at1, at1);
}
function tile4Split<T>(w: usize, end: usize, bias: usize, low0: usize, high0: usize, low1: usize, high1: usize): void {
  tile<T>(4, 2, true, w, end, bias, low0, high0, low1, high1, low1, high1);
}
function tile3<T>(w: usize, end: usize, bias: usize, at0: usize, at1: usize, at2: usize): void {
  tile<T>(3, 3, false, w, end, bias, at0, at0, at1, at1, at2, at2);
}
function tile3Split<T>(w: usize, end: usize, bias: usize, low0: usize, high0: usize, low1: usize, high1: usize, low2: usize, high2: usize): void {
  tile<T>(3, 3, true, w, end, bias, low0, high0, low1, high1, low2, high2);
}
function tile1<T>(w: usize, end: usize, bias: usize, at0: usize, at1: usize, at2: usize): void {
  tile<T>(1, 3, false, w, end, bias, at0, at0, at1, at1, at2, at2);
}
function tile1Split<T>(w: usize, end: usize, bias: usize, low0: usize, high0: usize, low1: usize, high1: usize, low2: usize, high2: usize): void {
  tile<T>(1, 3, true, w, end, bias, low0, high0, low1, high1, low2, high2);
}

/** A vector of pixels: four neighbours, or two and two. */
// @ts-ignore: decorator
@inline function loadPixels(split: bool, low: usize, high: usize): v128 {
  return split ? v128.load64_lane(high, v128.load64_zero(low), 1) : v128.load(low);
}

/** `panel`, `vectors` and `split` are constants. */
// @ts-ignore: decorator
@inline function tile<T>(
  panel: i32, vectors: i32, split: bool, w: usize, end: usize, bias: usize,
  low0: usize, high0: usize, low1: usize, high1: usize, low2: usize, high2: usize,
): void {
  const one = sizeof<T>();
  let c00 = v128.load_splat<T>(bias), c01 = c00, c02 = c00;
  let c10 = c00, c11 = c00, c12 = c00, c20 = c00, c21 = c00, c22 = c00, c30 = c00, c31 = c00, c40 = c00, c41 = c00, c50 = c00, c51 = c00;
  if (panel > 1) { c10 = v128.load_splat<T>(bias, one); c11 = c10; c12 = c10; }
  if (panel > 2) { c20 = v128.load_splat<T>(bias, 2 * one); c21 = c20; c22 = c20; }
  if (panel > 3) { c30 = v128.load_splat<T>(bias, 3 * one); c31 = c30; }
  if (panel > 4) { c40 = v128.load_splat<T>(bias, 4 * one); c41 = c40; }
  if (panel > 5) { c50 = v128.load_splat<T>(bias, 5 * one); c51 = c50; }
  // A single loop with a single pointer: V8 would unroll an inner one, and spill.
  for (; w != end; w += tapBytes<T>(panel)) {
    const at = load<usize>(w);
    const b0 = loadPixels(split, low0 + at, high0 + at), b1 = loadPixels(split, low1 + at, high1 + at);
    const b2 = vectors > 2 ? loadPixels(split, low2 + at, high2 + at) : b1;
    // From the last row to the first: of all orders this one lets V8 keep the sums in registers.
    let s: v128;
    if (panel > 5) {
      s = v128.load_splat<T>(w, 6 * one);
      c50 = multiplyAdd<T>(c50, s, b0); c51 = multiplyAdd<T>(c51, s, b1);
    }
    if (panel > 4) {
      s = v128.load_splat<T>(w, 5 * one);
      c40 = multiplyAdd<T>(c40, s, b0); c41 = multiplyAdd<T>(c41, s, b1);
    }
    if (panel > 3) {
      s = v128.load_splat<T>(w, 4 * one);
      c30 = multiplyAdd<T>(c30, s, b0); c31 = multiplyAdd<T>(c31, s, b1);
    }
    if (panel > 2) {
      s = v128.load_splat<T>(w, 3 * one);
      c20 = multiplyAdd<T>(c20, s, b0); c21 = multiplyAdd<T>(c21, s, b1);
      if (vectors > 2) c22 = multiplyAdd<T>(c22, s, b2);
    }
    if (panel > 1) {
      s = v128.load_splat<T>(w, 2 * one);
      c10 = multiplyAdd<T>(c10, s, b0); c11 = multiplyAdd<T>(c11, s, b1);
      if (vectors > 2) c12 = multiplyAdd<T>(c12, s, b2);
    }
    s = v128.load_splat<T>(w, one);
    c00 = multiplyAdd<T>(c00, s, b0); c01 = multiplyAdd<T>(c01, s, b1);
    if (vectors > 2) c02 = multiplyAdd<T>(c02, s, b2);
  }
  const plane = <usize>(getInt(OUT_HEIGHT) * getInt(OUT_WIDTH)) * one;
  const places = tileGroup + GROUP_PLACES, out = tileOut;
  storeRow<T>(vectors, split, out, places, c00, c01, c02);
  if (panel > 1 && tileRows > 1) storeRow<T>(vectors, split, out + plane, places, c10, c11, c12);
  if (panel > 2 && tileRows > 2) storeRow<T>(vectors, split, out + 2 * plane, places, c20, c21, c22);
  if (panel > 3 && tileRows > 3) storeRow<T>(vectors, split, out + 3 * plane, places, c30, c31, c31);
  if (panel > 4 && tileRows > 4) storeRow<T>(vectors, split, out + 4 * plane, places, c40, c41, c41);
  if (panel > 5 && tileRows > 5) storeRow<T>(vectors, split, out + 5 * plane, places, c50, c51, c51);
}

// @ts-ignore: decorator
@inline function storeRow<T>(vectors: i32, split: bool, out: usize, places: usize, c0: v128, c1: v128, c2: v128): void {
  if (tileCut) { c0 = rectify<T>(c0); c1 = rectify<T>(c1); c2 = rectify<T>(c2); }
  storeVector<T>(split, out, places, c0);
  storeVector<T>(split, out, places + 8, c1);
  if (vectors > 2) storeVector<T>(split, out, places + 16, c2);
}

// @ts-ignore: decorator
@inline function storeVector<T>(split: bool, out: usize, places: usize, value: v128): void {
  if (split) {
    v128.store64_lane(out + load<usize>(places), value, 0);
    v128.store64_lane(out + load<usize>(places, 4), value, 1);
    return;
  }
  const to = out + load<usize>(places);
  const width = getInt(OUT_WIDTH);
  if (width >= <i32>(16 / sizeof<T>())) {
    v128.store(to, value);
    return;
  }
  v128.store(tileCorner, value);
  for (let x: usize = 0; x < <usize>width * sizeof<T>(); x += sizeof<T>()) store<T>(to + x, load<T>(tileCorner + x));
}
