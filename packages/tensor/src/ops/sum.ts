import { dtypeInfo, isHalf } from "@tapegrad/kernels";
import { reduceKernel } from "../compute/reduce.ts";
import { DTypeError } from "../errors.ts";
import { defineOp } from "../op.ts";
import { countType } from "../promote.ts";
import { sameShape, type Shape } from "../shape.ts";
import { describe, requireTensor, type Tensor } from "../tensor.ts";
import { div } from "./arithmetic.ts";
import { to } from "./cast.ts";
import { everyDType } from "./every-dtype.ts";
import { expandOrSame } from "./expand.ts";
import { keptShape, noOptions, outputShape, reducedSize, reduceCasesWithEmpty, reduceRules, resolveReduce, type Dims, type KeepdimOptions, type ReduceAttrs, type ReduceOptions } from "./reduce-options.ts";
import { reshapeOrSame } from "./reshape.ts";

const definition = defineOp<readonly ["x"], ReduceAttrs>({
  name: "sum",
  inputs: ["x"],
  saves: [],
  dtypes: everyDType,
  infer: ([x], attrs) => ({ shape: outputShape(x, attrs), dtype: countType(x.dtype) }),
  forward: ([x], { dims }, out) => reduceKernel("sum", x, dims, out.shape, out.dtype),
  backward: { x: (dOut, { attrs, shapes: [shape = []] }) => expandOrSame(reshapeOrSame(dOut, keptShape(shape, attrs)), shape) },
  samples: () => reduceCasesWithEmpty.map(({ shape, attrs }) => ({ inputs: [{ shape }], attrs })),
});

/**
 * Sum over dimensions, all of them unless told; 0 of nothing. Integers and bools are counted in int64. Accumulated in blocks, so that float32 errors stay small.
 *
 * Gradient  dx = dOut, repeated
 * Throws    IndexError `sum/dim`, `sum/dim-twice`
 * @example
 * sum(tensor([[1, 2], [3, 4]])).item(); // 10
 * sum(tensor([[1, 2], [3, 4]]), 0).toArray(); // [4, 6]
 * sum(tensor([[1, 2], [3, 4]]), [0, 1], { keepdim: true }).toArray(); // [[10]]
 * sum(tensor([[1, 2], [3, 4]]), { dim: 1 }).toArray(); // [3, 7]
 */
export function sum(x: Tensor, dim: Dims | ReduceOptions = noOptions, options?: KeepdimOptions): Tensor {
  return definition.run([x], resolveReduce("sum", x, dim, options, reduceRules));
}

/**
 * Mean over dimensions, all of them unless told; NaN of nothing.
 *
 * Gradient  dx = dOut / n, repeated
 * Throws    IndexError `mean/dim`, DTypeError `mean/dtype`
 * @example
 * mean(tensor([1, 2, 6])).item(); // 3
 * mean(tensor([[1, 2], [3, 4]]), 1, { keepdim: true }).toArray(); // [[1.5], [3.5]]
 */
export function mean(x: Tensor, dim: Dims | ReduceOptions = noOptions, options?: KeepdimOptions): Tensor {
  requireTensor("mean", "x", x);
  if (!dtypeInfo[x.dtype].isFloating) {
    throw new DTypeError({
      op: "mean",
      fact: `dtype ${x.dtype} must be floating`,
      details: [describe("x", x)],
      hint: 'convert it first: x.to("float32")',
      code: "mean/dtype",
      data: { dtype: x.dtype },
    });
  }
  const attrs = resolveReduce("mean", x, dim, options, reduceRules);
  // The sum of 16-bit numbers may be too large for them where the mean is not.
  if (isHalf(x.dtype)) return to(div(definition.run([to(x, "float32")], attrs), reducedSize(x.shape, attrs.dims)), x.dtype);
  return div(definition.run([x], attrs), reducedSize(x.shape, attrs.dims));
}

/** Sums a gradient over the dimensions along which an operand of `shape` was broadcast. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const lead = x.ndim - shape.length;
  const dims = x.shape.flatMap((size, i) => (i < lead || (shape[i - lead] === 1 && size !== 1) ? [i] : []));
  return reshapeOrSame(sum(x, { dim: dims }), shape);
}
