/**
 * Exponentials along rows of float32. Most rows hold no argument whose exponential is subnormal, infinite or NaN. Blocks
 * are looked through for those first, and the rest goes without clamping and scales in one step: the same bits, sooner.
 * Ten constants leave few registers free, so what surrounds an exponential has loops of its own, over blocks in the cache.
 */
import { expF32, expF32Mild, sigmoidF32, sigmoidOf } from "../math/exp";
import { firstLanes, loadTail, storeTail } from "../math/lanes";
import { expPair } from "../math/scalar";
import { Sum } from "../reduce/combinations";
import { tree } from "../reduce/tree";
import { scratch } from "../runtime/pool";
import { isWide, wideExp } from "../runtime/wide";

/** Bytes that are worked on at once: an eighth of the first cache. */
const BLOCK: usize = 4096;
/** What `expSums` asks of `ensureScratch`. */
export const EXP_SCRATCH: i32 = <i32>BLOCK;
/** The bits of 87. */
const MILD: i32 = 0x42ae0000;

/** exp(x - shift), or exp(x). `mild` says that |x - shift| <= 87 and no NaN. `shift` is the same in all lanes. */
// @ts-ignore: decorator
@inline function expOf(x: v128, shift: v128, isShifted: bool, mild: bool): v128 {
  const v = isShifted ? f32x4.sub(x, shift) : x;
  return mild ? expF32Mild(v) : expF32(v);
}

/** Four vectors at a time share the constants, and their chains of operations overlap; all stores come last, or they would not. */
// @ts-ignore: decorator
@inline function expVectors(x: usize, out: usize, bytes: usize, shift: v128, isShifted: bool, mild: bool): void {
  const end = out + bytes;
  for (; out + 64 <= end; out += 64) {
    const a = expOf(v128.load(x), shift, isShifted, mild), b = expOf(v128.load(x, 16), shift, isShifted, mild);
    const c = expOf(v128.load(x, 32), shift, isShifted, mild), d = expOf(v128.load(x, 48), shift, isShifted, mild);
    v128.store(out, a);
    v128.store(out, b, 16);
    v128.store(out, c, 32);
    v128.store(out, d, 48);
    x += 64;
  }
  for (; out < end; out += 16) {
    v128.store(out, expOf(v128.load(x), shift, isShifted, mild));
    x += 16;
  }
}

/** What wide vectors can do of them, in bytes. */
// @ts-ignore: decorator
@inline function mildTurns(x: usize, out: usize, bytes: usize, shift: f32): usize {
  const turns = isWide<f32>() ? bytes & ~127 : 0;
  if (turns != 0) wideExp(x, out, turns, shift);
  return turns;
}

// Functions of their own, so that each loop has the registers to itself.
function mildVectors(x: usize, out: usize, bytes: usize): void {
  const done = mildTurns(x, out, bytes, 0);
  expVectors(x + done, out + done, bytes - done, i64x2.splat(0), false, true);
}
function mildVectorsFrom(x: usize, out: usize, bytes: usize, shift: v128): void {
  const done = mildTurns(x, out, bytes, f32x4.extract_lane(shift, 0));
  expVectors(x + done, out + done, bytes - done, shift, true, true);
}
function anyVectorsFrom(x: usize, out: usize, bytes: usize, shift: v128): void { expVectors(x, out, bytes, shift, true, false); }

// @ts-ignore: decorator
@inline function sizeOf(x: v128, shift: v128, isShifted: bool): v128 {
  return v128.and(isShifted ? f32x4.sub(x, shift) : x, i32x4.splat(0x7fffffff));
}

/** Whether |x - shift| <= 87 in all of some whole vectors; NaN is not. */
// @ts-ignore: decorator
@inline function areAllMild(x: usize, bytes: usize, shift: v128, isShifted: bool): bool {
  const end = x + bytes;
  let a = i32x4.splat(0), b = a;
  for (; x + 128 <= end; x += 128) {
    a = i32x4.max_s(a, sizeOf(v128.load(x), shift, isShifted));
    b = i32x4.max_s(b, sizeOf(v128.load(x, 16), shift, isShifted));
    a = i32x4.max_s(a, sizeOf(v128.load(x, 32), shift, isShifted));
    b = i32x4.max_s(b, sizeOf(v128.load(x, 48), shift, isShifted));
    a = i32x4.max_s(a, sizeOf(v128.load(x, 64), shift, isShifted));
    b = i32x4.max_s(b, sizeOf(v128.load(x, 80), shift, isShifted));
    a = i32x4.max_s(a, sizeOf(v128.load(x, 96), shift, isShifted));
    b = i32x4.max_s(b, sizeOf(v128.load(x, 112), shift, isShifted));
  }
  for (; x < end; x += 16) a = i32x4.max_s(a, sizeOf(v128.load(x), shift, isShifted));
  return !v128.any_true(i32x4.gt_s(i32x4.max_s(a, b), i32x4.splat(MILD)));
}
function areMild(x: usize, bytes: usize): bool { return areAllMild(x, bytes, i64x2.splat(0), false); }
function areMildFrom(x: usize, bytes: usize, shift: v128): bool { return areAllMild(x, bytes, shift, true); }

/** out = exp(x) on whole vectors; may be in place. */
export function expRow(x: usize, out: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += BLOCK) {
    const count = min(BLOCK, bytes - at);
    if (areMild(x + at, count)) mildVectors(x + at, out + at, count);
    else anyVectorsFrom(x + at, out + at, count, f32x4.splat(0));
  }
}

// @ts-ignore: decorator
@inline function sigmoidOfVector(x: v128, mild: bool): v128 {
  return mild ? sigmoidOf(x, expF32Mild(f32x4.neg(f32x4.abs(x)))) : sigmoidF32(x);
}

// @ts-ignore: decorator
@inline function sigmoidVectors(x: usize, out: usize, bytes: usize, mild: bool): void {
  const end = out + bytes;
  for (; out + 64 <= end; out += 64) {
    const a = sigmoidOfVector(v128.load(x), mild), b = sigmoidOfVector(v128.load(x, 16), mild);
    const c = sigmoidOfVector(v128.load(x, 32), mild), d = sigmoidOfVector(v128.load(x, 48), mild);
    v128.store(out, a);
    v128.store(out, b, 16);
    v128.store(out, c, 32);
    v128.store(out, d, 48);
    x += 64;
  }
  for (; out < end; out += 16) {
    v128.store(out, sigmoidOfVector(v128.load(x), mild));
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
  if (areMildFrom(x, whole, shift)) mildVectorsFrom(x, out, whole, shift);
  else anyVectorsFrom(x, out, whole, shift);
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
