import { binaryOps, unaryOps } from "@tapegrad/kernels";
import { defineOp } from "../op.ts";
import { reduceKernel } from "../compute/reduce.ts";
import { binaryKernel, unaryKernel } from "../compute/pointwise.ts";
import { finite } from "../option-rules.ts";
import type { OptionRules } from "../options.ts";
import type { Tensor } from "../tensor.ts";
import { mul, sub } from "./arithmetic.ts";
import { gt } from "./comparison.ts";
import { sqrt, square } from "./exponential.ts";
import { keptShape, outputShape, reducedSize, reduceCases, noOptions, reduceRules, resolveReduce, type ReduceAttrs, type ReduceOptions } from "./reduce-options.ts";
import { reshape } from "./reshape.ts";
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
  // Two passes: the mean, then the squared distances from it.
  forward: ([x], attrs, spec) => {
    const kept = { shape: keptShape(x.shape, attrs), dtype: x.dtype };
    const n = reducedSize(x.shape, attrs.dims);
    const center = unaryKernel(unaryOps.mulScalar, reduceKernel("sum", x, attrs.dims, kept.shape), kept, 1 / n);
    const distance = binaryKernel(binaryOps.sub, x, center, { shape: x.shape, dtype: x.dtype }, x.dtype);
    const squares = unaryKernel(unaryOps.square, distance, { shape: x.shape, dtype: x.dtype });
    return unaryKernel(unaryOps.mulScalar, reduceKernel("sum", squares, attrs.dims, spec.shape), spec, 1 / Math.max(0, n - attrs.correction));
  },
  backward: {
    x: (dOut, { x, attrs }) => {
      const scale = 2 / Math.max(0, reducedSize(x.shape, attrs.dims) - attrs.correction);
      const distance = sub(x, mean(x, { dim: attrs.dims, keepdim: true }));
      return mul(mul(reshape(dOut, keptShape(x.shape, attrs)), scale), distance);
    },
  },
  composite: ([x], { dims, keepdim, correction }) => {
    const squares = sum(square(sub(x, mean(x, { dim: dims, keepdim: true }))), { dim: dims, keepdim });
    return mul(squares, 1 / Math.max(0, reducedSize(x.shape, dims) - correction));
  },
  samples: () =>
    reduceCases
      .filter(({ shape, attrs }) => reducedSize(shape, attrs.dims) > 1)
      .flatMap(({ shape, attrs }) => [0, 1].map((correction) => ({ inputs: [{ shape }], attrs: { ...attrs, correction } }))),
});

/** Options of `variance` and `std`. */
export interface VarianceOptions extends ReduceOptions {
  /** Subtracted from n in the divisor: 1 (unless told) gives the unbiased variance, 0 the biased one. */
  readonly correction?: number;
}

const varianceRules: OptionRules<VarianceOptions> = { ...reduceRules, correction: finite };

/**
 * Mean squared distance from the mean, in two passes.
 *
 * Gradient  dx = dOut 2 (x - mean) / (n - correction)
 * Throws    IndexError `var/dim`
 * @example
 * variance(tensor([1, 2, 3, 4]), { correction: 0 }).item(); // 1.25
 */
export function variance(x: Tensor, options: VarianceOptions = noOptions): Tensor {
  const { dims, keepdim } = resolveReduce("var", x, options, varianceRules);
  return definition.run([x], { dims, keepdim, correction: options.correction ?? 1 });
}

/** sqrt whose derivative at 0 counts as 0: nothing changes the length of a zero vector in a preferred direction. */
function flatSqrt(x: Tensor): Tensor {
  const positive = gt(x, 0);
  return where(positive, sqrt(where(positive, x, 1)), x);
}

/**
 * Standard deviation: the square root of `variance`.
 *
 * Gradient  dx = dOut (x - mean) / (out (n - correction))          (0 for constants)
 * Throws    IndexError `var/dim`
 * @example
 * std(tensor([1, 3]), { correction: 0 }).item(); // 1
 */
export function std(x: Tensor, options: VarianceOptions = noOptions): Tensor {
  return flatSqrt(variance(x, options));
}

/**
 * Euclidean length over dimensions, all of them unless told.
 *
 * Gradient  dx = dOut x / out          (0 at 0)
 * Throws    IndexError `sum/dim`
 * @example
 * norm(tensor([3, 4])).item(); // 5
 */
export function norm(x: Tensor, options: ReduceOptions = noOptions): Tensor {
  return flatSqrt(sum(square(x), options));
}
