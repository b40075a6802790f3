import { beginCall, dtypeInfo, wasm } from "@tapegrad/kernels";
import { sizeOf, type Shape } from "../shape.ts";
import { emptyTensor, Tensor } from "../tensor.ts";
import { contiguousKernel } from "./copy.ts";
import { broadcastStrides } from "./layout.ts";

/** A stack of matrices as the kernel takes it: one stride from matrix to matrix. */
interface MatrixStack {
  readonly tensor: Tensor;
  readonly rowStride: number;
  readonly columnStride: number;
  readonly batchStride: number;
}

/** The kernel multiplies any strides; only a batch without a single stride has to be copied first. */
function stack(x: Tensor, batchShape: Shape): MatrixStack {
  const strides = x.strides;
  const rowStride = strides.at(-2) as number;
  const columnStride = strides.at(-1) as number;
  const batchStrides = broadcastStrides(x.shape.slice(0, -2), strides.slice(0, -2), batchShape);
  const batchStride = singleStride(batchShape, batchStrides);
  if (batchStride !== null) return { tensor: x, rowStride, columnStride, batchStride };
  const copy = contiguousKernel(new Tensor(x.storage, [...batchShape, ...x.shape.slice(-2)], [...batchStrides, rowStride, columnStride], x.offset));
  const columns = x.shape.at(-1) as number;
  return { tensor: copy, rowStride: columns, columnStride: 1, batchStride: (x.shape.at(-2) as number) * columns };
}

/** The one stride that steps through all matrices in order, or null. */
function singleStride(shape: Shape, strides: readonly number[]): number | null {
  let stride: number | null = null;
  let run = 1;
  for (let dim = shape.length - 1; dim >= 0; dim--) {
    const size = shape[dim] as number;
    if (size === 1) continue;
    const own = strides[dim] as number;
    if (stride === null) stride = own;
    else if (own !== stride * run) return null;
    run *= size;
  }
  return stride ?? 0;
}

/** a [..., m, k] times b [..., k, n] (+ bias [n]) into row-major [...batchShape, m, n]. */
export function gemmKernel(a: Tensor, b: Tensor, batchShape: Shape, bias: Tensor | null = null): Tensor {
  const left = stack(a, batchShape);
  const right = stack(b, batchShape);
  const addend = bias === null ? null : contiguousKernel(bias);
  const [m, k] = a.shape.slice(-2) as [number, number];
  const n = b.shape.at(-1) as number;
  beginCall();
  const out = emptyTensor([...batchShape, m, n], a.dtype);
  if (out.numel() === 0) return out;
  wasm.gemm(
    dtypeInfo[a.dtype].code,
    sizeOf(batchShape),
    m,
    n,
    k,
    left.tensor.pointer,
    left.rowStride,
    left.columnStride,
    left.batchStride,
    right.tensor.pointer,
    right.rowStride,
    right.columnStride,
    right.batchStride,
    out.pointer,
    n,
    m * n,
    addend === null ? 0 : addend.pointer,
    0,
  );
  return out;
}
