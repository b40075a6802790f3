import { IndexError } from "../errors.ts";
import { reducedShape } from "../compute/reduce.ts";
import { boolean, dims } from "../option-rules.ts";
import { checkOptions, type OptionRules } from "../options.ts";
import { normalizeDims, type Shape } from "../shape.ts";
import { requireTensor, type Tensor } from "../tensor.ts";

/** Which dimensions a reduction runs over. */
export interface ReduceOptions {
  /** All of them unless told, or if the list is empty (as PyTorch). Negative ones count from the end. */
  readonly dim?: number | readonly number[];
  /** Keeps the reduced dimensions with size 1. */
  readonly keepdim?: boolean;
}

/** Resolved options: sorted dimensions. */
export interface ReduceAttrs {
  readonly dims: readonly number[];
  readonly keepdim: boolean;
}

export const reduceRules: OptionRules<ReduceOptions> = { dim: dims, keepdim: boolean };

/** No options, for the calls without any: those need no look at them. */
export const noOptions: ReduceOptions = Object.freeze({});

/** An empty list of dimensions stands for all of them, as in PyTorch. Throws IndexError `OP/option`, `OP/dim`, `OP/dim-twice`; ArgumentError `OP/unknown-option`. */
export function resolveReduce<O extends ReduceOptions>(op: string, x: Tensor, options: O, rules: OptionRules<O>): ReduceAttrs {
  requireTensor(op, "x", x);
  if (options !== noOptions && !isPlain(options)) checkOptions(op, options, rules);
  const { dim, keepdim = false } = options;
  const isAll = typeof dim === "object" && dim.length === 0;
  return { dims: normalizeDims(op, isAll ? undefined : dim, x.ndim), keepdim };
}

/** Whether there is nothing but a dimension and keepdim, as they should be: found out sooner than by going through the rules. */
function isPlain(options: ReduceOptions | null): boolean {
  if (options === null || typeof options.dim !== "number") return false;
  const { keepdim } = options;
  return Object.keys(options).length === (keepdim === undefined ? 1 : 2) && (keepdim === undefined || typeof keepdim === "boolean");
}

/** Shape of the result. */
export function outputShape(x: Tensor, { dims, keepdim }: ReduceAttrs): Shape {
  return reducedShape(x.shape, dims, keepdim);
}

/** Shape of the result with the reduced dimensions kept, so that it broadcasts against the input. */
export function keptShape(shape: Shape, { dims }: ReduceAttrs): Shape {
  return reducedShape(shape, dims, true);
}

/** Number of elements that go into one result. */
export function reducedSize(shape: Shape, dims: readonly number[]): number {
  return dims.reduce((size, dim) => size * (shape[dim] as number), 1);
}

/** Throws IndexError `OP/empty`: the op has no value for no elements. */
export function refuseEmpty(op: string, x: Tensor, dims: readonly number[]): void {
  if (reducedSize(x.shape, dims) > 0) return;
  throw new IndexError({
    op,
    fact: `no elements to choose from: a reduced dimension of [${x.shape.join(", ")}] has size 0`,
    code: `${op}/empty`,
    data: { shape: x.shape, dims },
  });
}

/** Shapes and dimensions that the reductions are tested with. */
export const reduceCases: readonly { readonly shape: Shape; readonly attrs: ReduceAttrs }[] = [
  { shape: [], attrs: { dims: [], keepdim: false } },
  { shape: [5], attrs: { dims: [0], keepdim: false } },
  { shape: [70], attrs: { dims: [0], keepdim: true } },
  { shape: [2, 3], attrs: { dims: [1], keepdim: false } },
  { shape: [2, 3], attrs: { dims: [0], keepdim: true } },
  { shape: [2, 3, 4], attrs: { dims: [0, 2], keepdim: false } },
  { shape: [2, 3, 4], attrs: { dims: [0, 1, 2], keepdim: false } },
  { shape: [2, 3, 1, 2], attrs: { dims: [0, 2, 3], keepdim: false } },
  { shape: [1, 3, 1], attrs: { dims: [0, 2], keepdim: false } },
  { shape: [3, 1, 2], attrs: { dims: [1], keepdim: false } },
  { shape: [2, 17], attrs: { dims: [0], keepdim: false } },
];

/** The same, with empty tensors, for reductions that have a value there. */
export const reduceCasesWithEmpty: typeof reduceCases = [
  ...reduceCases,
  { shape: [0], attrs: { dims: [0], keepdim: false } },
  { shape: [2, 0], attrs: { dims: [1], keepdim: true } },
  { shape: [0, 3], attrs: { dims: [1], keepdim: false } },
];
