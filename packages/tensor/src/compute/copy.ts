import { beginCall, dtypeInfo, wasm } from "@tapegrad/kernels";
import { emptyTensor, type Tensor } from "../tensor.ts";
import { broadcastStrides, writeLayout } from "./layout.ts";
import { disturbs } from "./overlap.ts";

/** The tensor itself if it is row-major, a copy that is otherwise. */
export function contiguousKernel(x: Tensor): Tensor {
  return x.isContiguous() ? x : cloneKernel(x);
}

/** A row-major copy. */
export function cloneKernel(x: Tensor): Tensor {
  beginCall();
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
  beginCall();
  wasm.copyStrided(dtypeInfo[x.dtype].bytes, x.pointer, target.pointer, layoutOf(x, target));
}

const inRow: readonly (readonly number[])[] = [[1], [1]];

function layoutOf(x: Tensor, target: Tensor): number {
  if (x.isContiguous() && target.isContiguous() && x.numel() === target.numel()) return writeLayout([x.numel()], inRow);
  return writeLayout(target.shape, [broadcastStrides(x.shape, x.strides, target.shape), target.strides]);
}
