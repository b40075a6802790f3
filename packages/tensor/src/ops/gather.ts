import type { Backend } from "../compute/backend.ts";
import { backend } from "../compute/chosen-backend.ts";
import { contiguousKernel } from "../compute/copy.ts";
import { freeInt32, int32Kernel, requireIntegers } from "../compute/indices.ts";
import { zeros } from "../creation.ts";
import { IndexError, ShapeError } from "../errors.ts";
import { integersOf, type IntegerData } from "../integer-data.ts";
import { defineOp, type DefinedOp } from "../op.ts";
import type { OutputSpec } from "../op-spec.ts";
import { formatShape, normalizeDim, type Shape } from "../shape.ts";
import { describe, emptyTensor, requireTensor, type Tensor } from "../tensor.ts";
import { everyDType, numericDTypes } from "./every-dtype.ts";
import { narrow } from "./narrow.ts";
import { reshapeOrSame } from "./reshape.ts";

interface GatherAttrs {
  readonly dim: number;
}

interface ScatterAttrs {
  readonly dim: number;
  readonly shape: Shape;
}

/** Throws unless every index fits the dimension. Positions are those of the row-major indices. */
function checkIndices(op: string, indices: Tensor, size: number): void {
  requireIntegers(op, "indices", indices, "indices-dtype");
  if (indices.numel() === 0) return;
  const source = int32Kernel(indices);
  const bad = backend.invalidIndex(source, size);
  freeInt32(indices, source);
  if (bad < 0) return;
  const index = Number(indices.toTypedArray()[bad]);
  throw new IndexError({ op, fact: `index ${index} at position ${bad} is outside [${-size}, ${size - 1}]`, code: `${op}/index`, data: { index, size, position: bad } });
}

/** Elements of `x` by positions along a dimension, into a new tensor. */
function pick(kernel: Backend["gather"], x: Tensor, indices: Tensor, dim: number, spec: OutputSpec): Tensor {
  const source = contiguousKernel(x);
  const at = int32Kernel(indices);
  const out = emptyTensor(spec.shape, spec.dtype);
  if (out.numel() > 0) kernel(source, at, out, dim);
  freeInt32(indices, at);
  return out;
}

/** The opposite: elements of `src` added up at their positions in zeros of a shape. */
function spread(kernel: Backend["scatterAdd"], src: Tensor, indices: Tensor, dim: number, shape: Shape): Tensor {
  const source = contiguousKernel(src);
  const at = int32Kernel(indices);
  const out = zeros(shape, { dtype: src.dtype });
  if (source.numel() > 0) kernel(out, at, source, dim);
  freeInt32(indices, at);
  return out;
}

const gatherOp: DefinedOp<readonly ["x", "indices"], GatherAttrs> = defineOp<readonly ["x", "indices"], GatherAttrs, readonly ["indices"]>({
  name: "gather",
  inputs: ["x", "indices"],
  saves: ["indices"],
  dtypes: everyDType,
  halfNative: true,
  infer: ([x, indices], { dim }) => {
    checkIndices("gather", indices, x.shape[dim] ?? 1);
    return { shape: indices.shape, dtype: x.dtype };
  },
  forward: ([x, indices], { dim }, spec) => pick(backend.gather, x, indices, dim, spec),
  backward: { x: (dOut, { indices, attrs: { dim }, shapes: [shape = []] }) => scatterOp.run([dOut, indices], { dim, shape }), indices: null },
  samples: () => [
    { inputs: [{ shape: [5] }, { shape: [3], values: [4, 0, -1], dtype: "int32" }], attrs: { dim: 0 } },
    { inputs: [{ shape: [2, 3] }, { shape: [2, 2], values: [0, 2, 1, 1], dtype: "int32" }], attrs: { dim: 1 } },
    { inputs: [{ shape: [3, 2] }, { shape: [1, 2], values: [2, 0], dtype: "int32" }], attrs: { dim: 0 } },
  ],
});

const scatterOp: DefinedOp<readonly ["src", "indices"], ScatterAttrs> = defineOp<readonly ["src", "indices"], ScatterAttrs, readonly ["indices"]>({
  name: "scatterAdd",
  inputs: ["src", "indices"],
  saves: ["indices"],
  dtypes: numericDTypes,
  infer: ([src], { shape }) => ({ shape, dtype: src.dtype }),
  forward: ([src, indices], { dim, shape }) => spread(backend.scatterAdd, src, indices, dim, shape),
  backward: { src: (dOut, { indices, attrs: { dim } }) => gatherOp.run([dOut, indices], { dim }), indices: null },
  samples: () => [
    { inputs: [{ shape: [3] }, { shape: [3], values: [4, 0, -1], dtype: "int32" }], attrs: { dim: 0, shape: [5] } },
    { inputs: [{ shape: [2, 2] }, { shape: [2, 2], values: [0, 2, 1, 1], dtype: "int32" }], attrs: { dim: 1, shape: [2, 3] } },
  ],
});

/** Elements of `src` added up in zeros of a shape, where the indices, which have its shape, say. @internal */
export function scatterAdd(src: Tensor, dim: number, indices: Tensor, shape: Shape): Tensor {
  return scatterOp.run([src, indices], { dim, shape });
}

/**
 * Elements of `x` picked along a dimension: out[i][j] = x[i][indices[i][j]] for dim 1. Negative indices count from the end. In the other
 * dimensions there may be fewer indices than elements: the first ones are meant.
 *
 * Shapes    x [..., n, ...], indices [..., m, ...] with the other sizes not larger -> indices' shape; 0-d ones count as [1]
 * Gradient  dx = dOut added up where it was picked from
 * Throws    ShapeError `gather/shape`, `gather/ragged`; IndexError `gather/index`, `gather/dim`, `gather/integer`; DTypeError `gather/indices-dtype`
 * @example
 * gather(tensor([[1, 2], [3, 4]]), 1, [[1], [0]]).toArray(); // [[2], [3]]
 * gather(tensor([[1, 2], [3, 4]]), 1, tensor([[1], [0]], "int32")).toArray(); // [[2], [3]]
 */
export function gather(x: Tensor, dim: number, indices: IntegerData): Tensor {
  requireTensor("gather", "x", x);
  const at = integersOf("gather", "indices", indices);
  const d = normalizeDim("gather", dim, x.ndim);
  // A 0-d tensor is taken for one of a single element (as PyTorch).
  if (x.ndim === 0 || at.ndim === 0) return gatherOfScalars(x, at, d);
  return gatherOp.run([corner(x, d, at), at], { dim: d });
}

function gatherOfScalars(x: Tensor, indices: Tensor, dim: number): Tensor {
  const [source, at] = [x.ndim === 0 ? reshapeOrSame(x, [1]) : x, indices.ndim === 0 ? reshapeOrSame(indices, [1]) : indices];
  return reshapeOrSame(gatherOp.run([corner(source, dim, at), at], { dim }), indices.shape);
}

/** The part of x that the indices lie over: all of it, unless there are fewer of them. */
function corner(x: Tensor, dim: number, indices: Tensor): Tensor {
  const { shape } = indices;
  if (shape.length !== x.ndim || shape.some((size, i) => i !== dim && size > (x.shape[i] as number))) {
    throw new ShapeError({
      op: "gather",
      fact: `indices ${formatShape(shape)} must have as many dimensions as x ${formatShape(x.shape)}, and not be larger in any but dimension ${dim}`,
      details: [describe("x", x), describe("indices", indices)],
      code: "gather/shape",
      data: { x: x.shape, indices: shape, dim },
    });
  }
  return shape.reduce((part, size, i) => (i === dim || size === part.shape[i] ? part : narrow(part, i, 0, size)), x);
}

const indexSelectOp: DefinedOp<readonly ["x", "indices"], GatherAttrs> = defineOp<readonly ["x", "indices"], GatherAttrs, readonly ["indices"]>({
  name: "indexSelect",
  inputs: ["x", "indices"],
  saves: ["indices"],
  dtypes: everyDType,
  halfNative: true,
  infer: ([x, indices], { dim }) => {
    if (indices.ndim > 1) {
      throw new ShapeError({
        op: "indexSelect",
        fact: `indices must have 1 dimension at most, not ${indices.ndim}`,
        details: [describe("x", x), describe("indices", indices)],
        code: "indexSelect/indices",
        data: { indices: indices.shape },
      });
    }
    if (x.ndim === 0 && indices.numel() !== 1) {
      throw new ShapeError({
        op: "indexSelect",
        fact: `a 0-d tensor has one entry to select, not ${indices.numel()}`,
        details: [describe("x", x), describe("indices", indices)],
        code: "indexSelect/0-d",
        data: { indices: indices.shape },
      });
    }
    checkIndices("indexSelect", indices, x.shape[dim] ?? 1);
    return { shape: x.ndim === 0 ? [] : x.shape.with(dim, indices.numel()), dtype: x.dtype };
  },
  forward: ([x, indices], { dim }, spec) => pick(backend.indexSelect, x, indices, dim, spec),
  backward: { x: (dOut, { indices, attrs: { dim }, shapes: [shape = []] }) => indexAddOp.run([dOut, indices], { dim, shape }), indices: null },
  samples: () => [
    { inputs: [{ shape: [5] }, { shape: [3], values: [4, 0, 4], dtype: "int32" }], attrs: { dim: 0 } },
    { inputs: [{ shape: [3, 4] }, { shape: [2], values: [2, -3], dtype: "int32" }], attrs: { dim: 0 } },
    { inputs: [{ shape: [2, 3, 2] }, { shape: [4], values: [0, 1, 1, 2], dtype: "int32" }], attrs: { dim: 1 } },
  ],
});

const indexAddOp: DefinedOp<readonly ["src", "indices"], ScatterAttrs> = defineOp<readonly ["src", "indices"], ScatterAttrs, readonly ["indices"]>({
  name: "indexAdd",
  inputs: ["src", "indices"],
  saves: ["indices"],
  dtypes: numericDTypes,
  infer: ([src], { shape }) => ({ shape, dtype: src.dtype }),
  forward: ([src, indices], { dim, shape }) => spread(backend.indexAdd, src, indices, dim, shape),
  backward: { src: (dOut, { indices, attrs: { dim } }) => indexSelectOp.run([dOut, indices], { dim }), indices: null },
  samples: () => [{ inputs: [{ shape: [3, 2] }, { shape: [3], values: [4, 0, -1], dtype: "int32" }], attrs: { dim: 0, shape: [5, 2] } }],
});

/**
 * Entries of one dimension by their positions, copied.
 *
 * Shapes    x [..., n, ...], indices [m] -> [..., m, ...]; x [], indices [1] -> []; indices [] count as [1]
 * Gradient  dx = dOut added up where it was picked from
 * Throws    ShapeError `indexSelect/indices`, `indexSelect/0-d`, `indexSelect/ragged`; IndexError `indexSelect/index`, `indexSelect/dim`,
 *           `indexSelect/integer`; DTypeError `indexSelect/indices-dtype`
 * @example
 * indexSelect(tensor([[1, 2], [3, 4]]), 0, [1, 1]).toArray(); // [[3, 4], [3, 4]]
 * indexSelect(tensor([[1, 2], [3, 4]]), 1, tensor([1], "int32")).toArray(); // [[2], [4]]
 */
export function indexSelect(x: Tensor, dim: number, indices: IntegerData): Tensor {
  requireTensor("indexSelect", "x", x);
  return indexSelectOp.run([x, integersOf("indexSelect", "indices", indices)], { dim: normalizeDim("indexSelect", dim, x.ndim) });
}
