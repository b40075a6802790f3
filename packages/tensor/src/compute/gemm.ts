import type { Shape } from "../shape.ts";
import { emptyTensor, type Tensor } from "../tensor.ts";
import type { Epilogue } from "./backend.ts";
import { backend } from "./chosen-backend.ts";
import { contiguousKernel } from "./copy.ts";

/** a [..., m, k] times b [..., k, n] (+ bias [n]) into row-major [...batchShape, m, n]. */
export function gemmKernel(a: Tensor, b: Tensor, batchShape: Shape, bias: Tensor | null = null, epilogue: Epilogue = "none"): Tensor {
  const out = emptyTensor([...batchShape, a.shape.at(-2) as number, b.shape.at(-1) as number], a.dtype);
  if (out.numel() > 0) backend.matmul(a, b, bias === null ? null : contiguousKernel(bias), out, epilogue);
  return out;
}
