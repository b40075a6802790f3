import type { DType } from "@tapegrad/kernels";
import { binaryOps, unaryOps } from "../compute/codes.ts";
import { binaryKernel, unaryKernel } from "../compute/pointwise.ts";
import { reduceKernel } from "../compute/reduce.ts";
import { defineOp } from "../op.ts";
import { floatType } from "../promote.ts";
import { requireTensor, Tensor } from "../tensor.ts";
import { add, div, mul, sub } from "./arithmetic.ts";
import { to } from "./cast.ts";
import { exp, log } from "./exponential.ts";
import { clamp } from "./extremum.ts";
import { eq } from "./comparison.ts";
import { keptShape, noOptions, outputShape, reduceCasesWithEmpty, reducedSize, reduceRules, resolveReduce, type Dims, type KeepdimOptions, type ReduceAttrs, type ReduceOptions } from "./reduce-options.ts";
import { reshapeOrSame } from "./reshape.ts";
import { amax } from "./select-extremum.ts";
import { sum } from "./sum.ts";
import { where } from "./where.ts";

const largest: Partial<Record<DType, number>> = { float64: Number.MAX_VALUE, float32: 2 ** 128 - 2 ** 104, float16: 65504, bfloat16: 2 ** 128 - 2 ** 120 };
const largestFinite = (dtype: DType): number => largest[dtype] ?? Infinity;

const definition = defineOp<readonly ["x"], ReduceAttrs, readonly ["x"]>({
  name: "logsumexp",
  inputs: ["x"],
  saves: ["x"],
  scoped: true,
  infer: ([x], attrs) => ({ shape: outputShape(x, attrs), dtype: x.dtype }),
  forward: ([x], attrs, spec, call) => {
    const kept = { shape: keptShape(x.shape, attrs), dtype: x.dtype };
    const full = { shape: x.shape, dtype: x.dtype };
    // The maximum of nothing is -inf, the sum 0. An infinite maximum is replaced by a finite one: inf - inf is NaN.
    const limit = largestFinite(x.dtype);
    const finite = unaryKernel(unaryOps.clamp, reduceKernel("max", x, attrs.dims, kept.shape), kept, -limit, limit);
    const powers = unaryKernel(unaryOps.exp, binaryKernel(binaryOps.sub, x, finite, full, x.dtype), full);
    const total = reduceKernel("sum", powers, attrs.dims, kept.shape);
    const logs = unaryKernel(unaryOps.log, total, kept);
    // Only a sum over nothing but -inf is less than 1: 0, which would divide 0.
    call.aux = [finite, unaryKernel(unaryOps.clamp, total, kept, 1, Infinity)];
    return new Tensor(binaryKernel(binaryOps.add, logs, finite, kept, x.dtype).storage, spec.shape);
  },
  backward: {
    // Not exp(x - out): beside a large maximum, `out` has lost the logarithm of the sum.
    x: (dOut, { x, attrs, aux }) => {
      const [finite, total] = aux as readonly [Tensor, Tensor];
      return mul(exp(sub(x, finite)), div(reshapeOrSame(dOut, keptShape(x.shape, attrs)), total));
    },
  },
  composite: ([x], attrs) => {
    if (reducedSize(x.shape, attrs.dims) === 0) return add(sum(x, { dim: attrs.dims, keepdim: attrs.keepdim }), -Infinity);
    const limit = largestFinite(x.dtype);
    const finite = clamp(amax(x.detach(), { dim: attrs.dims, keepdim: true }), { min: -limit, max: limit });
    const total = sum(exp(sub(x, finite)), { dim: attrs.dims, keepdim: true });
    const none = eq(total, 0);
    return reshapeOrSame(add(where(none, -Infinity, log(where(none, 1, total))), finite), outputShape(x, attrs));
  },
  createGraphByComposite: true,
  samples: () => reduceCasesWithEmpty.map(({ shape, attrs }) => ({ inputs: [{ shape }], attrs })),
});

/**
 * log of the sum of exponentials over dimensions, all of them unless told, without overflow; -inf for all -inf, and of nothing. Integers
 * and bools give float32.
 *
 * Gradient  dx = dOut exp(x - out)          (0 where all are -inf)
 * Throws    IndexError `logsumexp/dim`, `logsumexp/dim-twice`
 * @example
 * logsumexp(tensor([0, 0])).item(); // 0.6931471824645996
 * logsumexp(tensor([[0, 0], [-Infinity, 1]]), 1).toArray(); // [0.6931471824645996, 1]
 */
export function logsumexp(x: Tensor, dim: Dims | ReduceOptions = noOptions, options?: KeepdimOptions): Tensor {
  requireTensor("logsumexp", "x", x);
  return definition.run([to(x, floatType(x.dtype))], resolveReduce("logsumexp", x, dim, options, reduceRules));
}
