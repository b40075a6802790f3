/** Steps of Adam and AdamW. */
import { loadAtMost, storeAtMost } from "../math/lanes";
import { getFloat, getInt, getPointer, setFloat, setInt } from "../runtime/control";
import { F32, F64 } from "../runtime/dtype.generated";
import { CHUNK } from "../runtime/strided";
import { effectiveGrad, runTasks } from "./step";

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
