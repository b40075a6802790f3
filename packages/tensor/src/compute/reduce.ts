import type { DType } from "@tapegrad/kernels";
import type { Shape } from "../shape.ts";
import { emptyTensor, Tensor } from "../tensor.ts";
import { backend } from "./chosen-backend.ts";
import type { ReduceName } from "./codes.ts";
import { contiguousKernel } from "./copy.ts";

/** Shape of `shape` reduced over `dims` (sorted): they become 1, or vanish. */
export function reducedShape(shape: Shape, dims: readonly number[], keepdim: boolean): Shape {
  return keepdim ? shape.map((size, i) => (dims.includes(i) ? 1 : size)) : shape.filter((_, i) => !dims.includes(i));
}

/**
 * Reduces over sorted dimensions, one pass for each run of neighbouring ones, the innermost first. Intermediate results
 * are freed. The op must be associative, or `dims` one run.
 */
export function reduceKernel(name: ReduceName, x: Tensor, dims: readonly number[], shape: Shape, dtype: DType = x.dtype): Tensor {
  const source = contiguousKernel(x);
  const first = dims[0] ?? x.ndim;
  const last = dims[dims.length - 1] ?? x.ndim - 1;
  const isOneRun = last - first < dims.length;
  const out = isOneRun ? reduceRun(name, source, x.shape, first, last, shape, dtype) : reduceRuns(name, source, dims, shape, dtype);
  if (source !== x) source.storage.free();
  return out;
}

function reduceRun(name: ReduceName, x: Tensor, sizes: Shape, first: number, last: number, shape: Shape, dtype: DType): Tensor {
  const outer = sizeBetween(sizes, 0, first);
  const n = sizeBetween(sizes, first, last + 1);
  const inner = sizeBetween(sizes, last + 1, sizes.length);
  const out = emptyTensor(shape, dtype);
  if (outer * inner > 0) backend.reduce(name, x, out, outer, n, inner);
  return out;
}

function sizeBetween(sizes: Shape, from: number, to: number): number {
  let size = 1;
  for (let i = from; i < to; i++) size *= sizes[i] as number;
  return size;
}

function reduceRuns(name: ReduceName, x: Tensor, dims: readonly number[], shape: Shape, dtype: DType): Tensor {
  let current = x;
  let sizes = x.shape;
  for (const { first, last } of runsOf(dims, sizes)) {
    const left = sizes.map((size, i) => (i >= first && i <= last ? 1 : size));
    const next = reduceRun(name, current, sizes, first, last, left, dtype);
    if (current !== x) current.storage.free();
    current = next;
    sizes = left;
  }
  return new Tensor(current.storage, shape);
}

/** Runs of neighbouring dimensions, the innermost first. Those of size 1 need no pass; where all are, one over nothing copies. */
function runsOf(dims: readonly number[], sizes: Shape): { first: number; last: number }[] {
  const runs: { first: number; last: number }[] = [];
  for (const dim of dims) {
    if (sizes[dim] === 1) continue;
    const [run] = runs;
    if (run?.last === dim - 1) run.last = dim;
    else runs.unshift({ first: dim, last: dim });
  }
  return runs.length > 0 ? runs : [{ first: sizes.length, last: sizes.length - 1 }];
}
