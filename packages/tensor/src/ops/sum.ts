import { dtypeInfo, type DType } from "@tapegrad/kernels";
import { toDType } from "../compute/cast.ts";
import { reduceKernel } from "../compute/reduce.ts";
import { DTypeError } from "../errors.ts";
import { defineOp } from "../op.ts";
import { sameShape, type Shape } from "../shape.ts";
import { describe, type Tensor } from "../tensor.ts";
import { div } from "./arithmetic.ts";
import { everyDType } from "./every-dtype.ts";
import { expand } from "./expand.ts";
import { keptShape, outputShape, reducedSize, reduceCasesWithEmpty, noOptions, reduceRules, resolveReduce, type ReduceAttrs, type ReduceOptions } from "./reduce-options.ts";
import { reshape } from "./reshape.ts";

/** uint8 and bool are counted in int32, as PyTorch counts them in its widest integer. */
function sumDType(dtype: DType): DType {
  return dtype === "uint8" || dtype === "bool" ? "int32" : dtype;
}

const definition = defineOp<readonly ["x"], ReduceAttrs>({
  name: "sum",
  inputs: ["x"],
  saves: [],
  dtypes: everyDType,
  infer: ([x], attrs) => ({ shape: outputShape(x, attrs), dtype: sumDType(x.dtype) }),
  forward: ([x], { dims }, out) => {
    const source = toDType(x, out.dtype);
    const result = reduceKernel("sum", source, dims, out.shape);
    if (source !== x) source.storage.free();
    return result;
  },
  backward: { x: (dOut, { attrs, shapes: [shape = []] }) => expand(reshape(dOut, keptShape(shape, attrs)), shape) },
  samples: () => reduceCasesWithEmpty.map(({ shape, attrs }) => ({ inputs: [{ shape }], attrs })),
});

/**
 * Sum over dimensions, all of them unless told; 0 of nothing. Accumulated in blocks, so that float32 errors stay small.
 *
 * Gradient  dx = dOut, repeated
 * Throws    IndexError `sum/dim`, `sum/dim-twice`
 * @example
 * sum(tensor([[1, 2], [3, 4]]), { dim: 0 }).toArray(); // [4, 6]
 */
export function sum(x: Tensor, options: ReduceOptions = noOptions): Tensor {
  return definition.run([x], resolveReduce("sum", x, options, reduceRules));
}

/**
 * Mean over dimensions, all of them unless told; NaN of nothing.
 *
 * Gradient  dx = dOut / n, repeated
 * Throws    IndexError `mean/dim`, DTypeError `mean/dtype`
 * @example
 * mean(tensor([1, 2, 6])).item(); // 3
 */
export function mean(x: Tensor, options: ReduceOptions = noOptions): Tensor {
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
  const attrs = resolveReduce("mean", x, options, reduceRules);
  return div(definition.run([x], attrs), reducedSize(x.shape, attrs.dims));
}

/** Sums a gradient over the dimensions along which an operand of `shape` was broadcast. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const lead = x.ndim - shape.length;
  const dims = x.shape.flatMap((size, i) => (i < lead || (shape[i - lead] === 1 && size !== 1) ? [i] : []));
  return reshape(sum(x, { dim: dims }), shape);
}
