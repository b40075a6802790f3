/** Steps of stochastic gradient descent. */
import { loadAtMost, storeAtMost } from "../math/lanes";
import { getFloat, getInt, getPointer, setFloat, setInt } from "../runtime/control";
import { F32, F64 } from "../runtime/dtype.generated";
import { CHUNK } from "../runtime/strided";
import { effectiveGrad, runTasks } from "./step";

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
