/**
 * Softmax down the columns of a matrix, and its gradient, a strip of columns at a time. The elements of a column lie in cache lines,
 * if not pages, of their own; the rows of a strip are contiguous, and its partial results stay in the first cache.
 */
import { loadAtMost, storeAtMost } from "../math/lanes";
import { logF32 } from "../math/log";
import { expPair, logPair } from "../math/scalar";
import { expRow } from "../pointwise/exp-rows";
import { scratch } from "../runtime/pool";

/** Bytes of a row of the widest strip. */
const WIDEST: usize = 4096;
/** What strips ask of `ensureScratch`: four rows. */
export const STRIP_SCRATCH: i32 = 4 * <i32>WIDEST;
/** Rows that are summed before the sum joins the total: keeps the rounding error low. */
const SUM_BLOCK: i32 = 64;
/** Strips to have, at least, if they are not to be narrower than a cache line. */
const MANY: usize = 64;

/** How wide strips are in `outer` matrices with rows of `step` bytes: by the problem's size alone. */
export function stripBytes(outer: i32, step: usize): usize {
  return max(64, min(WIDEST, (<usize>outer * step / MANY) & ~63));
}

// Rows of a strip; those in scratch are padded to whole vectors.

// @ts-ignore: decorator
@inline function fillRow<T>(row: usize, bytes: usize, value: T): void {
  const v = v128.splat<T>(value);
  for (let at: usize = 0; at < bytes; at += 16) v128.store(row + at, v);
}

function raiseTo<T>(top: usize, x: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(top + at, v128.pmax<T>(v128.load(top + at), loadAtMost(x + at, bytes - at)));
  }
}

/** row = exp(x), or exp(x - top) unless `top` is 0. */
function expInto<T>(x: usize, top: usize, row: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    const v = loadAtMost(x + at, bytes - at);
    const shifted = top != 0 ? v128.sub<T>(v, v128.load(top + at)) : v;
    v128.store(row + at, sizeof<T>() == 4 ? shifted : expPair(shifted));
  }
  if (sizeof<T>() == 4) expRow(row, row, (bytes + 15) & ~15);
}

function addTo<T>(total: usize, row: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(total + at, v128.add<T>(v128.load(total + at), v128.load(row + at)));
  }
}

/** As `addTo`, and the row goes to `out` too. */
function addAndStore<T>(total: usize, row: usize, out: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    const v = v128.load(row + at);
    v128.store(total + at, v128.add<T>(v128.load(total + at), v));
    storeAtMost(out + at, v, bytes - at);
  }
}

/** After each block of rows, and after the last: total += part, and a new part begins. */
// @ts-ignore: decorator
@inline function endBlock<T>(part: usize, total: usize, bytes: usize, row: i32, rows: i32): void {
  if ((row + 1) % SUM_BLOCK != 0 && row + 1 != rows) return;
  addTo<T>(total, part, bytes);
  fillRow<T>(part, bytes, 0);
}

function scale<T>(out: usize, factor: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    const left = bytes - at;
    storeAtMost(out + at, v128.mul<T>(loadAtMost(out + at, left), v128.load(factor + at)), left);
  }
}

/** out = (x - top) - logTotal */
function subtractBoth<T>(x: usize, top: usize, logTotal: usize, out: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    const left = bytes - at;
    storeAtMost(out + at, v128.sub<T>(v128.sub<T>(loadAtMost(x + at, left), v128.load(top + at)), v128.load(logTotal + at)), left);
  }
}

/** n rows of `bytes`, `step` apart. */
export function softmaxStrip<T>(x: usize, out: usize, n: i32, step: usize, bytes: usize, log: bool): void {
  const top = scratch(), part = top + WIDEST, total = part + WIDEST, row = total + WIDEST;
  fillRow<T>(top, bytes, <T>-Infinity);
  fillRow<T>(part, bytes, 0);
  fillRow<T>(total, bytes, 0);
  for (let r = 0; r < n; r++) raiseTo<T>(top, x + <usize>r * step, bytes);
  for (let r = 0; r < n; r++) {
    const at = <usize>r * step;
    expInto<T>(x + at, top, row, bytes);
    if (log) addTo<T>(part, row, bytes);
    else addAndStore<T>(part, row, out + at, bytes);
    endBlock<T>(part, total, bytes, r, n);
  }
  for (let at: usize = 0; at < bytes; at += 16) {
    const v = v128.load(total + at);
    const logarithm = sizeof<T>() == 4 ? logF32(v) : logPair(v);
    v128.store(total + at, log ? logarithm : v128.div<T>(v128.splat<T>(1), v));
  }
  for (let r = 0; r < n; r++) {
    const at = <usize>r * step;
    if (log) subtractBoth<T>(x + at, top, total, out + at, bytes);
    else scale<T>(out + at, total, bytes);
  }
}

/** part += dOut y */
function addProduct<T>(part: usize, dOut: usize, y: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    const left = bytes - at;
    const product = v128.mul<T>(loadAtMost(dOut + at, left), loadAtMost(y + at, left));
    v128.store(part + at, v128.add<T>(v128.load(part + at), product));
  }
}

/** part += dOut */
function addPadded<T>(part: usize, dOut: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(part + at, v128.add<T>(v128.load(part + at), loadAtMost(dOut + at, bytes - at)));
  }
}

/** dX = y (dOut - total) */
function productOfDifference<T>(dOut: usize, y: usize, total: usize, dX: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    const left = bytes - at;
    storeAtMost(dX + at, v128.mul<T>(loadAtMost(y + at, left), v128.sub<T>(loadAtMost(dOut + at, left), v128.load(total + at))), left);
  }
}

/** dX = dOut - p total */
function differenceOfProduct<T>(dOut: usize, p: usize, total: usize, dX: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    const left = bytes - at;
    storeAtMost(dX + at, v128.sub<T>(loadAtMost(dOut + at, left), v128.mul<T>(v128.load(p + at), v128.load(total + at))), left);
  }
}

/** dX = y (dOut - sum(dOut y)); of the logarithm, dX = dOut - exp(y) sum(dOut). */
export function softmaxStripBackward<T>(dOut: usize, y: usize, dX: usize, n: i32, step: usize, bytes: usize, log: bool): void {
  const part = scratch(), total = part + WIDEST, row = total + WIDEST;
  fillRow<T>(part, bytes, 0);
  fillRow<T>(total, bytes, 0);
  for (let r = 0; r < n; r++) {
    const at = <usize>r * step;
    if (log) addPadded<T>(part, dOut + at, bytes);
    else addProduct<T>(part, dOut + at, y + at, bytes);
    endBlock<T>(part, total, bytes, r, n);
  }
  for (let r = 0; r < n; r++) {
    const at = <usize>r * step;
    if (log) {
      expInto<T>(y + at, 0, row, bytes);
      differenceOfProduct<T>(dOut + at, row, total, dX + at, bytes);
    } else productOfDifference<T>(dOut + at, y + at, total, dX + at, bytes);
  }
}
