import { type NdArray, ndarray, resolveDim, stridesOf } from "./nd-array.ts";
import { offsetsOf } from "./offsets.ts";

/**
 * Reorders the dimensions: dimension `i` of the result is dimension `dims[i]` of `x`.
 *
 * Throws RangeError unless `dims` names every dimension once.
 */
export function permute(x: NdArray, dims: readonly number[]): NdArray {
  const order = dims.map((dim) => resolveDim("permute", dim, x.shape.length));
  if (order.length !== x.shape.length || new Set(order).size !== order.length) {
    throw new RangeError(`permute: dims = [${dims.join(", ")}] must name each of the ${x.shape.length} dimensions once`);
  }
  const strides = stridesOf(x.shape);
  const shape = order.map((dim) => x.shape[dim]!);
  const offsets = offsetsOf(shape, order.map((dim) => strides[dim]!));
  return ndarray(Float64Array.from(offsets, (offset) => x.data[offset]!), shape);
}

/** The permutation that undoes `dims`, and so carries the gradient of `permute` back. */
export function inversePermutation(dims: readonly number[]): number[] {
  const inverse = dims.map(() => 0);
  dims.forEach((dim, position) => (inverse[dim < 0 ? dim + dims.length : dim] = position));
  return inverse;
}

/** Swaps two dimensions. */
export function transpose(x: NdArray, dim0: number, dim1: number): NdArray {
  const first = resolveDim("transpose", dim0, x.shape.length);
  const second = resolveDim("transpose", dim1, x.shape.length);
  const swap = (dim: number): number => (dim === first ? second : dim === second ? first : dim);
  return permute(x, x.shape.map((_, dim) => swap(dim)));
}
