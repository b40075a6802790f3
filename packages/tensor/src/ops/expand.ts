import { inTheNameOf, ShapeError } from "../errors.ts";
import { defineOp } from "../op.ts";
import { broadcastStrides } from "../compute/layout.ts";
import { checkShape, formatShape, sameShape, tryBroadcast, type Shape } from "../shape.ts";
import { describe, requireTensor, Tensor } from "../tensor.ts";
import { everyDType } from "./every-dtype.ts";

const definition = defineOp<readonly ["x"], { shape: Shape }>({
  name: "expand",
  inputs: ["x"],
  saves: [],
  view: true,
  dtypes: everyDType,
  infer: ([x], { shape }) => ({ shape, dtype: x.dtype }),
  forward: ([x], { shape }) => new Tensor(x.storage, shape, broadcastStrides(x.shape, x.strides, shape), x.offset),
  // The engine sums over the broadcast dimensions.
  backward: { x: (dOut) => dOut },
  samples: () =>
    (
      [
        [[], [3]],
        [[3], [2, 3]],
        [[2, 1, 3], [4, 2, 5, 3]],
        [[1], [0]],
      ] as const
    ).map(([from, shape]) => ({ inputs: [{ shape: from }], attrs: { shape } })),
});

/**
 * A larger shape, seen by repeating along dimensions of size 1 and new leading ones, without a copy. -1 keeps a size.
 *
 * Gradient  dx = dOut summed over the repeated dimensions
 * Throws    ShapeError `expand/shape`
 * @example
 * tensor([[1], [2]]).expand([2, 3]).toArray(); // [[1, 1, 1], [2, 2, 2]]
 */
export function expand(x: Tensor, shape: Shape): Tensor {
  requireTensor("expand", "x", x);
  if (!Array.isArray(shape)) checkShape("expand", shape);
  const lead = shape.length - x.ndim;
  const target = shape.map((size, i) => (size === -1 && i >= lead ? (x.shape[i - lead] as number) : size));
  const fits = lead >= 0 && target.every((size) => Number.isInteger(size) && size >= 0) && sameShape(tryBroadcast(x.shape, target) ?? [-1], target);
  if (!fits) {
    throw new ShapeError({
      op: "expand",
      fact: `x ${formatShape(x.shape)} cannot be repeated to shape ${formatShape(shape)}: sizes must be equal, or 1 in x`,
      details: [describe("x", x)],
      code: "expand/shape",
      data: { from: x.shape, shape },
    });
  }
  return definition.run([x], { shape: target });
}

/** `expand` for the inside of other ops: the tensor itself where it has the shape, which no user may see. */
export function expandOrSame(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : definition.run([x], { shape });
}

/** `expand` to the shape of another tensor. Throws ShapeError `expandAs/shape`. */
export function expandAs(x: Tensor, other: Tensor): Tensor {
  requireTensor("expandAs", "x", x);
  requireTensor("expandAs", "other", other);
  return inTheNameOf("expandAs", () => expand(x, other.shape));
}
