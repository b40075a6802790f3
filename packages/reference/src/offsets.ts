import { resolveDim, sizeOf, stridesOf } from "./nd-array.ts";

/**
 * Walks `shape` in row-major order and lists the memory offset of every element under `strides`.
 *
 * Stride 0 repeats a dimension (broadcasting), permuted strides walk a transpose; every shape operation here rests on it.
 */
export function offsetsOf(shape: readonly number[], strides: readonly number[]): Int32Array {
  const offsets = new Int32Array(sizeOf(shape));
  for (let i = 0; i < offsets.length; i++) {
    let rest = i;
    let offset = 0;
    for (let dim = shape.length - 1; dim >= 0; dim--) {
      const length = shape[dim]!;
      offset += (rest % length) * strides[dim]!;
      rest = Math.floor(rest / length);
    }
    offsets[i] = offset;
  }
  return offsets;
}

/** A reduction seen as lanes: lane i lists the offsets of the elements that make output element i. */
export interface Lanes {
  readonly dims: readonly number[];
  readonly laneSize: number;
  readonly offsets: readonly Int32Array[];
  readonly keptShape: readonly number[];
  readonly keepdimShape: readonly number[];
}

/** Cuts `shape` into lanes along `dims`; undefined and [] both mean all dimensions, as in PyTorch. */
export function lanesOf(op: string, shape: readonly number[], dims?: number | readonly number[]): Lanes {
  const asked = typeof dims === "number" ? [dims] : (dims ?? []);
  // PyTorch takes dim 0 and -1 of a 0-d array, whose only lane has its one element.
  const rank = Math.max(shape.length, 1);
  const resolved = new Set(asked.map((dim) => resolveDim(op, dim, rank)));
  if (resolved.size !== asked.length) throw new RangeError(`${op}: dims = [${asked.join(", ")}] names a dimension twice`);
  const isReduced = (dim: number): boolean => resolved.size === 0 || resolved.has(dim);

  const strides = stridesOf(shape);
  const keep = <T>(values: readonly T[]): T[] => values.filter((_, dim) => !isReduced(dim));
  const drop = <T>(values: readonly T[]): T[] => values.filter((_, dim) => isReduced(dim));
  const within = offsetsOf(drop(shape), drop(strides));
  const starts = offsetsOf(keep(shape), keep(strides));
  return {
    dims: shape.map((_, dim) => dim).filter(isReduced),
    laneSize: within.length,
    offsets: Array.from(starts, (start) => within.map((offset) => start + offset)),
    keptShape: keep(shape),
    keepdimShape: shape.map((length, dim) => (isReduced(dim) ? 1 : length)),
  };
}
