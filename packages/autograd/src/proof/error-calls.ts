import { add, keep, mul, ones, scope, sum, tensor, type Tensor } from "@tapegrad/tensor";
import "../backward.ts";
import { noGrad } from "../grad-mode.ts";

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

/** A tensor used after another one with the same elements, but no view of it, was changed in place on the tape. */
export function stale(): void {
  const x = mul(leaf([1, 2]), 1);
  x.detach().mul_(leaf([3, 4]));
  mul(x, 2);
}

/** A view that was taken where nothing is recorded. */
export const unrecorded = (x: Tensor): Tensor => noGrad(() => x.narrow(0, 0, 1));

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
