import { dtypeInfo, isHalf } from "@tapegrad/kernels";
import { unaryOps } from "../compute/codes.ts";
import { toDType } from "../compute/cast.ts";
import { sumsOfSquaredDistances, sumsOfSquares } from "../compute/moments.ts";
import { unaryKernel } from "../compute/pointwise.ts";
import { defineOp } from "../op.ts";
import type { OutputSpec, Sample } from "../op-spec.ts";
import { finite } from "../option-rules.ts";
import type { OptionRules } from "../options.ts";
import { requireTensor, type Tensor } from "../tensor.ts";
import { div, mul, sub } from "./arithmetic.ts";
import { to } from "./cast.ts";
import { eq } from "./comparison.ts";
import { sqrt, square } from "./exponential.ts";
import { isOptions, keptShape, noOptions, outputShape, reducedSize, reduceCases, reduceRules, resolveReduce, type Dims, type KeepdimOptions, type ReduceAttrs, type ReduceOptions } from "./reduce-options.ts";
import { reshapeOrSame } from "./reshape.ts";
import { mean, sum } from "./sum.ts";
import { where } from "./where.ts";

interface VarAttrs extends ReduceAttrs {
  readonly correction: number;
}

const definition = defineOp<readonly ["x"], VarAttrs, readonly ["x"]>({
  name: "var",
  inputs: ["x"],
  saves: ["x"],
  scoped: true,
  infer: ([x], attrs) => ({ shape: outputShape(x, attrs), dtype: x.dtype }),
  forward: ([x], attrs, spec) => meanSquare(x, attrs, spec, false),
  backward: {
    x: (dOut, { x, attrs }) => {
      const scale = 2 / Math.max(0, reducedSize(x.shape, attrs.dims) - attrs.correction);
      const distance = distances(x, attrs);
      return mul(mul(reshapeOrSame(dOut, keptShape(x.shape, attrs)), scale), distance);
    },
  },
  composite: ([x], { dims, keepdim, correction }) => {
    const squares = sum(square(sub(x, mean(x, { dim: dims, keepdim: true }))), { dim: dims, keepdim });
    return mul(squares, 1 / Math.max(0, reducedSize(x.shape, dims) - correction));
  },
  samples: () => varianceSamples(),
});

function varianceSamples(): Sample<VarAttrs>[] {
  return reduceCases
    .filter(({ shape, attrs }) => reducedSize(shape, attrs.dims) > 1)
    .flatMap(({ shape, attrs }) => [0, 1].map((correction) => ({ inputs: [{ shape }], attrs: { ...attrs, correction } })));
}

/** 16 bits are too coarse for what gradients compute on their way; the engine brings these back to it. */
const widened = (x: Tensor): Tensor => (isHalf(x.dtype) ? to(x, "float32") : x);

function distances(x: Tensor, { dims }: ReduceAttrs): Tensor {
  const wide = widened(x);
  return sub(wide, mean(wide, { dim: dims, keepdim: true }));
}

/** Options of `variance` and `std`. */
export interface VarianceOptions extends ReduceOptions {
  /** Subtracted from n in the divisor: 1 (unless told) gives the unbiased variance, 0 the biased one. */
  readonly correction?: number;
}

const varianceRules: OptionRules<VarianceOptions> = { ...reduceRules, correction: finite };

function resolveVariance(op: string, x: Tensor, first: Dims | VarianceOptions, others: Omit<VarianceOptions, "dim"> | undefined): VarAttrs {
  const { dims, keepdim } = resolveReduce(op, x, first, others, varianceRules);
  const { correction = 1 }: VarianceOptions = others ?? (isOptions(first) ? first : noOptions);
  return { dims, keepdim, correction };
}

/**
 * Mean squared distance from the mean, in two passes.
 *
 * Gradient  dx = dOut 2 (x - mean) / (n - correction)
 * Throws    IndexError `var/dim`
 * @example
 * variance(tensor([1, 2, 3, 4]), { correction: 0 }).item(); // 1.25
 * variance(tensor([[1, 3], [2, 6]]), 1, { correction: 0 }).toArray(); // [1, 4]
 */
export function variance(x: Tensor, dim: Dims | VarianceOptions = noOptions, options?: Omit<VarianceOptions, "dim">): Tensor {
  return definition.run([x], resolveVariance("var", x, dim, options));
}

const stdOp = defineOp<readonly ["x"], VarAttrs, readonly ["x", "out"]>({
  name: "std",
  inputs: ["x"],
  saves: ["x", "out"],
  scoped: true,
  infer: ([x], attrs) => ({ shape: outputShape(x, attrs), dtype: x.dtype }),
  // The root is taken before the variance is rounded to the result's dtype, which it may be too large or too small for.
  forward: ([x], attrs, spec) => meanSquare(x, attrs, spec, true),
  backward: {
    x: (dOut, { x, out, attrs }) => {
      const degrees = Math.max(0, reducedSize(x.shape, attrs.dims) - attrs.correction);
      return alongDirection(distances(x, attrs), widened(out), div(widened(dOut), degrees), attrs);
    },
  },
  composite: ([x], attrs) => sqrt(definition.run([x], attrs)),
  samples: () => varianceSamples(),
});

const normOp = defineOp<readonly ["x"], ReduceAttrs, readonly ["x", "out"]>({
  name: "norm",
  inputs: ["x"],
  saves: ["x", "out"],
  scoped: true,
  infer: ([x], attrs) => ({ shape: outputShape(x, attrs), dtype: x.dtype }),
  forward: ([x], { dims }, spec) => {
    const sums = sumsOfSquares(x, dims, spec.shape);
    return toDType(unaryKernel(unaryOps.sqrt, sums, { shape: spec.shape, dtype: sums.dtype }), spec.dtype);
  },
  backward: { x: (dOut, { x, out, attrs }) => alongDirection(widened(x), widened(out), widened(dOut), attrs) },
  composite: ([x], { dims, keepdim }) => sqrt(sum(square(x), { dim: dims, keepdim })),
  samples: () => reduceCases.map(({ shape, attrs }) => ({ inputs: [{ shape, avoid: [0] }], attrs })),
});

/** Sums of squared distances by the degrees of freedom, and the root of that if it `isRoot`. */
function meanSquare(x: Tensor, attrs: VarAttrs, { shape, dtype }: OutputSpec, isRoot: boolean): Tensor {
  const sums = sumsOfSquaredDistances(x, attrs.dims, shape);
  const own = { shape, dtype: sums.dtype };
  const means = unaryKernel(unaryOps.mulScalar, sums, own, 1 / Math.max(0, reducedSize(x.shape, attrs.dims) - attrs.correction));
  return toDType(isRoot ? unaryKernel(unaryOps.sqrt, means, own) : means, dtype);
}

/** x / length times `factor`; 0 where the length is: nothing changes the length of a zero vector in a preferred direction. Nor do higher derivatives. */
function alongDirection(x: Tensor, length: Tensor, factor: Tensor, attrs: ReduceAttrs): Tensor {
  const kept = keptShape(x.shape, attrs);
  const isZero = eq(length, 0);
  const [divisor, scale] = [where(isZero, 1, length), where(isZero, 0, factor)];
  return mul(div(x, reshapeOrSame(divisor, kept)), reshapeOrSame(scale, kept));
}

/**
 * Standard deviation: the square root of `variance`, without overflow where that has one.
 *
 * Gradient  dx = dOut (x - mean) / (out (n - correction))          (0 for constants)
 * Throws    IndexError `std/dim`
 * @example
 * std(tensor([1, 3]), { correction: 0 }).item(); // 1
 * std(tensor([[1, 3], [2, 6]]), 1, { correction: 0 }).toArray(); // [1, 2]
 */
export function std(x: Tensor, dim: Dims | VarianceOptions = noOptions, options?: Omit<VarianceOptions, "dim">): Tensor {
  return stdOp.run([x], resolveVariance("std", x, dim, options));
}

/**
 * Euclidean length over dimensions, all of them unless told. float32 neither overflows nor underflows unless the length does. As in the
 * other reductions, a number is a dimension (PyTorch's first argument is the order of the norm).
 *
 * Gradient  dx = dOut x / out          (0 at 0)
 * Throws    IndexError `norm/dim`
 * @example
 * norm(tensor([3, 4])).item(); // 5
 * norm(tensor([[3, 4], [6, 8]]), 1).toArray(); // [5, 10]
 */
export function norm(x: Tensor, dim: Dims | ReduceOptions = noOptions, options?: KeepdimOptions): Tensor {
  requireTensor("norm", "x", x);
  const source = dtypeInfo[x.dtype].isFloating ? x : to(x, "float32");
  return normOp.run([source], resolveReduce("norm", x, dim, options, reduceRules));
}
