import { add, keep, mul, ones, scope, sum, tensor, type Tensor } from "@tapegrad/tensor";
import "../backward.ts";

/** A float32 leaf that requires grad. */
export function leaf(values: readonly number[]): Tensor {
  return tensor(values, { requiresGrad: true });
}

/** Backward twice through one graph. */
export function twice(): void {
  const x = leaf([1, 2]);
  const y = sum(mul(x, x));
  y.backward();
  y.backward();
}

/** A saved tensor changed before backward. */
export function changed(): void {
  const x = leaf([1, 2]);
  const factor = ones([2]);
  const y = sum(mul(x, factor));
  factor.add_(1);
  y.backward();
}

/** A view used after its base was changed in place on the tape. */
export function staleView(): void {
  const base = mul(leaf([1, 2]), 1);
  const view = base.view([2, 1]);
  base.mul_(leaf([3, 4]));
  mul(view, 2);
}

/** A hook that calls backward on the graph that is being walked. */
export function reentered(): void {
  const x = leaf([1]);
  const first = mul(x, 2);
  const second = mul(x, 3);
  second.registerHook(() => first.backward(null, { retainGraph: true }));
  add(first, second).backward(null, { retainGraph: true });
}

/** A tensor that outlived its scope without being kept. */
export function usedAfterScope(): void {
  let escaped = keep(ones([1]));
  scope(() => {
    escaped = ones([3]);
  });
  add(escaped, 1);
}
