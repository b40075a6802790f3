import { ShapeError } from "../errors.ts";
import { defineOp } from "../op.ts";
import { checkShape, contiguousStrides, formatShape, normalizeDim, sameShape, sizeOf, type Shape } from "../shape.ts";
import { describe, requireTensor, Tensor } from "../tensor.ts";
import { clone } from "./clone.ts";
import { everyDType } from "./every-dtype.ts";

const definition = defineOp<readonly ["x"], { shape: Shape; strides: readonly number[] }>({
  name: "view",
  inputs: ["x"],
  saves: [],
  view: true,
  dtypes: everyDType,
  infer: ([x], { shape }) => ({ shape, dtype: x.dtype }),
  forward: ([x], { shape, strides }) => new Tensor(x.storage, shape, strides, x.offset),
  backward: { x: (dOut, { shapes: [shape = []] }) => reshapeOrSame(dOut, shape) },
  samples: () =>
    (
      [
        [[], [1, 1]],
        [[6], [2, 3]],
        [[2, 3, 4], [6, 4]],
        [[0, 2], [0, 5]],
      ] as const
    ).map(([from, shape]) => ({ inputs: [{ shape: from }], attrs: { shape, strides: contiguousStrides(shape) } })),
});

/**
 * The same elements under another shape, sharing storage. One size may be -1: it is worked out.
 *
 * Gradient  dx = dOut, reshaped
 * Throws    ShapeError `view/size`, `view/inferred`, `view/strides` where the strides allow no such view
 * @example
 * arange(6).view([2, -1]).shape; // [2, 3]
 */
export function view(x: Tensor, shape: Shape): Tensor {
  requireTensor("view", "x", x);
  const target = resolveShape("view", x, shape);
  const strides = viewStrides(x.shape, x.strides, target);
  if (strides === null) {
    throw new ShapeError({
      op: "view",
      fact: `strides ${formatShape(x.strides)} allow no view of shape ${formatShape(target)}`,
      details: [describe("x", x)],
      hint: "use reshape, which copies where it must",
      code: "view/strides",
      data: { shape: x.shape, strides: x.strides, target },
    });
  }
  return definition.run([x], { shape: target, strides });
}

/** A view of all of it: a tensor of its own, so that hooks and gradients of one are not the other's. */
export function alias(x: Tensor): Tensor {
  return definition.run([x], { shape: x.shape, strides: x.strides });
}

/**
 * The same elements in row-major order under another shape; a view where the strides allow it, a copy otherwise. One size
 * may be -1.
 *
 * Gradient  dx = dOut, reshaped
 * Throws    ShapeError `reshape/size`, `reshape/inferred`
 * @example
 * arange(6).reshape([3, 2]).toArray(); // [[0, 1], [2, 3], [4, 5]]
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  requireTensor("reshape", "x", x);
  const target = resolveShape("reshape", x, shape);
  if (sameShape(x.shape, target)) return alias(x);
  const strides = viewStrides(x.shape, x.strides, target);
  if (strides !== null) return definition.run([x], { shape: target, strides });
  return definition.run([clone(x)], { shape: target, strides: contiguousStrides(target) });
}

/** `reshape` for the inside of other ops: the tensor itself where it has the shape, which no user may see. */
export function reshapeOrSame(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : reshape(x, shape);
}

/**
 * Dimensions `start` to `end` (included) made one; the tensor itself if that is one dimension.
 *
 * Gradient  dx = dOut, reshaped
 * Throws    IndexError `flatten/dim`, ShapeError `flatten/order`
 * @example
 * zeros([2, 3, 4]).flatten(1).shape; // [2, 12]
 */
export function flatten(x: Tensor, start = 0, end = -1): Tensor {
  requireTensor("flatten", "x", x);
  const from = normalizeDim("flatten", start, x.ndim, "start");
  const to = normalizeDim("flatten", end, x.ndim, "end");
  if (from > to) {
    throw new ShapeError({ op: "flatten", fact: `start ${start} must not come after end ${end}`, code: "flatten/order", data: { start, end } });
  }
  if (from === to && x.ndim > 0) return x;
  return reshape(x, [...x.shape.slice(0, from), sizeOf(x.shape.slice(from, to + 1)), ...x.shape.slice(to + 1)]);
}

function resolveShape(op: string, x: Tensor, shape: Shape): Shape {
  if (!Array.isArray(shape)) checkShape(op, shape);
  const unknown = shape.indexOf(-1);
  const known = sizeOf(shape.filter((_, i) => i !== unknown));
  const valid = shape.every((size, i) => i === unknown || (Number.isInteger(size) && size >= 0));
  if (valid && unknown === -1 && known === x.numel()) return [...shape];
  if (valid && unknown !== -1 && known > 0 && x.numel() % known === 0) return shape.with(unknown, x.numel() / known);
  if (valid && unknown !== -1) {
    throw new ShapeError({
      op,
      fact: `${x.numel()} elements cannot be divided by the known sizes of ${formatShape(shape)}`,
      details: [describe("x", x)],
      code: `${op}/inferred`,
      data: { from: x.shape, shape },
    });
  }
  throw new ShapeError({
    op,
    fact: `shape ${formatShape(shape)} must have the ${x.numel()} elements of ${formatShape(x.shape)}`,
    details: [describe("x", x)],
    code: `${op}/size`,
    data: { from: x.shape, shape },
  });
}

/** Strides that show the same elements under another shape, or null where there are none. */
function viewStrides(shape: Shape, strides: readonly number[], target: Shape): number[] | null {
  if (sizeOf(target) === 0) return contiguousStrides(target);
  const out = new Array<number>(target.length);
  // From the back: each run of source dimensions that step evenly must be cut exactly by target dimensions.
  let dim = shape.length - 1;
  let next = target.length - 1;
  while (next >= 0) {
    while (dim >= 0 && shape[dim] === 1) dim--;
    if (dim < 0) {
      while (next >= 0) out[next--] = 1;
      break;
    }
    let run = shape[dim] as number;
    let stride = strides[dim] as number;
    const base = stride;
    dim--;
    while (dim >= 0 && (shape[dim] === 1 || strides[dim] === base * run)) {
      run *= shape[dim] as number;
      dim--;
    }
    while (next >= 0 && run > 1) {
      const size = target[next] as number;
      if (run % size !== 0) return null;
      out[next--] = stride;
      stride *= size;
      run /= size;
    }
    if (run !== 1) return null;
  }
  return out;
}
