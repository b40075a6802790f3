/**
 * Cross-entropy of logits [rows, classes] with class weights, label smoothing and an ignored target, fused with
 * log-softmax. With p = softmax(x), lse = logsumexp(x), t the target and s the smoothing, a row's loss is
 *
 *   (1 - s) w_t (lse - x_t)  +  s / C sum_j w_j (lse - x_j)
 *
 * A term whose factor is 0 counts as 0, whatever the other one is. lse is never rounded to one number: beside a large maximum, the
 * logarithm of the sum would be lost.
 */
import { loadAtMost, storeAtMost } from "../math/lanes";
import { EXP_SCRATCH, expRowFrom } from "../pointwise/exp-rows";
import { getFloat, getInt, getPointer, setFloat, setInt } from "../runtime/control";
import { F32, F64 } from "../runtime/dtype.generated";
import { ensureScratch, parallelFor } from "../runtime/pool";
import { CHUNK, PARALLEL_FROM } from "../runtime/strided";
import { expLanes, largest, sumOfExp } from "./softmax";

/** An exponential is worth several light operations. */
const WORK: i32 = 4;

/** Position of the first target that is neither in [0, classes) nor ignored, or -1. */
export function checkTargets(targets: usize, n: i32, classes: i32, ignoreIndex: i32): i32 {
  for (let i = 0; i < n; i++) {
    const t = load<i32>(targets + (<usize>i << 2));
    if (<u32>t >= <u32>classes && t != ignoreIndex) return i;
  }
  return -1;
}

// @ts-ignore: decorator
@inline function weightOf<T>(weights: usize, j: i32): f64 {
  return weights == 0 ? 1 : <f64>load<T>(weights + <usize>j * sizeof<T>());
}

// Arguments of both directions: 0 dtype, 1 logits, 2 targets, 3 weights, 4 normalizers, 5 rows, 6 classes, 7 ignoreIndex,
// 8 smoothing, 9 rows per task, then 10 losses and 11 kept, or 10 rowScale and 11 dLogits.

function forwardRow<T>(row: i32): void {
  const classes = getInt(6);
  const x = getPointer(1) + <usize>row * classes * sizeof<T>();
  const at = <usize>row * sizeof<T>();
  const target = load<i32>(getPointer(2) + (<usize>row << 2));
  if (target == getInt(7)) {
    store<T>(getPointer(10) + at, 0);
    store<T>(getPointer(11) + at, 0);
    return;
  }
  const top = largest<T>(x, classes), total = sumOfExp<T>(x, 0, classes, v128.splat<T>(top));
  store<T>(getPointer(4) + at * 2, top);
  store<T>(getPointer(4) + at * 2, total, sizeof<T>());
  const logTotal = NativeMath.log(<f64>total);
  const weights = getPointer(3), smoothing = getFloat(8);
  const weight = weightOf<T>(weights, target), hard = (1 - smoothing) * weight;
  let loss: f64 = 0;
  if (hard != 0) loss = hard * (<f64>top - <f64>load<T>(x + <usize>target * sizeof<T>()) + logTotal);
  if (smoothing != 0) {
    let spread: f64 = 0;
    for (let j = 0; j < classes; j++) {
      const own = weightOf<T>(weights, j);
      if (own != 0) spread += own * (<f64>top - <f64>load<T>(x + <usize>j * sizeof<T>()) + logTotal);
    }
    loss += smoothing / <f64>classes * spread;
  }
  store<T>(getPointer(10) + at, <T>loss);
  store<T>(getPointer(11) + at, <T>weight);
}

/** x = x factor */
function multiplyBy(x: usize, bytes: usize, factor: v128): void {
  const end = x + bytes;
  for (; x + 32 <= end; x += 32) {
    const a = f32x4.mul(v128.load(x), factor), b = f32x4.mul(v128.load(x, 16), factor);
    v128.store(x, a);
    v128.store(x, b, 16);
  }
  for (; x < end; x += 16) storeAtMost(x, f32x4.mul(loadAtMost(x, end - x), factor), end - x);
}

/** dX = exp(x - top) ofE, less the weights (or 1) times `ofWeight` where there is smoothing. */
function anyGradient<T>(
  x: usize, dX: usize, bytes: usize, weights: usize, top: v128, ofE: v128, ofWeight: v128, smooth: bool,
): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    const left = bytes - at;
    let g = v128.mul<T>(expLanes<T>(v128.sub<T>(loadAtMost(x + at, left), top)), ofE);
    if (smooth) {
      let w = ofWeight;
      if (weights != 0) w = v128.mul<T>(w, loadAtMost(weights + at, left));
      g = v128.sub<T>(g, w);
    }
    storeAtMost(dX + at, g, left);
  }
}

/** d/dx_j = scale ((1 - s) w_t (p_j - [j = t]) + s / C (p_j sum(w) - w_j)). */
function backwardRow<T>(row: i32, weightSum: f64): void {
  const classes = getInt(6);
  const bytes = <usize>classes * sizeof<T>();
  const begin = <usize>row * bytes;
  const x = getPointer(1) + begin, dX = getPointer(11) + begin;
  const target = load<i32>(getPointer(2) + (<usize>row << 2));
  if (target == getInt(7)) { memory.fill(dX, 0, bytes); return; }
  const weights = getPointer(3), smoothing = getFloat(8);
  const factor = (1 - smoothing) * weightOf<T>(weights, target);
  if (factor == 0 && (smoothing == 0 || weightSum == 0)) { memory.fill(dX, 0, bytes); return; }
  const scale = <f64>load<T>(getPointer(10) + <usize>row * sizeof<T>());
  const hard = factor == 0 ? 0 : scale * factor;
  const soft = smoothing == 0 ? 0 : scale * smoothing / <f64>classes;
  const normalizer = getPointer(4) + <usize>row * 2 * sizeof<T>();
  const top = v128.load_splat<T>(normalizer), total = <f64>load<T>(normalizer, sizeof<T>());
  const ofE = v128.splat<T>(<T>((hard + soft * weightSum) / total)), ofWeight = v128.splat<T>(<T>soft);
  if (sizeof<T>() == 4 && smoothing == 0) {
    expRowFrom(x, dX, bytes, top);
    multiplyBy(dX, bytes, ofE);
  } else anyGradient<T>(x, dX, bytes, weights, top, ofE, ofWeight, smoothing != 0);
  const at = dX + <usize>target * sizeof<T>();
  store<T>(at, <T>(load<T>(at) - <T>hard));
}

function rowsOf<T>(forward: bool, first: i32, last: i32): void {
  if (forward) {
    for (let row = first; row < last; row++) forwardRow<T>(row);
    return;
  }
  const classes = getInt(6), weights = getPointer(3);
  let weightSum: f64 = 0;
  for (let j = 0; j < classes; j++) weightSum += weightOf<T>(weights, j);
  for (let row = first; row < last; row++) backwardRow<T>(row, weightSum);
}

function rowsTask(forward: bool, task: i32): void {
  const each = getInt(9);
  const first = task * each, last = min(getInt(5), first + each);
  if (getInt(0) == F32) rowsOf<f32>(forward, first, last);
  else rowsOf<f64>(forward, first, last);
}

function forwardTask(task: i32): void { rowsTask(true, task); }
function backwardTask(task: i32): void { rowsTask(false, task); }

function run(
  forward: bool, dtype: i32, logits: usize, targets: usize, weights: usize, normalizers: usize, rows: i32, classes: i32,
  ignoreIndex: i32, smoothing: f64, first: usize, second: usize,
): void {
  if (dtype != F32 && dtype != F64) unreachable();
  const small = <i64>rows * classes * WORK <= PARALLEL_FROM;
  const each = small ? max(1, rows) : max(1, CHUNK / WORK / classes);
  ensureScratch(EXP_SCRATCH);
  setInt(0, dtype); setInt(1, logits); setInt(2, targets); setInt(3, weights); setInt(4, normalizers); setInt(5, rows);
  setInt(6, classes); setInt(7, ignoreIndex); setFloat(8, smoothing); setInt(9, each); setInt(10, first); setInt(11, second);
  if (small) rowsTask(forward, 0);
  else parallelFor(forward ? forwardTask : backwardTask, (rows + each - 1) / each);
}

/**
 * Writes each row's loss (0 where ignored) and the weight of its target (0 where ignored); and for the backward pass, where it is not
 * ignored, its maximum and the sum of exp(x - maximum), one after the other.
 */
export function crossEntropyForward(
  dtype: i32, logits: usize, targets: usize, weights: usize, losses: usize, kept: usize, normalizers: usize, rows: i32, classes: i32,
  ignoreIndex: i32, smoothing: f64,
): void {
  run(true, dtype, logits, targets, weights, normalizers, rows, classes, ignoreIndex, smoothing, losses, kept);
}

/** `rowScale` holds the gradient of each row's loss. */
export function crossEntropyBackward(
  dtype: i32, logits: usize, targets: usize, weights: usize, normalizers: usize, rowScale: usize, dLogits: usize, rows: i32,
  classes: i32, ignoreIndex: i32, smoothing: f64,
): void {
  run(false, dtype, logits, targets, weights, normalizers, rows, classes, ignoreIndex, smoothing, rowScale, dLogits);
}
