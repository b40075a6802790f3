import { ShapeError } from "../errors.ts";
import { defineOp } from "../op.ts";
import { refusedOption } from "../options.ts";
import { formatShape, normalizeDim } from "../shape.ts";
import { describe, requireTensor, Tensor } from "../tensor.ts";
import { everyDType } from "./every-dtype.ts";
import { alias } from "./reshape.ts";

const definition = defineOp<readonly ["x"], { dims: readonly number[] }>({
  name: "permute",
  inputs: ["x"],
  saves: [],
  view: true,
  dtypes: everyDType,
  infer: ([x], { dims }) => ({ shape: dims.map((dim) => x.shape[dim] as number), dtype: x.dtype }),
  forward: ([x], { dims }, { shape }) => {
    const strides = x.strides;
    return new Tensor(x.storage, shape, dims.map((dim) => strides[dim] as number), x.offset);
  },
  backward: { x: (dOut, { attrs: { dims } }) => permute(dOut, dims.map((_, i) => dims.indexOf(i))) },
  samples: () =>
    (
      [
        [[], []],
        [[2, 3], [1, 0]],
        [[2, 3, 4], [2, 0, 1]],
        [[2, 0, 3], [1, 2, 0]],
      ] as const
    ).map(([shape, dims]) => ({ inputs: [{ shape }], attrs: { dims } })),
});

/**
 * The dimensions in another order, sharing storage.
 *
 * Shapes    x [n0, n1, ...] -> [n at dims[0], n at dims[1], ...]
 * Gradient  dx = dOut with the inverse order
 * Throws    ShapeError `permute/dims`, IndexError `permute/dim`
 * @example
 * zeros([2, 3, 4]).permute([2, 0, 1]).shape; // [4, 2, 3]
 */
export function permute(x: Tensor, dims: readonly number[]): Tensor {
  requireTensor("permute", "x", x);
  if (!Array.isArray(dims)) throw refusedOption("permute", "dims", dims, "a list of numbers");
  const order = (dims as readonly number[]).map((dim) => normalizeDim("permute", dim, x.ndim));
  if (order.length !== x.ndim || new Set(order).size !== x.ndim) {
    throw new ShapeError({
      op: "permute",
      fact: `dims ${formatShape(dims)} must name each of the ${x.ndim} dimensions once`,
      details: [describe("x", x)],
      code: "permute/dims",
      data: { dims, shape: x.shape },
    });
  }
  return definition.run([x], { dims: order });
}

/**
 * Two dimensions exchanged, sharing storage.
 *
 * Gradient  dx = dOut transposed
 * Throws    IndexError `transpose/dim`
 * @example
 * tensor([[1, 2], [3, 4]]).transpose(0, 1).toArray(); // [[1, 3], [2, 4]]
 */
export function transpose(x: Tensor, dim0: number, dim1: number): Tensor {
  requireTensor("transpose", "x", x);
  const a = normalizeDim("transpose", dim0, x.ndim, "dim0");
  const b = normalizeDim("transpose", dim1, x.ndim, "dim1");
  if (a === b) return alias(x);
  const dims = x.shape.map((_, i) => (i === a ? b : i === b ? a : i));
  return definition.run([x], { dims });
}

/**
 * A matrix transposed; a tensor of fewer dimensions as it is.
 *
 * Throws    ShapeError `t/matrix`
 * @example
 * t(zeros([2, 3])).shape; // [3, 2]
 */
export function t(x: Tensor): Tensor {
  requireTensor("t", "x", x);
  if (x.ndim > 2) {
    throw new ShapeError({ op: "t", fact: `x has ${x.ndim} dimensions; t takes 2 at most`, details: [describe("x", x)], hint: "use x.mT or transpose", code: "t/matrix" });
  }
  return x.ndim < 2 ? alias(x) : transpose(x, 0, 1);
}
