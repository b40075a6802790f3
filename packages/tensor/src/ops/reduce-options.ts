import { IndexError } from "../errors.ts";
import { reducedShape } from "../compute/reduce.ts";
import { boolean, dims as dimsRule } from "../option-rules.ts";
import { checkArgument, checkOptions, type OptionRules } from "../options.ts";
import { normalizeDims, type Shape } from "../shape.ts";
import { requireTensor, type Tensor } from "../tensor.ts";

/** A dimension, or several. Negative ones count from the end. */
export type Dims = number | readonly number[];

/** What is left to say of a reduction whose dimensions were named before. */
export interface KeepdimOptions {
  /** Keeps the reduced dimensions with size 1. */
  readonly keepdim?: boolean;
}

/** Which dimensions a reduction runs over. */
export interface ReduceOptions extends KeepdimOptions {
  /** All of them unless told, or if the list is empty (as PyTorch). Negative ones count from the end. */
  readonly dim?: Dims;
}

/** Resolved options: sorted dimensions. */
export interface ReduceAttrs {
  readonly dims: readonly number[];
  readonly keepdim: boolean;
}

export const reduceRules: OptionRules<ReduceOptions> = { dim: dimsRule, keepdim: boolean };

/** No options, for the calls without any: those need no look at them. */
export const noOptions: ReduceOptions = Object.freeze({});

/**
 * What a reduction runs over: `first` is all options, or the dimensions, and then `others` are the options that are left. An empty list of
 * dimensions stands for all of them, as in PyTorch.
 *
 * Throws IndexError `OP/option`, `OP/dim`, `OP/dim-twice`; ArgumentError `OP/options`, `OP/unknown-option`.
 */
export function resolveReduce<O extends ReduceOptions>(op: string, x: Tensor, first: Dims | O, others: Omit<O, "dim"> | undefined, rules: OptionRules<O>): ReduceAttrs {
  requireTensor(op, "x", x);
  // Many sums are of everything, and of small tensors, where a look at the options would show.
  return first === noOptions && others === undefined ? { dims: normalizeDims(op, undefined, x.ndim), keepdim: false } : resolveGiven(op, x, first, others, rules);
}

function resolveGiven<O extends ReduceOptions>(op: string, x: Tensor, first: Dims | O, others: Omit<O, "dim"> | undefined, rules: OptionRules<O>): ReduceAttrs {
  if (isOptions(first) && others === undefined) {
    if (!isPlain(first)) checkOptions(op, first, rules);
    return reduceAttrs(op, x, first.dim, first.keepdim);
  }
  if (first !== noOptions) checkArgument(op, "dim", first, dimsRule);
  if (others !== undefined && !isKeepdim(others)) checkOptions(op, others, withoutDim(rules));
  return reduceAttrs(op, x, first === noOptions ? undefined : (first as Dims), others?.keepdim);
}

/** Whether the argument in the place of the dimensions is options. What is neither is refused as a dimension. */
export function isOptions<O extends object>(first: Dims | O | undefined): first is O {
  return typeof first === "object" && !Array.isArray(first);
}

/** The rules of the options that stand behind dimensions. */
export function withoutDim<O extends object>(rules: OptionRules<O>): OptionRules<Omit<O, "dim">> {
  return Object.fromEntries(Object.entries(rules).filter(([name]) => name !== "dim")) as OptionRules<Omit<O, "dim">>;
}

function reduceAttrs(op: string, x: Tensor, dim: Dims | undefined, keepdim = false): ReduceAttrs {
  const isAll = typeof dim === "object" && dim.length === 0;
  return { dims: normalizeDims(op, isAll ? undefined : dim, x.ndim), keepdim };
}

/** Whether there is nothing but keepdim: found out sooner than by going through the rules. */
function isKeepdim(options: object | null): boolean {
  return options !== null && typeof (options as KeepdimOptions).keepdim === "boolean" && Object.keys(options).length === 1;
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
