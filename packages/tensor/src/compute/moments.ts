import { beginCall, dtypeInfo, wasm } from "@tapegrad/kernels";
import { sizeOf, type Shape } from "../shape.ts";
import { emptyTensor, Tensor } from "../tensor.ts";
import { castKernel } from "./cast.ts";
import { contiguousKernel } from "./copy.ts";
import { reduceKernel } from "./reduce.ts";

/** From here on, squares that have left the normal numbers of float32 change no bit of a sum, however many they are. */
const leastSafe = 2 ** -96;

/** Row-major elements of which `n` in the middle dimension belong together. */
interface Groups {
  readonly x: Tensor;
  readonly outer: number;
  readonly n: number;
  readonly inner: number;
}

/** What is reduced over sorted dimensions; a copy where these are no neighbours. */
function groupsOf(x: Tensor, dims: readonly number[]): Groups {
  const first = dims[0] ?? x.ndim;
  const last = dims[dims.length - 1] ?? x.ndim - 1;
  if (last - first < dims.length) {
    return { x: contiguousKernel(x), outer: sizeOf(x.shape.slice(0, first)), n: sizeOf(x.shape.slice(first, last + 1)), inner: sizeOf(x.shape.slice(last + 1)) };
  }
  const strides = x.strides;
  const order = [...x.shape.flatMap((_, dim) => (dims.includes(dim) ? [] : [dim])), ...dims];
  const moved = new Tensor(x.storage, order.map((dim) => x.shape[dim] as number), order.map((dim) => strides[dim] as number), x.offset);
  const n = sizeOf(dims.map((dim) => x.shape[dim] as number));
  return { x: contiguousKernel(moved), outer: n === 0 ? sizeOf(moved.shape.slice(0, -dims.length)) : x.numel() / n, n, inner: 1 };
}

/** Whether float32 lost nothing: neither has a square or a sum overflowed, nor have squares that count become too small. */
function isSafe(sums: Tensor): boolean {
  if (sums.numel() === 0) return true;
  const dims = sums.shape.map((_, dim) => dim);
  return reduceKernel("min", sums, dims, []).item() >= leastSafe && reduceKernel("max", sums, dims, []).item() < Infinity;
}

/** float32 is computed in float64 where its range is too small: the result then is float64. */
function inRange(groups: Groups, compute: (groups: Groups) => Tensor): Tensor {
  const sums = compute(groups);
  return groups.x.dtype !== "float32" || isSafe(sums) ? sums : compute({ ...groups, x: castKernel(groups.x, "float64") });
}

/** Sums of squares over sorted dimensions, in the shape of the result; float64 where float32 would not do. Leaves temporary tensors behind. */
export function sumsOfSquares(x: Tensor, dims: readonly number[], shape: Shape): Tensor {
  return inRange(groupsOf(x, dims), (groups) => {
    const sums = reduceKernel("sumSquares", new Tensor(groups.x.storage, [groups.outer, groups.n, groups.inner], null, groups.x.offset), [1], [groups.outer, groups.inner]);
    return new Tensor(sums.storage, shape);
  });
}

/** Sums of squared distances from the mean, likewise: two passes, never E[x²] - E[x]², which cancels. */
export function sumsOfSquaredDistances(x: Tensor, dims: readonly number[], shape: Shape): Tensor {
  return inRange(groupsOf(x, dims), ({ x: source, outer, n, inner }) => {
    beginCall();
    const [mean, sums] = [emptyTensor([outer, inner], source.dtype), emptyTensor(shape, source.dtype)];
    if (sums.numel() > 0) wasm.moments(dtypeInfo[source.dtype].code, source.pointer, mean.pointer, sums.pointer, outer, n, inner);
    return sums;
  });
}
