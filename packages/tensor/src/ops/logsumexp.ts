import { binaryOps, unaryOps } from "@tapegrad/kernels";
import { binaryKernel, unaryKernel } from "../compute/pointwise.ts";
import { reduceKernel } from "../compute/reduce.ts";
import { defineOp } from "../op.ts";
import { Tensor } from "../tensor.ts";
import { mul, sub } from "./arithmetic.ts";
import { exp, log } from "./exponential.ts";
import { isinf, logicalAnd, lt } from "./comparison.ts";
import { keptShape, outputShape, reduceCases, refuseEmpty, noOptions, reduceRules, resolveReduce, type ReduceAttrs, type ReduceOptions } from "./reduce-options.ts";
import { reshape } from "./reshape.ts";
import { sum } from "./sum.ts";
import { where } from "./where.ts";

const definition = defineOp<readonly ["x"], ReduceAttrs, readonly ["x", "out"]>({
  name: "logsumexp",
  inputs: ["x"],
  saves: ["x", "out"],
  scoped: true,
  infer: ([x], attrs) => {
    refuseEmpty("logsumexp", x, attrs.dims);
    return { shape: outputShape(x, attrs), dtype: x.dtype };
  },
  forward: ([x], attrs, spec) => {
    const kept = { shape: keptShape(x.shape, attrs), dtype: x.dtype };
    const full = { shape: x.shape, dtype: x.dtype };
    // An infinite maximum is replaced by a finite one: inf - inf is NaN.
    const limit = x.dtype === "float64" ? 1e300 : 3e38;
    const finite = unaryKernel(unaryOps.clamp, reduceKernel("max", x, attrs.dims, kept.shape), kept, -limit, limit);
    const powers = unaryKernel(unaryOps.exp, binaryKernel(binaryOps.sub, x, finite, full, x.dtype), full);
    const logs = unaryKernel(unaryOps.log, reduceKernel("sum", powers, attrs.dims, kept.shape), kept);
    return new Tensor(binaryKernel(binaryOps.add, logs, finite, kept, x.dtype).storage, spec.shape);
  },
  backward: {
    x: (dOut, { x, out, attrs }) => {
      const kept = keptShape(x.shape, attrs);
      const y = reshape(out, kept);
      // All -inf: the sum is 0 and stays so.
      const none = logicalAnd(isinf(y), lt(y, 0));
      return mul(reshape(dOut, kept), where(none, 0, exp(sub(x, where(none, 0, y)))));
    },
  },
  composite: ([x], { dims, keepdim }) => log(sum(exp(x), { dim: dims, keepdim })),
  samples: () => reduceCases.map(({ shape, attrs }) => ({ inputs: [{ shape }], attrs })),
});

/**
 * log of the sum of exponentials over dimensions, all of them unless told, without overflow; -inf for all -inf.
 *
 * Gradient  dx = dOut exp(x - out)          (0 where all are -inf)
 * Throws    IndexError `logsumexp/dim`, `logsumexp/empty`
 * @example
 * logsumexp(tensor([0, 0])).item(); // 0.6931471824645996
 */
export function logsumexp(x: Tensor, options: ReduceOptions = noOptions): Tensor {
  return definition.run([x], resolveReduce("logsumexp", x, options, reduceRules));
}
