/**
 * Exponentials along rows of float32. Most rows hold no argument whose exponential is subnormal, infinite or NaN. Blocks
 * are looked through for those first, and the rest goes without clamping and scales in one step: the same bits, sooner.
 * Ten constants leave few registers free, so what surrounds an exponential has loops of its own, over blocks in the cache.
 */
import { expF32, expF32Mild, sigmoidF32, sigmoidOf } from "./math-exp";
import { firstLanes, loadTail, storeTail } from "./math-lanes";
import { expPair } from "./math-scalar";
import { scratch } from "./pool";
import { Sum } from "./reduce-ops";
import { tree } from "./reduce-tree";

/** Bytes that are worked on at once: an eighth of the first cache. */
const BLOCK: usize = 4096;
/** What `expSums` asks of `ensureScratch`. */
export const EXP_SCRATCH: i32 = <i32>BLOCK;
/** The bits of 87. */
const MILD: i32 = 0x42ae0000;

// @ts-ignore: decorator
@inline function expVectors(x: usize, out: usize, bytes: usize, mild: bool): void {
  const end = out + bytes;
  for (; out + 32 <= end; out += 32) {
    const v = v128.load(x), w = v128.load(x, 16);
    const a = mild ? expF32Mild(v) : expF32(v), b = mild ? expF32Mild(w) : expF32(w);
    v128.store(out, a);
    v128.store(out, b, 16);
    x += 32;
  }
  if (out < end) v128.store(out, mild ? expF32Mild(v128.load(x)) : expF32(v128.load(x)));
}

// Functions of their own, so that each loop has the registers to itself.
function mildVectors(x: usize, out: usize, bytes: usize): void { expVectors(x, out, bytes, true); }
function anyVectors(x: usize, out: usize, bytes: usize): void { expVectors(x, out, bytes, false); }

/** Whole vectors; `mild` says that |x| <= 87 and no NaN. */
// @ts-ignore: decorator
@inline function exponentials(x: usize, out: usize, bytes: usize, mild: bool): void {
  if (mild) mildVectors(x, out, bytes);
  else anyVectors(x, out, bytes);
}

/** Whether |x| <= 87 in all of some whole vectors; NaN is not. */
function areMild(x: usize, bytes: usize): bool {
  const size = i32x4.splat(0x7fffffff);
  const end = x + bytes;
  let a = i32x4.splat(0), b = a;
  for (; x + 64 <= end; x += 64) {
    a = i32x4.max_s(a, v128.and(v128.load(x), size));
    b = i32x4.max_s(b, v128.and(v128.load(x, 16), size));
    a = i32x4.max_s(a, v128.and(v128.load(x, 32), size));
    b = i32x4.max_s(b, v128.and(v128.load(x, 48), size));
  }
  for (; x < end; x += 16) a = i32x4.max_s(a, v128.and(v128.load(x), size));
  return !v128.any_true(i32x4.gt_s(i32x4.max_s(a, b), i32x4.splat(MILD)));
}

/** out = x - shift on whole vectors, and whether the results are mild. */
function subtract(x: usize, out: usize, bytes: usize, shift: v128): bool {
  const size = i32x4.splat(0x7fffffff);
  const end = out + bytes;
  let a = i32x4.splat(0), b = a;
  for (; out + 32 <= end; out += 32) {
    const v = f32x4.sub(v128.load(x), shift), w = f32x4.sub(v128.load(x, 16), shift);
    v128.store(out, v);
    v128.store(out, w, 16);
    a = i32x4.max_s(a, v128.and(v, size));
    b = i32x4.max_s(b, v128.and(w, size));
    x += 32;
  }
  if (out < end) {
    const v = f32x4.sub(v128.load(x), shift);
    v128.store(out, v);
    a = i32x4.max_s(a, v128.and(v, size));
  }
  return !v128.any_true(i32x4.gt_s(i32x4.max_s(a, b), i32x4.splat(MILD)));
}

/** out = exp(x) on whole vectors; may be in place. */
export function expRow(x: usize, out: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += BLOCK) {
    const count = min(BLOCK, bytes - at);
    exponentials(x + at, out + at, count, areMild(x + at, count));
  }
}

// @ts-ignore: decorator
@inline function sigmoidVectors(x: usize, out: usize, bytes: usize, mild: bool): void {
  for (const end = out + bytes; out < end; out += 16) {
    const v = v128.load(x);
    v128.store(out, mild ? sigmoidOf(v, expF32Mild(f32x4.neg(f32x4.abs(v)))) : sigmoidF32(v));
    x += 16;
  }
}
function mildSigmoid(x: usize, out: usize, bytes: usize): void { sigmoidVectors(x, out, bytes, true); }
function anySigmoid(x: usize, out: usize, bytes: usize): void { sigmoidVectors(x, out, bytes, false); }

/** out = sigmoid(x) on whole vectors; may be in place. */
export function sigmoidRow(x: usize, out: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += BLOCK) {
    const count = min(BLOCK, bytes - at);
    if (areMild(x + at, count)) mildSigmoid(x + at, out + at, count);
    else anySigmoid(x + at, out + at, count);
  }
}

/** out = exp(x - shift), at most a block, of any length. */
function expBlock(x: usize, out: usize, bytes: usize, shift: v128): void {
  const whole = bytes & ~15, rest = bytes - whole;
  exponentials(out, out, whole, subtract(x, out, whole, shift));
  if (rest != 0) storeTail(out + whole, expF32(f32x4.sub(loadTail(x + whole, rest), shift)), rest);
}

/** out = exp(x - shift), any number of elements. */
export function expRowFrom(x: usize, out: usize, bytes: usize, shift: v128): void {
  for (let at: usize = 0; at < bytes; at += BLOCK) expBlock(x + at, out + at, min(BLOCK, bytes - at), shift);
}

/** Lane-wise sums, as a balanced tree, of exp(x - shift), which also goes to `out` unless that is 0. */
export function expSums(x: usize, out: usize, bytes: usize, shift: v128): v128 {
  if (bytes > BLOCK) {
    const half = ((bytes >> 1) + BLOCK - 1) & ~(BLOCK - 1);
    const low = expSums(x, out, half, shift);
    return f32x4.add(low, expSums(x + half, out != 0 ? out + half : 0, bytes - half, shift));
  }
  const to = out != 0 ? out : scratch();
  expBlock(x, to, bytes, shift);
  return tree<Sum, f32>(to, <i32>(bytes >> 2), f32x4.splat(0));
}

/** As `expSums`, of float64. */
export function expSums64(x: usize, out: usize, bytes: usize, shift: v128): v128 {
  if (bytes > BLOCK) {
    const half = ((bytes >> 1) + BLOCK - 1) & ~(BLOCK - 1);
    const low = expSums64(x, out, half, shift);
    return f64x2.add(low, expSums64(x + half, out != 0 ? out + half : 0, bytes - half, shift));
  }
  let sum = f64x2.splat(0);
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) {
    const e = expPair(f64x2.sub(v128.load(x + at), shift));
    if (out != 0) v128.store(out + at, e);
    sum = f64x2.add(sum, e);
  }
  if (at == bytes) return sum;
  const last = expPair(f64x2.sub(loadTail(x + at, 8), shift));
  if (out != 0) storeTail(out + at, last, 8);
  return f64x2.add(sum, firstLanes<f64>(last, f64x2.splat(0), 1));
}
