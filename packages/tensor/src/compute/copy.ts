import { emptyTensor, type Tensor } from "../tensor.ts";
import { backend } from "./chosen-backend.ts";
import { disturbs } from "./overlap.ts";

/** The tensor itself if it is row-major, a copy that is otherwise. */
export function contiguousKernel(x: Tensor): Tensor {
  return x.isContiguous() ? x : cloneKernel(x);
}

/** A row-major copy. */
export function cloneKernel(x: Tensor): Tensor {
  const out = emptyTensor(x.shape, x.dtype);
  copyInto(x, out);
  return out;
}

/** Copies `x` into `target`, which has the same dtype and a shape that `x` broadcasts to. Where they overlap, as if `x` had been copied first. */
export function copyInto(x: Tensor, target: Tensor): void {
  if (target.numel() === 0) return;
  if (x.storage === target.storage && disturbs(target, x)) {
    const apart = cloneKernel(x);
    copyInto(apart, target);
    apart.storage.free();
    return;
  }
  backend.copy(x, target);
}
