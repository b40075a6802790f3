/** Softmax and log-softmax over the middle of [outer, n, inner], maximum subtracted, and their gradients. */
import { getInt, getPointer, setInt } from "./control";
import { F32, F64 } from "./dtype";
import { expF32 } from "./math-exp";
import { loadAtMost, loadTail, storeAtMost, storeTail } from "./math-lanes";
import { logF32 } from "./math-log";
import { expPair, logPair } from "./math-scalar";
import { parallelFor } from "./pool";
import { dotTree } from "./reduce-dot";
import { Max, Sum } from "./reduce-ops";
import { fold, reduceRow } from "./reduce-tree";
import { CHUNK, PARALLEL_FROM, bytesOf } from "./strided";

/** An exponential is worth several light operations. */
const WORK: i32 = 4;
/** Rows of a column that are summed before the sum joins the total: keeps the rounding error low. */
const SUM_BLOCK: i32 = 64;

// @ts-ignore: decorator
@inline export function expLanes<T>(x: v128): v128 {
  return sizeof<T>() == 4 ? expF32(x) : expPair(x);
}
// @ts-ignore: decorator
@inline function logLanes<T>(x: v128): v128 {
  return sizeof<T>() == 4 ? logF32(x) : logPair(x);
}

function softmaxRow<T>(x: usize, out: usize, n: i32, log: bool): void {
  const bytes = <usize>n * sizeof<T>();
  const whole = bytes & ~15;
  const rest = bytes - whole;
  const top = v128.splat<T>(reduceRow<Max, T>(x, n, 0));
  for (let at: usize = 0; at < whole; at += 16) {
    v128.store(out + at, expLanes<T>(v128.sub<T>(v128.load(x + at), top)));
  }
  if (rest) storeTail(out + whole, expLanes<T>(v128.sub<T>(loadTail(x + whole, rest), top)), rest);
  const total = v128.splat<T>(reduceRow<Sum, T>(out, n, 0));
  if (!log) {
    for (let at: usize = 0; at < whole; at += 16) v128.store(out + at, v128.div<T>(v128.load(out + at), total));
    if (rest) storeTail(out + whole, v128.div<T>(loadTail(out + whole, rest), total), rest);
    return;
  }
  const logTotal = logLanes<T>(total);
  for (let at: usize = 0; at < whole; at += 16) {
    v128.store(out + at, v128.sub<T>(v128.sub<T>(v128.load(x + at), top), logTotal));
  }
  if (rest) storeTail(out + whole, v128.sub<T>(v128.sub<T>(loadTail(x + whole, rest), top), logTotal), rest);
}

/** One vector of columns (or less: `left` bytes), the rows `step` bytes apart. */
function softmaxColumns<T>(x: usize, out: usize, n: i32, step: usize, left: usize, log: bool): void {
  const end = <usize>n * step;
  let top = v128.splat<T>(<T>-Infinity);
  for (let at: usize = 0; at < end; at += step) top = v128.max<T>(top, loadAtMost(x + at, left));
  let total = v128.splat<T>(0), part = total;
  let count = 0;
  for (let at: usize = 0; at < end; at += step) {
    const e = expLanes<T>(v128.sub<T>(loadAtMost(x + at, left), top));
    if (!log) storeAtMost(out + at, e, left);
    part = v128.add<T>(part, e);
    if (++count % SUM_BLOCK == 0) {
      total = v128.add<T>(total, part);
      part = v128.splat<T>(0);
    }
  }
  total = v128.add<T>(total, part);
  const logTotal = logLanes<T>(total);
  for (let at: usize = 0; at < end; at += step) {
    if (log) storeAtMost(out + at, v128.sub<T>(v128.sub<T>(loadAtMost(x + at, left), top), logTotal), left);
    else storeAtMost(out + at, v128.div<T>(loadAtMost(out + at, left), total), left);
  }
}

/** dX = y (dOut - sum(dOut y)); of the logarithm, dX = dOut - exp(y) sum(dOut). */
function backwardRow<T>(dOut: usize, y: usize, dX: usize, n: i32, log: bool): void {
  const bytes = <usize>n * sizeof<T>();
  const zero = v128.splat<T>(0);
  const sum = log ? reduceRow<Sum, T>(dOut, n, 0) : fold<Sum, T>(dotTree<T>(dOut, y, n, zero));
  const total = v128.splat<T>(sum);
  for (let at: usize = 0; at < bytes; at += 16) {
    const left = bytes - at;
    const g = loadAtMost(dOut + at, left), p = loadAtMost(y + at, left);
    if (log) storeAtMost(dX + at, v128.sub<T>(g, v128.mul<T>(expLanes<T>(p), total)), left);
    else storeAtMost(dX + at, v128.mul<T>(p, v128.sub<T>(g, total)), left);
  }
}

function backwardColumns<T>(dOut: usize, y: usize, dX: usize, n: i32, step: usize, left: usize, log: bool): void {
  const end = <usize>n * step;
  let total = v128.splat<T>(0), part = total;
  let count = 0;
  for (let at: usize = 0; at < end; at += step) {
    const g = loadAtMost(dOut + at, left);
    part = v128.add<T>(part, log ? g : v128.mul<T>(g, loadAtMost(y + at, left)));
    if (++count % SUM_BLOCK == 0) {
      total = v128.add<T>(total, part);
      part = v128.splat<T>(0);
    }
  }
  total = v128.add<T>(total, part);
  for (let at: usize = 0; at < end; at += step) {
    const g = loadAtMost(dOut + at, left), p = loadAtMost(y + at, left);
    if (log) storeAtMost(dX + at, v128.sub<T>(g, v128.mul<T>(expLanes<T>(p), total)), left);
    else storeAtMost(dX + at, v128.mul<T>(p, v128.sub<T>(g, total)), left);
  }
}

/** Units [first, last): a unit is a row where inner == 1, else a vector of columns. `dOut` is 0 in the forward pass. */
function units<T>(dOut: usize, x: usize, out: usize, n: i32, inner: i32, log: bool, first: i32, last: i32): void {
  const step = <usize>inner * sizeof<T>();
  const vectors = <i32>((step + 15) >> 4);
  for (let u = first; u < last; u++) {
    if (inner == 1) {
      const at = <usize>u * n * sizeof<T>();
      if (dOut == 0) softmaxRow<T>(x + at, out + at, n, log);
      else backwardRow<T>(dOut + at, x + at, out + at, n, log);
      continue;
    }
    const column = <usize>(u % vectors) << 4;
    const at = <usize>(u / vectors) * n * step + column;
    if (dOut == 0) softmaxColumns<T>(x + at, out + at, n, step, step - column, log);
    else backwardColumns<T>(dOut + at, x + at, out + at, n, step, step - column, log);
  }
}

function unitsOf(
  dtype: i32, dOut: usize, x: usize, out: usize, n: i32, inner: i32, log: i32, first: i32, last: i32,
): void {
  if (dtype == F32) units<f32>(dOut, x, out, n, inner, log != 0, first, last);
  else if (dtype == F64) units<f64>(dOut, x, out, n, inner, log != 0, first, last);
  else unreachable();
}

function unitsTask(task: i32): void {
  const each = getInt(7);
  const last = min(getInt(8), (task + 1) * each);
  unitsOf(getInt(0), getPointer(1), getPointer(2), getPointer(3), getInt(4), getInt(5), getInt(6), task * each, last);
}

function run(dtype: i32, dOut: usize, x: usize, out: usize, outer: i32, n: i32, inner: i32, log: i32): void {
  const vectors = inner == 1 ? 1 : <i32>((<usize>inner * bytesOf(dtype) + 15) >> 4);
  const count = outer * vectors;
  if (<i64>outer * n * inner * WORK <= PARALLEL_FROM) { unitsOf(dtype, dOut, x, out, n, inner, log, 0, count); return; }
  const each = max(1, CHUNK / WORK / (n * min(inner, <i32>(16 / bytesOf(dtype)))));
  setInt(0, dtype); setInt(1, dOut); setInt(2, x); setInt(3, out); setInt(4, n); setInt(5, inner); setInt(6, log);
  setInt(7, each); setInt(8, count);
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
