/** Optimizer steps, fused over parameter, gradient and state, with the formulas of PyTorch 1.13. */
import { loadAtMost, storeAtMost } from "../math/lanes";
import { getFloat, getInt, getPointer, setFloat, setInt } from "../runtime/control";
import { F32, F64 } from "../runtime/dtype.generated";
import { parallelFor } from "../runtime/pool";
import { CHUNK, PARALLEL_FROM, chunkCount } from "../runtime/strided";

// Arguments of both steps: 0 dtype, 1 n, 2 param, 3 grad, 4.. state, then the numbers.

/** The gradient as the optimizer sees it: negated to maximize, with the weight decay added. */
// @ts-ignore: decorator
@inline function effectiveGrad<T>(grad: v128, param: v128, decay: v128, hasDecay: bool, maximize: bool): v128 {
  const g = maximize ? v128.neg<T>(grad) : grad;
  return hasDecay ? v128.add<T>(g, v128.mul<T>(decay, param)) : g;
}

/** One vector of parameters, or the first `left` bytes of one. */
// @ts-ignore: decorator
@inline function sgdVector<T>(
  param: usize, grad: usize, buffer: usize, left: usize, minusRate: v128, momentum: v128, undamped: v128, decay: v128,
  hasDecay: bool, nesterov: bool, first: bool, maximize: bool,
): void {
  const p = loadAtMost(param, left);
  let step = effectiveGrad<T>(loadAtMost(grad, left), p, decay, hasDecay, maximize);
  if (buffer != 0) {
    let b = step;
    if (!first) b = v128.add<T>(v128.mul<T>(momentum, loadAtMost(buffer, left)), v128.mul<T>(undamped, step));
    storeAtMost(buffer, b, left);
    step = nesterov ? v128.add<T>(step, v128.mul<T>(momentum, b)) : b;
  }
  storeAtMost(param, v128.add<T>(p, v128.mul<T>(minusRate, step)), left);
}

/** Elements in the usual ways, the choices made outside the loop: a buffer or none, decay or none. */
// @ts-ignore: decorator
@inline function sgdLoop<T>(
  param: usize, grad: usize, buffer: usize, end: usize, minusRate: v128, momentum: v128, undamped: v128, decay: v128,
  hasBuffer: bool, hasDecay: bool,
): void {
  for (; param < end; param += 16) {
    const p = v128.load(param);
    let step = effectiveGrad<T>(v128.load(grad), p, decay, hasDecay, false);
    if (hasBuffer) {
      step = v128.add<T>(v128.mul<T>(momentum, v128.load(buffer)), v128.mul<T>(undamped, step));
      v128.store(buffer, step);
      buffer += 16;
    }
    v128.store(param, v128.add<T>(p, v128.mul<T>(minusRate, step)));
    grad += 16;
  }
}

function sgdRange<T>(begin: i32, n: i32): void {
  const at = <usize>begin * sizeof<T>();
  let param = getPointer(2) + at, grad = getPointer(3) + at;
  let buffer = getPointer(4) != 0 ? getPointer(4) + at : 0;
  const bufferStep: usize = buffer != 0 ? 16 : 0;
  const minusRate = v128.splat<T>(<T>-getFloat(5)), momentum = v128.splat<T>(<T>getFloat(6));
  const undamped = v128.splat<T>(<T>(1 - getFloat(7))), decay = v128.splat<T>(<T>getFloat(8));
  const hasDecay = getFloat(8) != 0;
  const nesterov = getInt(9) != 0, first = getInt(10) != 0, maximize = getInt(11) != 0;
  const end = param + <usize>n * sizeof<T>();
  if (!maximize && (buffer == 0 || !(nesterov || first))) {
    const bytes = (end - param) & ~15, whole = param + bytes;
    if (buffer != 0) {
      if (hasDecay) sgdLoop<T>(param, grad, buffer, whole, minusRate, momentum, undamped, decay, true, true);
      else sgdLoop<T>(param, grad, buffer, whole, minusRate, momentum, undamped, decay, true, false);
      buffer += bytes;
    } else if (hasDecay) sgdLoop<T>(param, grad, buffer, whole, minusRate, momentum, undamped, decay, false, true);
    else sgdLoop<T>(param, grad, buffer, whole, minusRate, momentum, undamped, decay, false, false);
    param = whole;
    grad += bytes;
  }
  for (; param + 16 <= end; param += 16) {
    sgdVector<T>(param, grad, buffer, 16, minusRate, momentum, undamped, decay, hasDecay, nesterov, first, maximize);
    grad += 16;
    buffer += bufferStep;
  }
  if (param == end) return;
  const left = end - param;
  sgdVector<T>(param, grad, buffer, left, minusRate, momentum, undamped, decay, hasDecay, nesterov, first, maximize);
}

function sgdTask(task: i32): void {
  const begin = task * CHUNK;
  const n = min(CHUNK, getInt(1) - begin);
  if (getInt(0) == F32) sgdRange<f32>(begin, n);
  else sgdRange<f64>(begin, n);
}

/** `buffer` is 0 without momentum; on the `first` step it takes the gradient undamped. */
export function sgdStep(
  dtype: i32, param: usize, grad: usize, buffer: usize, n: i32, lr: f64, momentum: f64, dampening: f64, weightDecay: f64,
  nesterov: i32, first: i32, maximize: i32,
): void {
  if (dtype != F32 && dtype != F64) unreachable();
  setInt(0, dtype); setInt(1, n); setInt(2, param); setInt(3, grad); setInt(4, buffer); setFloat(5, lr);
  setFloat(6, momentum); setFloat(7, dampening); setFloat(8, weightDecay); setInt(9, nesterov); setInt(10, first);
  setInt(11, maximize);
  runTasks(sgdTask, n);
}

// @ts-ignore: decorator
@inline function adamVector<T>(
  param: usize, grad: usize, first: usize, second: usize, largest: usize, left: usize, b1: v128, rest1: v128, b2: v128,
  rest2: v128, eps: v128, decay: v128, kept: v128, minusStep: v128, root2: v128, addsDecay: bool, shrinks: bool, maximize: bool,
): void {
  let p = loadAtMost(param, left);
  const g = effectiveGrad<T>(loadAtMost(grad, left), p, decay, addsDecay, maximize);
  if (shrinks) p = v128.mul<T>(p, kept);
  const m = v128.add<T>(v128.mul<T>(loadAtMost(first, left), b1), v128.mul<T>(rest1, g));
  let v = v128.add<T>(v128.mul<T>(loadAtMost(second, left), b2), v128.mul<T>(v128.mul<T>(rest2, g), g));
  storeAtMost(first, m, left);
  storeAtMost(second, v, left);
  if (largest != 0) {
    v = v128.max<T>(loadAtMost(largest, left), v);
    storeAtMost(largest, v, left);
  }
  const denominator = v128.add<T>(v128.div<T>(v128.sqrt<T>(v), root2), eps);
  storeAtMost(param, v128.add<T>(p, v128.div<T>(v128.mul<T>(minusStep, m), denominator)), left);
}

function adamRange<T>(begin: i32, n: i32): void {
  const at = <usize>begin * sizeof<T>();
  const param = getPointer(2) + at, grad = getPointer(3) + at, first = getPointer(4) + at, second = getPointer(5) + at;
  const largest = getPointer(6) != 0 ? getPointer(6) + at : 0;
  const lr = getFloat(7), beta1 = getFloat(8), beta2 = getFloat(9), weightDecay = getFloat(11);
  const decoupled = getInt(12) != 0, maximize = getInt(15) != 0;
  const b1 = v128.splat<T>(<T>beta1), rest1 = v128.splat<T>(<T>(1 - beta1));
  const b2 = v128.splat<T>(<T>beta2), rest2 = v128.splat<T>(<T>(1 - beta2));
  const eps = v128.splat<T>(<T>getFloat(10)), decay = v128.splat<T>(<T>weightDecay);
  const kept = v128.splat<T>(<T>(1 - lr * weightDecay));
  const minusStep = v128.splat<T>(<T>(-lr / getFloat(13))), root2 = v128.splat<T>(<T>Math.sqrt(getFloat(14)));
  const addsDecay = weightDecay != 0 && !decoupled, shrinks = weightDecay != 0 && decoupled;
  const bytes = <usize>n * sizeof<T>();
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) {
    adamVector<T>(
      param + i, grad + i, first + i, second + i, largest != 0 ? largest + i : 0, 16, b1, rest1, b2, rest2, eps, decay, kept,
      minusStep, root2, addsDecay, shrinks, maximize,
    );
  }
  if (i == bytes) return;
  adamVector<T>(
    param + i, grad + i, first + i, second + i, largest != 0 ? largest + i : 0, bytes - i, b1, rest1, b2, rest2, eps, decay,
    kept, minusStep, root2, addsDecay, shrinks, maximize,
  );
}

function adamTask(task: i32): void {
  const begin = task * CHUNK;
  const n = min(CHUNK, getInt(1) - begin);
  if (getInt(0) == F32) adamRange<f32>(begin, n);
  else adamRange<f64>(begin, n);
}

/** Adam, or AdamW where `decoupled`; `maxV` (AMSGrad) may be 0. The bias corrections are 1 - beta^t. */
export function adamStep(
  dtype: i32, param: usize, grad: usize, m: usize, v: usize, maxV: usize, n: i32, lr: f64, beta1: f64, beta2: f64, eps: f64,
  weightDecay: f64, decoupled: i32, biasCorrection1: f64, biasCorrection2: f64, maximize: i32,
): void {
  if (dtype != F32 && dtype != F64) unreachable();
  setInt(0, dtype); setInt(1, n); setInt(2, param); setInt(3, grad); setInt(4, m); setInt(5, v); setInt(6, maxV);
  setFloat(7, lr); setFloat(8, beta1); setFloat(9, beta2); setFloat(10, eps); setFloat(11, weightDecay);
  setInt(12, decoupled); setFloat(13, biasCorrection1); setFloat(14, biasCorrection2); setInt(15, maximize);
  runTasks(adamTask, n);
}

function runTasks(task: (index: i32) => void, n: i32): void {
  const count = chunkCount(n);
  if (n <= PARALLEL_FROM) for (let i = 0; i < count; i++) task(i);
  else parallelFor(task, count);
}
