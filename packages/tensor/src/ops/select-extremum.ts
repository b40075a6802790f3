import { reduceKernel } from "../compute/reduce.ts";
import { zeros } from "../creation.ts";
import { inTheNameOf } from "../errors.ts";
import { defineOp } from "../op.ts";
import { boolean, dim as dimRule } from "../option-rules.ts";
import { checkArgument, checkOptions, type OptionRules } from "../options.ts";
import { normalizeDim } from "../shape.ts";
import { requireTensor, type Tensor } from "../tensor.ts";
import { div } from "./arithmetic.ts";
import { to } from "./cast.ts";
import { eq, isnan, logicalOr } from "./comparison.ts";
import { everyDType, numericDTypes } from "./every-dtype.ts";
import { maxAlong, minAlong } from "./extreme-along.ts";
import { isOptions, keptShape, noOptions, outputShape, reduceCases, reduceRules, refuseEmpty, resolveReduce, withoutDim, type Dims, type KeepdimOptions, type ReduceAttrs, type ReduceOptions } from "./reduce-options.ts";
import { alias, reshapeOrSame } from "./reshape.ts";
import { sum } from "./sum.ts";
import { where } from "./where.ts";

function defineExtremum(name: "amax" | "amin", kernel: "max" | "min"): (x: Tensor, attrs: ReduceAttrs) => Tensor {
  const definition = defineOp<readonly ["x"], ReduceAttrs, readonly ["x", "out"]>({
    name,
    inputs: ["x"],
    saves: ["x", "out"],
    dtypes: everyDType,
    infer: ([x], attrs) => {
      refuseEmpty(name, x, attrs.dims);
      return { shape: outputShape(x, attrs), dtype: x.dtype };
    },
    forward: ([x], { dims }, out) => reduceKernel(kernel, x, dims, out.shape),
    backward: {
      x: (dOut, { x, out, attrs }) => {
        const kept = keptShape(x.shape, attrs);
        const ties = tiesOf(x, reshapeOrSame(out, kept));
        const count = reshapeOrSame(sum(to(ties, dOut.dtype), { dim: attrs.dims }), dOut.shape);
        return where(ties, reshapeOrSame(div(dOut, count), kept), 0);
      },
    },
    samples: () => reduceCases.map(({ shape, attrs }) => ({ inputs: [{ shape, distinct: true }], attrs })),
  });
  return (x, attrs) => definition.run([x], attrs);
}

/** Where x has the extreme value `y`; where that is NaN, what made it so. */
function tiesOf(x: Tensor, y: Tensor): Tensor {
  const ties = eq(x, y);
  const hasNaN = y.numel() > 0 && Number.isNaN(amaxOp(y.detach(), { dims: y.shape.map((_, i) => i), keepdim: false }).item());
  return hasNaN ? logicalOr(ties, isnan(x)) : ties;
}

const amaxOp = defineExtremum("amax", "max");
const aminOp = defineExtremum("amin", "min");

/**
 * The largest element over dimensions, all of them unless told; NaN if there is one.
 *
 * Gradient  to the largest elements, shared evenly among equal ones; to the NaNs if there are any
 * Throws    IndexError `amax/empty`, `amax/dim`
 * @example
 * amax(tensor([[1, 5], [7, 2]]), 1).toArray(); // [5, 7]
 */
export function amax(x: Tensor, dim: Dims | ReduceOptions = noOptions, options?: KeepdimOptions): Tensor {
  return amaxOp(x, resolveReduce("amax", x, dim, options, reduceRules));
}

/**
 * The smallest element over dimensions, all of them unless told; NaN if there is one.
 *
 * Gradient  to the smallest elements, shared evenly among equal ones; to the NaNs if there are any
 * Throws    IndexError `amin/empty`, `amin/dim`
 * @example
 * amin(tensor([[1, 5], [7, 2]])).item(); // 1
 * amin(tensor([[1, 5], [7, 2]]), 0, { keepdim: true }).toArray(); // [[1, 2]]
 */
export function amin(x: Tensor, dim: Dims | ReduceOptions = noOptions, options?: KeepdimOptions): Tensor {
  return aminOp(x, resolveReduce("amin", x, dim, options, reduceRules));
}

function defineIndexOf(name: "argmax" | "argmin"): (x: Tensor, attrs: ReduceAttrs) => Tensor {
  const definition = defineOp<readonly ["x"], ReduceAttrs>({
    name,
    inputs: ["x"],
    saves: [],
    dtypes: numericDTypes,
    infer: ([x], attrs) => {
      refuseEmpty(name, x, attrs.dims);
      return { shape: outputShape(x, attrs), dtype: "int32" };
    },
    forward: ([x], { dims }, out) => reduceKernel(name, x, dims, out.shape, "int32"),
    samples: () => reduceCases.filter(({ attrs }) => attrs.dims.length === 1).map(({ shape, attrs }) => ({ inputs: [{ shape, distinct: true }], attrs })),
  });
  return (x, attrs) => definition.run([x], attrs);
}

const argmaxOp = defineIndexOf("argmax");
const argminOp = defineIndexOf("argmin");

/** Options of `argmax` and `argmin`. */
export interface ArgOptions {
  /** The flattened tensor unless told. */
  readonly dim?: number;
  readonly keepdim?: boolean;
}

const argRules: OptionRules<ArgOptions> = { dim: dimRule, keepdim: boolean };

function indexOf(op: (x: Tensor, attrs: ReduceAttrs) => Tensor, name: string, x: Tensor, first: number | ArgOptions | undefined, others: KeepdimOptions | undefined): Tensor {
  requireTensor(name, "x", x);
  const isAll = isOptions(first) && others === undefined;
  if (isAll) checkOptions(name, first, argRules);
  else if (first !== undefined) checkArgument(name, "dim", first, dimRule);
  if (others !== undefined) checkOptions(name, others, withoutDim(argRules));
  const { dim, keepdim = false } = isAll ? first : { ...others, dim: first as number | undefined };
  const d = dim === undefined ? null : normalizeDim(name, dim, x.ndim);
  if (d !== null && x.ndim > 0) return op(x, { dims: [d], keepdim });
  const index = op(reshapeOrSame(x, [x.numel()]), { dims: [0], keepdim: false });
  return keepdim ? reshapeOrSame(index, x.shape.map(() => 1)) : index;
}

/**
 * Position of the largest element as int32, the first of equal ones; of the flattened tensor, or along one dimension.
 *
 * Throws    IndexError `argmax/empty`, `argmax/dim`
 * @example
 * argmax(tensor([[1, 5], [7, 2]]), 1).toArray(); // [1, 0]
 * argmax(tensor([[1, 5], [7, 2]]), 0, { keepdim: true }).toArray(); // [[1, 0]]
 */
export function argmax(x: Tensor, dim?: number | ArgOptions, options?: KeepdimOptions): Tensor {
  return indexOf(argmaxOp, "argmax", x, dim, options);
}

/**
 * Position of the smallest element as int32, the first of equal ones; of the flattened tensor, or along one dimension.
 *
 * Throws    IndexError `argmin/empty`, `argmin/dim`
 * @example
 * argmin(tensor([4, 1, 3])).item(); // 1
 * argmin(tensor([[1, 5], [7, 2]]), { dim: 1 }).toArray(); // [0, 1]
 */
export function argmin(x: Tensor, dim?: number | ArgOptions, options?: KeepdimOptions): Tensor {
  return indexOf(argminOp, "argmin", x, dim, options);
}

/** The extreme elements along a dimension, and where they were; to be taken apart by name or by place. */
export interface ValuesAndIndices extends Iterable<Tensor> {
  readonly values: Tensor;
  /** int32, the first position among equal elements. */
  readonly indices: Tensor;
}

class Extrema implements ValuesAndIndices {
  readonly values: Tensor;
  readonly indices: Tensor;

  constructor(values: Tensor, indices: Tensor) {
    this.values = values;
    this.indices = indices;
  }

  *[Symbol.iterator](): Iterator<Tensor> {
    yield this.values;
    yield this.indices;
  }
}

const keepdimRules: OptionRules<KeepdimOptions> = { keepdim: boolean };

function keeps(name: string, keepdim: boolean | KeepdimOptions): boolean {
  if (typeof keepdim !== "object" || keepdim === null) checkArgument(name, "keepdim", keepdim, boolean);
  else checkOptions(name, keepdim, keepdimRules);
  return typeof keepdim === "boolean" ? keepdim : keepdim.keepdim ?? false;
}

function alongDim(name: "max" | "min", x: Tensor, dim: number, keepdimOrOptions: boolean | KeepdimOptions): ValuesAndIndices {
  requireTensor(name, "x", x);
  checkArgument(name, "dim", dim, dimRule);
  const keepdim = keeps(name, keepdimOrOptions);
  const d = normalizeDim(name, dim, x.ndim);
  if (x.ndim === 0) return new Extrema(alias(x), zeros([], { dtype: "int32" }));
  const [values, indices] = (name === "max" ? maxAlong : minAlong).run([x], { dim: d, keepdim });
  return new Extrema(values, indices);
}

/**
 * The largest element: of the whole tensor, or with `dim` along a dimension, together with its position.
 *
 * Gradient  with `dim` to the first of equal elements; without, as `amax`
 * Throws    IndexError `max/empty`, `max/dim`, `max/option`
 * @example
 * max(tensor([3, 9, 4])).item(); // 9
 * const { values, indices } = max(tensor([[3, 9], [8, 4]]), 1);
 * values.toArray(); // [9, 8]
 * indices.toArray(); // [1, 0]
 */
export function max(x: Tensor): Tensor;
export function max(x: Tensor, dim: number, keepdim?: boolean | KeepdimOptions): ValuesAndIndices;
export function max(x: Tensor, dim?: number, keepdim: boolean | KeepdimOptions = false): Tensor | ValuesAndIndices {
  return dim === undefined ? inTheNameOf("max", () => amax(x)) : alongDim("max", x, dim, keepdim);
}

/**
 * The smallest element: of the whole tensor, or with `dim` along a dimension, together with its position.
 *
 * Gradient  with `dim` to the first of equal elements; without, as `amin`
 * Throws    IndexError `min/empty`, `min/dim`, `min/option`
 * @example
 * min(tensor([3, 9, 4])).item(); // 3
 * const [values, indices] = min(tensor([[3, 9], [8, 4]]), 1, { keepdim: true });
 * values.toArray(); // [[3], [4]]
 * indices.toArray(); // [[0], [1]]
 */
export function min(x: Tensor): Tensor;
export function min(x: Tensor, dim: number, keepdim?: boolean | KeepdimOptions): ValuesAndIndices;
export function min(x: Tensor, dim?: number, keepdim: boolean | KeepdimOptions = false): Tensor | ValuesAndIndices {
  return dim === undefined ? inTheNameOf("min", () => amin(x)) : alongDim("min", x, dim, keepdim);
}
