import { dtypeInfo, type DType, type HostArray, type NumberArray } from "@tapegrad/kernels";
import { sizeOf, type Shape } from "../../shape.ts";
import type { Tensor } from "../../tensor.ts";
import { broadcastStrides } from "../layout.ts";

/** What an array holds: bigints for int64, numbers for every other dtype. */
export type Element = number | bigint;

/** An array where it does not matter which of the two it holds: elements are moved, or compared with each other. */
export interface Elements {
  readonly length: number;
  [position: number]: Element;
}

/** Loops are written for numbers and for bigints where they calculate; this says which of them a tensor takes. */
export function isLong(array: HostArray): array is BigInt64Array {
  return array instanceof BigInt64Array;
}

/** Where the elements of a strided tensor lie in its storage, in row-major order of `shape`. */
export function positions(shape: Shape, strides: readonly number[], offset: number): Float64Array {
  const found = new Float64Array(sizeOf(shape));
  const index = new Array<number>(shape.length).fill(0);
  let position = offset;
  for (let i = 0; i < found.length; i++) {
    found[i] = position;
    for (let dim = shape.length - 1; dim >= 0; dim--) {
      const next = (index[dim] as number) + 1, stride = strides[dim] as number;
      if (next < (shape[dim] as number)) {
        index[dim] = next;
        position += stride;
        break;
      }
      index[dim] = 0;
      position -= (next - 1) * stride;
    }
  }
  return found;
}

/** The elements in row-major order, broadcast to `shape`: the storage's own where they lie so, else a copy of them. */
export function elementsOf(x: Tensor, shape: Shape = x.shape): HostArray {
  const elements = x.storage.elements, size = sizeOf(shape);
  if (x.isContiguous() && x.numel() === size) return elements.subarray(x.offset, x.offset + size);
  const { bytes, create } = dtypeInfo[x.dtype];
  const dense = create(new ArrayBuffer(bytes * size), 0, size);
  const from = positions(shape, broadcastStrides(x.shape, x.strides, shape), x.offset);
  move(elements, dense, from);
  return dense;
}

/** to[i] = from[places[i]] */
function move(from: Elements, to: Elements, places: Float64Array): void {
  for (let i = 0; i < places.length; i++) to[i] = from[places[i] as number] as Element;
}

/** As `elementsOf`, of a dtype that is known not to be int64. */
export function numbersOf(x: Tensor, shape: Shape = x.shape): NumberArray {
  const elements = elementsOf(x, shape);
  if (isLong(elements)) throw new TypeError("int64 elements are bigints");
  return elements;
}

/** Copies `x`, broadcast, to wherever the elements of `out` lie. */
export function copy(x: Tensor, out: Tensor): void {
  const from: Elements = elementsOf(x, out.shape);
  if (out.isContiguous()) {
    const to: Elements = elementsOf(out);
    for (let i = 0; i < to.length; i++) to[i] = from[i] as Element;
    return;
  }
  const to: Elements = out.storage.elements, places = positions(out.shape, out.strides, out.offset);
  for (let i = 0; i < places.length; i++) to[places[i] as number] = from[i] as Element;
}

/** Each element of `out` from the one of the two where the condition says so. */
export function where(condition: Tensor, a: Tensor, b: Tensor, out: Tensor): void {
  const isChosen = numbersOf(condition, out.shape);
  const left: Elements = elementsOf(a, out.shape), right: Elements = elementsOf(b, out.shape), to: Elements = elementsOf(out);
  for (let i = 0; i < to.length; i++) to[i] = (isChosen[i] === 0 ? right[i] : left[i]) as Element;
}

/** Whether an element counts as false; NaN does not. */
export function isZero(value: Element): boolean {
  return value === 0 || value === 0n;
}

export function hasZero(x: Tensor): boolean {
  const elements: Elements = elementsOf(x);
  for (let i = 0; i < elements.length; i++) if (isZero(elements[i] as Element)) return true;
  return false;
}

/** Sizes before, at and after a dimension. */
export function around(shape: Shape, dim: number): readonly [outer: number, n: number, inner: number] {
  return [sizeOf(shape.slice(0, dim)), shape[dim] ?? 1, sizeOf(shape.slice(dim + 1))];
}

/** What a number becomes in a floating dtype. */
export type Rounding = (value: number) => number;

/**
 * For results that show that PyTorch, and the kernels, round on the way: float32 numbers whose sum overflows before the last is there add up to
 * infinity, though float64 could hold the sum.
 */
export function roundingOf(dtype: DType): Rounding {
  return dtype === "float32" ? Math.fround : exactly;
}

const exactly: Rounding = (value) => value;

/** A ReLU as layers do it to what they give: NaN stays, and so does -0. */
export function rectified(value: number): number {
  return value < 0 ? 0 : value;
}
