import type { Shape } from "../shape.ts";
import { emptyTensor, Tensor } from "../tensor.ts";
import { broadcastStrides } from "./layout.ts";

/** A stack of matrices as the kernel takes it: one stride from matrix to matrix. */
export interface MatrixStack {
  readonly tensor: Tensor;
  readonly rowStride: number;
  readonly columnStride: number;
  readonly batchStride: number;
}

/** The kernel multiplies any strides; only a batch without a single stride has to be copied first. */
export function stackOf(x: Tensor, batchShape: Shape, copy: (x: Tensor, out: Tensor) => void): MatrixStack {
  const strides = x.strides;
  const rowStride = strides.at(-2) as number;
  const columnStride = strides.at(-1) as number;
  if (batchShape.length === 0) return { tensor: x, rowStride, columnStride, batchStride: 0 };
  const batchStrides = broadcastStrides(x.shape.slice(0, -2), strides.slice(0, -2), batchShape);
  const batchStride = singleStride(batchShape, batchStrides);
  if (batchStride !== null) return { tensor: x, rowStride, columnStride, batchStride };
  const dense = emptyTensor([...batchShape, ...x.shape.slice(-2)], x.dtype);
  copy(new Tensor(x.storage, dense.shape, [...batchStrides, rowStride, columnStride], x.offset), dense);
  const columns = x.shape.at(-1) as number;
  return { tensor: dense, rowStride: columns, columnStride: 1, batchStride: (x.shape.at(-2) as number) * columns };
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
