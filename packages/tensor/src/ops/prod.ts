import { toDType } from "../compute/cast.ts";
import { reduceKernel } from "../compute/reduce.ts";
import { defineOp, type DefinedOp } from "../op.ts";
import type { Tensor } from "../tensor.ts";
import { div, mul } from "./arithmetic.ts";
import { eq, logicalAnd } from "./comparison.ts";
import { everyDType } from "./every-dtype.ts";
import { keptShape, outputShape, reduceCasesWithEmpty, noOptions, reduceRules, resolveReduce, type ReduceAttrs, type ReduceOptions } from "./reduce-options.ts";
import { reshape } from "./reshape.ts";
import { sum } from "./sum.ts";
import { where } from "./where.ts";

const definition: DefinedOp<readonly ["x"], ReduceAttrs> = defineOp<readonly ["x"], ReduceAttrs, readonly ["x"]>({
  name: "prod",
  inputs: ["x"],
  saves: ["x"],
  dtypes: everyDType,
  infer: ([x], attrs) => ({ shape: outputShape(x, attrs), dtype: x.dtype === "uint8" || x.dtype === "bool" ? "int32" : x.dtype }),
  forward: ([x], { dims }, out) => {
    const source = toDType(x, out.dtype);
    const result = reduceKernel("prod", source, dims, out.shape);
    if (source !== x) source.storage.free();
    return result;
  },
  backward: {
    // The product of the others: of the non-zero ones, unless another factor is zero.
    x: (dOut, { x, attrs }) => {
      const isZero = eq(x, 0);
      const others = where(isZero, 1, x);
      const product = definition.run([others], { dims: attrs.dims, keepdim: true });
      const zeros = sum(isZero, { dim: attrs.dims, keepdim: true });
      const onlyZero = where(logicalAnd(isZero, eq(zeros, 1)), product, 0);
      return mul(reshape(dOut, keptShape(x.shape, attrs)), where(eq(zeros, 0), div(product, others), onlyZero));
    },
  },
  samples: () => reduceCasesWithEmpty.map(({ shape, attrs }) => ({ inputs: [{ shape, range: [0.7, 1.3] }], attrs })),
});

/**
 * Product over dimensions, all of them unless told; 1 of nothing.
 *
 * Gradient  dx = dOut times the product of the other factors, exact where some are zero
 * Throws    IndexError `prod/dim`, `prod/dim-twice`
 * @example
 * prod(tensor([2, 3, 4])).item(); // 24
 */
export function prod(x: Tensor, options: ReduceOptions = noOptions): Tensor {
  return definition.run([x], resolveReduce("prod", x, options, reduceRules));
}
