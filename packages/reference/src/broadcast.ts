import { type NdArray, ndarray, sizeOf, stridesOf, zeros } from "./nd-array.ts";
import { offsetsOf } from "./offsets.ts";

/**
 * The common shape of several operands: aligned at the last dimension, where 1 stretches to any length, 0 included.
 *
 * Throws RangeError where two lengths differ and neither is 1.
 */
export function broadcastShapes(op: string, ...shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, dim) => {
    const lengths = shapes.map((shape) => shape[dim - rank + shape.length] ?? 1);
    const length = lengths.find((candidate) => candidate !== 1) ?? 1;
    if (lengths.some((candidate) => candidate !== 1 && candidate !== length)) {
      const listed = shapes.map((shape) => `[${shape.join(", ")}]`).join(" and ");
      throw new RangeError(`${op}: shapes ${listed} do not broadcast: ${lengths.join(" and ")} in dim ${dim - rank}`);
    }
    return length;
  });
}

/** For every element of the broadcast shape `to`, the offset of the element of `from` that it repeats. */
export function broadcastOffsets(from: readonly number[], to: readonly number[]): Int32Array {
  const strides = stridesOf(from);
  const missing = to.length - from.length;
  return offsetsOf(to, to.map((_, dim) => (dim < missing || from[dim - missing] === 1 ? 0 : strides[dim - missing]!)));
}

/** Applies `f` to every element. */
export function map(f: (value: number) => number, x: NdArray): NdArray {
  return ndarray(x.data.map((value) => f(value)), x.shape);
}

/**
 * Applies `f` to the pairs of elements of two operands that broadcast together.
 *
 * Shapes    a [...A], b [...B] -> broadcast of A and B
 *
 * @example
 * broadcastMap((p, q) => p + q, ndarray([1, 2], [2, 1]), ndarray([10, 20], [2])); // [[11, 21], [12, 22]]
 */
export function broadcastMap(f: (a: number, b: number) => number, a: NdArray, b: NdArray): NdArray {
  const shape = broadcastShapes("broadcastMap", a.shape, b.shape);
  const aOffsets = broadcastOffsets(a.shape, shape);
  const bOffsets = broadcastOffsets(b.shape, shape);
  const out = zeros(shape);
  for (let i = 0; i < out.data.length; i++) out.data[i] = f(a.data[aOffsets[i]!]!, b.data[bOffsets[i]!]!);
  return out;
}

/** Repeats `x` up to `shape`. */
export function broadcastTo(x: NdArray, shape: readonly number[]): NdArray {
  const common = broadcastShapes("broadcastTo", x.shape, shape);
  if (common.length !== shape.length || common.some((length, dim) => length !== shape[dim])) {
    throw new RangeError(`broadcastTo: [${x.shape.join(", ")}] does not stretch to [${shape.join(", ")}]`);
  }
  return ndarray(Float64Array.from(broadcastOffsets(x.shape, shape), (offset) => x.data[offset]!), shape);
}

/** The gradient of broadcasting: sums `dOut` over the dimensions along which an operand of `shape` was repeated. */
export function sumToShape(dOut: NdArray, shape: readonly number[]): NdArray {
  broadcastTo(zeros(shape), dOut.shape);
  const offsets = broadcastOffsets(shape, dOut.shape);
  const summed = new Float64Array(sizeOf(shape));
  for (let i = 0; i < offsets.length; i++) summed[offsets[i]!]! += dOut.data[i]!;
  return ndarray(summed, shape);
}
