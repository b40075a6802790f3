import type { DType } from "@tapegrad/kernels";
import { emptyTensor, type Tensor } from "../tensor.ts";
import { backend } from "./chosen-backend.ts";
import { contiguousKernel } from "./copy.ts";

/** A row-major tensor of another dtype: floats truncate to integers and wrap, anything but zero becomes true. */
export function castKernel(x: Tensor, dtype: DType): Tensor {
  const source = contiguousKernel(x);
  const out = emptyTensor(x.shape, dtype);
  if (out.numel() > 0) backend.cast(source, out);
  if (source !== x) source.storage.free();
  return out;
}

/** The tensor itself if it has the dtype already. */
export function toDType(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : castKernel(x, dtype);
}
