/** Softmax and log-softmax over the middle of [outer, n, inner], maximum subtracted, and their gradients. */
import { expF32 } from "../math/exp";
import { loadAtMost, storeAtMost } from "../math/lanes";
import { logF32 } from "../math/log";
import { expPair, logPair } from "../math/scalar";
import { EXP_SCRATCH, expRowFrom, expSums, expSums64 } from "../pointwise/exp-rows";
import { NumberMax, Sum } from "../reduce/combinations";
import { dotTree } from "../reduce/dot";
import { fold, reduceRow } from "../reduce/tree";
import { getInt, getPointer, setInt } from "../runtime/control";
import { F32, F64, bytesOf } from "../runtime/dtype.generated";
import { ensureScratch, parallelFor } from "../runtime/pool";
import { CHUNK, PARALLEL_FROM } from "../runtime/strided";
import { STRIP_SCRATCH, softmaxStrip, softmaxStripBackward, stripBytes } from "./softmax-columns";

/** An exponential is worth several light operations. */
const WORK: i32 = 4;

// @ts-ignore: decorator
@inline export function expLanes<T>(x: v128): v128 {
  return sizeof<T>() == 4 ? expF32(x) : expPair(x);
}
// @ts-ignore: decorator
@inline function logLanes<T>(x: v128): v128 {
  return sizeof<T>() == 4 ? logF32(x) : logPair(x);
}

/** Without its NaN, which the sum of exponentials brings back; WebAssembly's max is several instructions. */
// @ts-ignore: decorator
@inline export function largest<T>(x: usize, n: i32): T {
  return reduceRow<NumberMax, T>(x, n, 0);
}

/** Sum of exp(x - top), as a balanced tree; `out` keeps the exponentials unless it is 0. */
// @ts-ignore: decorator
@inline export function sumOfExp<T>(x: usize, out: usize, n: i32, top: v128): T {
  if (sizeof<T>() == 4) return fold<Sum, T>(expSums(x, out, <usize>n << 2, top));
  return fold<Sum, T>(expSums64(x, out, <usize>n << 3, top));
}

function softmaxRow<T>(x: usize, out: usize, n: i32, log: bool): void {
  const bytes = <usize>n * sizeof<T>();
  const top = v128.splat<T>(largest<T>(x, n));
  const total = v128.splat<T>(sumOfExp<T>(x, log ? 0 : out, n, top));
  if (log) subtractBoth<T>(x, out, bytes, top, logLanes<T>(total));
  else multiplyBy<T>(out, bytes, v128.div<T>(v128.splat<T>(1), total));
}

function multiplyBy<T>(out: usize, bytes: usize, factor: v128): void {
  const end = out + bytes;
  for (; out + 64 <= end; out += 64) {
    const a = v128.mul<T>(v128.load(out), factor), b = v128.mul<T>(v128.load(out, 16), factor);
    const c = v128.mul<T>(v128.load(out, 32), factor), d = v128.mul<T>(v128.load(out, 48), factor);
    v128.store(out, a);
    v128.store(out, b, 16);
    v128.store(out, c, 32);
    v128.store(out, d, 48);
  }
  for (; out < end; out += 16) storeAtMost(out, v128.mul<T>(loadAtMost(out, end - out), factor), end - out);
}

/** out = (x - top) - logTotal */
function subtractBoth<T>(x: usize, out: usize, bytes: usize, top: v128, logTotal: v128): void {
  const end = out + bytes;
  for (; out + 32 <= end; out += 32) {
    const a = v128.sub<T>(v128.sub<T>(v128.load(x), top), logTotal);
    const b = v128.sub<T>(v128.sub<T>(v128.load(x, 16), top), logTotal);
    v128.store(out, a);
    v128.store(out, b, 16);
    x += 32;
  }
  for (; out < end; out += 16) {
    const left = end - out;
    storeAtMost(out, v128.sub<T>(v128.sub<T>(loadAtMost(x, left), top), logTotal), left);
    x += 16;
  }
}

/** dX = y (dOut - sum(dOut y)); of the logarithm, dX = dOut - exp(y) sum(dOut). */
function backwardRow<T>(dOut: usize, y: usize, dX: usize, n: i32, log: bool): void {
  const bytes = <usize>n * sizeof<T>();
  const zero = v128.splat<T>(0);
  if (!log) {
    const sum = fold<Sum, T>(dotTree<T>(dOut, y, n, zero));
    productOfDifference<T>(dOut, y, dX, bytes, v128.splat<T>(sum));
    return;
  }
  const total = v128.splat<T>(reduceRow<Sum, T>(dOut, n, 0));
  if (sizeof<T>() == 4 && dX != dOut && dX != y) {
    expRowFrom(y, dX, bytes, zero);
    subtractProduct(dOut, dX, bytes, total);
    return;
  }
  for (let at: usize = 0; at < bytes; at += 16) {
    const left = bytes - at;
    const g = loadAtMost(dOut + at, left), p = loadAtMost(y + at, left);
    storeAtMost(dX + at, v128.sub<T>(g, v128.mul<T>(expLanes<T>(p), total)), left);
  }
}

/** dX = y (dOut - total) */
function productOfDifference<T>(dOut: usize, y: usize, dX: usize, bytes: usize, total: v128): void {
  let at: usize = 0;
  for (; at + 32 <= bytes; at += 32) {
    const a = v128.mul<T>(v128.load(y + at), v128.sub<T>(v128.load(dOut + at), total));
    const b = v128.mul<T>(v128.load(y + at, 16), v128.sub<T>(v128.load(dOut + at, 16), total));
    v128.store(dX + at, a);
    v128.store(dX + at, b, 16);
  }
  for (; at < bytes; at += 16) {
    const left = bytes - at;
    storeAtMost(dX + at, v128.mul<T>(loadAtMost(y + at, left), v128.sub<T>(loadAtMost(dOut + at, left), total)), left);
  }
}

/** out = x - out factor */
function subtractProduct(x: usize, out: usize, bytes: usize, factor: v128): void {
  let at: usize = 0;
  for (; at + 32 <= bytes; at += 32) {
    const a = f32x4.sub(v128.load(x + at), f32x4.mul(v128.load(out + at), factor));
    const b = f32x4.sub(v128.load(x + at, 16), f32x4.mul(v128.load(out + at, 16), factor));
    v128.store(out + at, a);
    v128.store(out + at, b, 16);
  }
  for (; at < bytes; at += 16) {
    const left = bytes - at;
    storeAtMost(out + at, f32x4.sub(loadAtMost(x + at, left), f32x4.mul(loadAtMost(out + at, left), factor)), left);
  }
}

/**
 * Units [first, last): a unit is a row where inner == 1, else a strip of `width` bytes of columns. `dOut` is 0 in the forward pass.
 */
function units<T>(
  dOut: usize, x: usize, out: usize, n: i32, inner: i32, log: bool, width: usize, first: i32, last: i32,
): void {
  const step = <usize>inner * sizeof<T>();
  const strips = <i32>((step + width - 1) / width);
  for (let u = first; u < last; u++) {
    if (inner == 1) {
      const at = <usize>u * n * sizeof<T>();
      if (dOut == 0) softmaxRow<T>(x + at, out + at, n, log);
      else backwardRow<T>(dOut + at, x + at, out + at, n, log);
      continue;
    }
    const column = <usize>(u % strips) * width;
    const at = <usize>(u / strips) * n * step + column;
    const bytes = min(width, step - column);
    if (dOut == 0) softmaxStrip<T>(x + at, out + at, n, step, bytes, log);
    else softmaxStripBackward<T>(dOut + at, x + at, out + at, n, step, bytes, log);
  }
}

function unitsOf(
  dtype: i32, dOut: usize, x: usize, out: usize, n: i32, inner: i32, log: i32, width: usize, first: i32, last: i32,
): void {
  if (dtype == F32) units<f32>(dOut, x, out, n, inner, log != 0, width, first, last);
  else if (dtype == F64) units<f64>(dOut, x, out, n, inner, log != 0, width, first, last);
  else unreachable();
}

function unitsTask(task: i32): void {
  const each = getInt(7), first = task * each;
  const last = min(getInt(8), first + each);
  unitsOf(getInt(0), getPointer(1), getPointer(2), getPointer(3), getInt(4), getInt(5), getInt(6), getPointer(9), first, last);
}

function run(dtype: i32, dOut: usize, x: usize, out: usize, outer: i32, n: i32, inner: i32, log: i32): void {
  const size = bytesOf(dtype), step = <usize>inner * size;
  const width = inner == 1 ? size : stripBytes(outer, step);
  const count = outer * <i32>((step + width - 1) / width);
  ensureScratch(inner == 1 ? EXP_SCRATCH : STRIP_SCRATCH);
  if (<i64>outer * n * inner * WORK <= PARALLEL_FROM) { unitsOf(dtype, dOut, x, out, n, inner, log, width, 0, count); return; }
  const each = max(1, CHUNK / WORK / (n * <i32>(min(step, width) / size)));
  setInt(0, dtype); setInt(1, dOut); setInt(2, x); setInt(3, out); setInt(4, n); setInt(5, inner); setInt(6, log);
  setInt(7, each); setInt(8, count); setInt(9, width);
  parallelFor(unitsTask, (count + each - 1) / each);
}

export function softmax(dtype: i32, x: usize, out: usize, outer: i32, n: i32, inner: i32, log: i32): void {
  run(dtype, 0, x, out, outer, n, inner, log);
}

/** `y` is what the forward pass gave. */
export function softmaxBackward(
  dtype: i32, dOut: usize, y: usize, dX: usize, outer: i32, n: i32, inner: i32, log: i32,
): void {
  run(dtype, dOut, y, dX, outer, n, inner, log);
}
