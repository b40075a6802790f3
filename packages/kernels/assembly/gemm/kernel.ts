import { FUSED, multiplyAdd, tilesCost } from "../math/multiply-add";
import { rectify, rectifyOne } from "../runtime/rectify";
import { isWide, wideTile } from "../runtime/wide";

/** Rows of the micro-tile that suits a matrix: the taller the faster, if not too many of them are left idle. */
export function tileRows(rows: i32): i32 {
  const four = tilesCost(rows, 4, FUSED ? 50 : 43), five = tilesCost(rows, 5, FUSED ? 52 : 50);
  if (FUSED && tilesCost(rows, 6, 55) <= Math.min(four, five)) return 6;
  return five < four ? 5 : 4;
}

// @ts-ignore: decorator
@inline export function tileColumns<T>(): i32 {
  return <i32>(32 / sizeof<T>());
}

/** Neighbouring tiles of a row that are computed at once. */
// @ts-ignore: decorator
@inline export function tilesAtOnce<T>(): i32 {
  return isWide<T>() ? 2 : 1;
}

/** Bytes of a whole micro-tile, the largest one. */
export const TILE_BYTES: i32 = 192;

// @ts-ignore: decorator
@inline export function finishRow<T>(c: usize, sum0: v128, sum1: v128, bias: usize, add: bool, cut: bool): void {
  if (bias != 0) {
    sum0 = v128.add<T>(sum0, v128.load(bias));
    sum1 = v128.add<T>(sum1, v128.load(bias, 16));
  }
  if (add) {
    sum0 = v128.add<T>(v128.load(c), sum0);
    sum1 = v128.add<T>(v128.load(c, 16), sum1);
  }
  if (cut) {
    sum0 = rectify<T>(sum0);
    sum1 = rectify<T>(sum1);
  }
  v128.store(c, sum0);
  v128.store(c, sum1, 16);
}

/**
 * c[rows][columns] = (add ? c : 0) + a b (+ bias), if `cut` then cut off at zero, from packed panels of both with room for `room` >= k steps of k each,
 * tile by tile. Wide vectors take two panels of b at once.
 */
export function multiplyPanels<T>(
  height: i32, k: i32, room: i32, rows: i32, columns: i32, a: usize, b: usize, c: usize, cStep: usize, add: bool, bias: usize, cut: bool, corner: usize,
): void {
  const width = tileColumns<T>(), rowBytes = <usize>width * sizeof<T>();
  const panelA = <usize>(height * room) * sizeof<T>(), panelB = <usize>room * rowBytes;
  let tiles = 1;
  for (let j = 0; j < columns; j += tiles * width) {
    tiles = j + tilesAtOnce<T>() * width <= columns ? tilesAtOnce<T>() : 1;
    let panel = a, at = c;
    for (let i = 0; i < rows; i += height) {
      const left = min(height, rows - i);
      if (tiles == 2 && left >= 4) {
        wideTile(height, k, panel, b, panelB, at, cStep, left, add, bias, cut);
      } else {
        multiplyTile<T>(height, k, panel, b, at, cStep, left, min(width, columns - j), add, bias, cut, corner);
        if (tiles == 2) multiplyTile<T>(height, k, panel, b + panelB, at + rowBytes, cStep, left, width, add, bias == 0 ? 0 : bias + rowBytes, cut, corner);
      }
      panel += panelA;
      at += <usize>height * cStep;
    }
    b += <usize>tiles * panelB;
    c += <usize>tiles * rowBytes;
    if (bias != 0) bias += <usize>tiles * rowBytes;
  }
}

/**
 * One micro-tile: c[rows][columns] = (add ? c : 0) + a b (+ bias), if `cut` then cut off at zero, for panels a[k][height] and b[k][two vectors]. With a height
 * of 5, ten accumulators, two vectors of b, a splat and a product stay in the 15 registers that V8 gives away; fused, there is no
 * product, and a height of 6 takes them all. A larger tile spills, and unrolling over k costs more than it saves. `corner` is
 * room for a tile that hangs over c's edge.
 */
function multiplyTile<T>(
  height: i32, k: i32, a: usize, b: usize, c: usize, cStep: usize, rows: i32, columns: i32, add: bool, bias: usize, cut: bool, corner: usize,
): void {
  if (height == 6) tile6<T>(k, a, b, c, cStep, rows, columns, add, bias, cut, corner);
  else if (height == 5) tile5<T>(k, a, b, c, cStep, rows, columns, add, bias, cut, corner);
  else tile4<T>(k, a, b, c, cStep, rows, columns, add, bias, cut, corner);
}

function tile6<T>(k: i32, a: usize, b: usize, c: usize, cStep: usize, rows: i32, columns: i32, add: bool, bias: usize, cut: bool, corner: usize): void {
  tile<T>(6, k, a, b, c, cStep, rows, columns, add, bias, cut, corner);
}
function tile5<T>(k: i32, a: usize, b: usize, c: usize, cStep: usize, rows: i32, columns: i32, add: bool, bias: usize, cut: bool, corner: usize): void {
  tile<T>(5, k, a, b, c, cStep, rows, columns, add, bias, cut, corner);
}
function tile4<T>(k: i32, a: usize, b: usize, c: usize, cStep: usize, rows: i32, columns: i32, add: bool, bias: usize, cut: bool, corner: usize): void {
  tile<T>(4, k, a, b, c, cStep, rows, columns, add, bias, cut, corner);
}

/** `height` is a constant. */
// @ts-ignore: decorator
@inline function tile<T>(
  height: i32, k: i32, a: usize, b: usize, c: usize, cStep: usize, rows: i32, columns: i32, add: bool, bias: usize, cut: bool, corner: usize,
): void {
  let c00 = v128.splat<T>(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00, c40 = c00, c41 = c00, c50 = c00, c51 = c00;
  for (; k > 0; k--) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let s = v128.load_splat<T>(a);
    c00 = multiplyAdd<T>(c00, s, b0); c01 = multiplyAdd<T>(c01, s, b1);
    s = v128.load_splat<T>(a, sizeof<T>());
    c10 = multiplyAdd<T>(c10, s, b0); c11 = multiplyAdd<T>(c11, s, b1);
    s = v128.load_splat<T>(a, 2 * sizeof<T>());
    c20 = multiplyAdd<T>(c20, s, b0); c21 = multiplyAdd<T>(c21, s, b1);
    s = v128.load_splat<T>(a, 3 * sizeof<T>());
    c30 = multiplyAdd<T>(c30, s, b0); c31 = multiplyAdd<T>(c31, s, b1);
    if (height > 4) {
      s = v128.load_splat<T>(a, 4 * sizeof<T>());
      c40 = multiplyAdd<T>(c40, s, b0); c41 = multiplyAdd<T>(c41, s, b1);
    }
    if (height > 5) {
      s = v128.load_splat<T>(a, 5 * sizeof<T>());
      c50 = multiplyAdd<T>(c50, s, b0); c51 = multiplyAdd<T>(c51, s, b1);
    }
    a += <usize>height * sizeof<T>();
    b += 32;
  }
  if (columns == tileColumns<T>() && rows >= 4) {
    finishRow<T>(c, c00, c01, bias, add, cut);
    finishRow<T>(c + cStep, c10, c11, bias, add, cut);
    finishRow<T>(c + 2 * cStep, c20, c21, bias, add, cut);
    finishRow<T>(c + 3 * cStep, c30, c31, bias, add, cut);
    if (height > 4 && rows > 4) finishRow<T>(c + 4 * cStep, c40, c41, bias, add, cut);
    if (height > 5 && rows > 5) finishRow<T>(c + 5 * cStep, c50, c51, bias, add, cut);
    return;
  }
  finishRow<T>(corner, c00, c01, 0, false, false);
  finishRow<T>(corner + 32, c10, c11, 0, false, false);
  finishRow<T>(corner + 64, c20, c21, 0, false, false);
  finishRow<T>(corner + 96, c30, c31, 0, false, false);
  if (height > 4) finishRow<T>(corner + 128, c40, c41, 0, false, false);
  if (height > 5) finishRow<T>(corner + 160, c50, c51, 0, false, false);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const at = <usize>j * sizeof<T>();
      let sum = load<T>(corner + (<usize>i << 5) + at);
      if (bias != 0) sum += load<T>(bias + at);
      if (add) sum = load<T>(c + at) + sum;
      store<T>(c + at, cut ? rectifyOne<T>(sum) : sum);
    }
    c += cStep;
  }
}
