import { beginCall, dtypeInfo, reduceOps, wasm, type DType } from "@tapegrad/kernels";
import { sizeOf, type Shape } from "../shape.ts";
import { emptyTensor, Tensor } from "../tensor.ts";
import { contiguousKernel } from "./copy.ts";

export type ReduceName = keyof typeof reduceOps;

/** Shape of `shape` reduced over `dims` (sorted): they become 1, or vanish. */
export function reducedShape(shape: Shape, dims: readonly number[], keepdim: boolean): Shape {
  return keepdim ? shape.map((size, i) => (dims.includes(i) ? 1 : size)) : shape.filter((_, i) => !dims.includes(i));
}

/**
 * Reduces over sorted dimensions, one pass for each run of neighbouring ones, the innermost first. Intermediate results
 * are freed. The op must be associative, or `dims` one run.
 */
export function reduceKernel(name: ReduceName, x: Tensor, dims: readonly number[], shape: Shape, dtype: DType = x.dtype): Tensor {
  let current = contiguousKernel(x);
  let sizes = x.shape.slice();
  const remaining = dims.filter((dim) => sizes[dim] !== 1 || dims.length === 1);
  const passes = remaining.length === 0 ? [[]] : runsOf(remaining);
  for (const run of passes.reverse()) {
    const next = reduceRun(name, current, sizes, run, dtype);
    sizes = sizes.map((size, i) => (run.includes(i) ? 1 : size));
    if (current !== x) current.storage.free();
    current = next;
  }
  return new Tensor(current.storage, shape);
}

function reduceRun(name: ReduceName, x: Tensor, sizes: Shape, run: readonly number[], dtype: DType): Tensor {
  const first = run[0] ?? sizes.length;
  const last = run.at(-1) ?? sizes.length - 1;
  const outer = sizeOf(sizes.slice(0, first));
  const n = sizeOf(sizes.slice(first, last + 1));
  const inner = sizeOf(sizes.slice(last + 1));
  beginCall();
  const out = emptyTensor([outer, inner], dtype);
  if (out.numel() > 0) wasm.reduce(reduceOps[name], dtypeInfo[x.dtype].code, x.pointer, out.pointer, outer, n, inner);
  return out;
}

/** Runs of neighbouring numbers. */
function runsOf(dims: readonly number[]): number[][] {
  const runs: number[][] = [];
  for (const dim of dims) {
    const run = runs.at(-1);
    if (run !== undefined && run.at(-1) === dim - 1) run.push(dim);
    else runs.push([dim]);
  }
  return runs;
}
