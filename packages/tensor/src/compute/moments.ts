import { binaryOps, type DType } from "@tapegrad/kernels";
import { full } from "../creation.ts";
import { sizeOf, type Shape } from "../shape.ts";
import { emptyTensor, Tensor } from "../tensor.ts";
import { castKernel } from "./cast.ts";
import { backend } from "./chosen-backend.ts";
import type { ReduceName } from "./codes.ts";
import { contiguousKernel } from "./copy.ts";
import { binaryKernel } from "./pointwise.ts";
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

/** One number for each group: sums of squares, and, asked for only where one of these is tiny, whether it is more than 0. */
interface Squares {
  readonly sums: (groups: Groups) => Tensor;
  readonly isNotZero: (groups: Groups) => Tensor;
}

function reduced(name: ReduceName, { x, outer, n, inner }: Groups, dtype: DType = x.dtype): Tensor {
  return reduceKernel(name, new Tensor(x.storage, [outer, n, inner], null, x.offset), [1], [outer, inner], dtype);
}

/** Whether float32 lost nothing: neither has a square or a sum overflowed, nor have squares that count become too small. */
function isSafe(sums: Tensor, groups: Groups, isNotZero: Squares["isNotZero"]): boolean {
  if (sums.numel() === 0) return true;
  const all = [0, 1];
  if (!(reduceKernel("max", sums, all, []).item() < Infinity)) return false;
  if (reduceKernel("min", sums, all, []).item() >= leastSafe) return true;
  const spec = { shape: sums.shape, dtype: "bool" } as const;
  const isTiny = binaryKernel(binaryOps.lt, sums, full([], leastSafe), spec, "float32");
  return reduceKernel("any", binaryKernel(binaryOps.logicalAnd, isTiny, isNotZero(groups), spec, "bool"), all, [], "bool").item() === 0;
}

/** float32 is computed in float64 where its range is too small: the result then is float64. */
function inRange(groups: Groups, shape: Shape, { sums, isNotZero }: Squares): Tensor {
  const first = sums(groups);
  const isDone = groups.x.dtype !== "float32" || isSafe(first, groups, isNotZero);
  return new Tensor((isDone ? first : sums({ ...groups, x: castKernel(groups.x, "float64") })).storage, shape);
}

const squares: Squares = {
  sums: (groups) => reduced("sumSquares", groups),
  isNotZero: (groups) => reduced("any", groups, "bool"),
};

/** Of distances from the mean, in two passes: never E[x²] - E[x]², which cancels. */
const squaredDistances: Squares = {
  sums: ({ x, outer, n, inner }) => {
    const [mean, sums] = [emptyTensor([outer, inner], x.dtype), emptyTensor([outer, inner], x.dtype)];
    if (sums.numel() > 0) backend.moments(x, mean, sums, outer, n, inner);
    return sums;
  },
  isNotZero: (groups) => {
    const [high, low] = [reduced("max", groups), reduced("min", groups)];
    return binaryKernel(binaryOps.ne, high, low, { shape: high.shape, dtype: "bool" }, "float32");
  },
};

/** Sums of squares over sorted dimensions, in the shape of the result; float64 where float32 would not do. Leaves temporary tensors behind. */
export function sumsOfSquares(x: Tensor, dims: readonly number[], shape: Shape): Tensor {
  return inRange(groupsOf(x, dims), shape, squares);
}

/** Sums of squared distances from the mean, likewise. */
export function sumsOfSquaredDistances(x: Tensor, dims: readonly number[], shape: Shape): Tensor {
  return inRange(groupsOf(x, dims), shape, squaredDistances);
}
