/**
 * What optimizer steps share. They are fused over parameter, gradient and state, with the formulas of PyTorch 1.13. Their arguments: 0 dtype,
 * 1 n, 2 param, 3 grad, 4.. state, then the numbers.
 */
import { parallelFor } from "../runtime/pool";
import { PARALLEL_FROM, chunkCount } from "../runtime/strided";

/** The gradient as the optimizer sees it: negated to maximize, with the weight decay added. */
// @ts-ignore: decorator
@inline export function effectiveGrad<T>(grad: v128, param: v128, decay: v128, hasDecay: bool, maximize: bool): v128 {
  const g = maximize ? v128.neg<T>(grad) : grad;
  return hasDecay ? v128.add<T>(g, v128.mul<T>(decay, param)) : g;
}

/** A step over `n` elements, in tasks of CHUNK. */
export function runTasks(task: (index: i32) => void, n: i32): void {
  const count = chunkCount(n);
  if (n <= PARALLEL_FROM) for (let i = 0; i < count; i++) task(i);
  else parallelFor(task, count);
}
