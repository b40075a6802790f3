import { copyInto } from "../compute/copy.ts";
import { inTheNameOf, ShapeError } from "../errors.ts";
import { defineOp } from "../op.ts";
import { refusedOption } from "../options.ts";
import { commonType } from "../promote.ts";
import { normalizeDim, sameShape } from "../shape.ts";
import { describe, emptyTensor, requireTensor, Tensor } from "../tensor.ts";
import { to } from "./cast.ts";
import { everyDType } from "./every-dtype.ts";
import { narrow } from "./narrow.ts";
import { reshape } from "./reshape.ts";
import { unsqueeze } from "./squeeze.ts";

interface CatAttrs {
  readonly dim: number;
  /** Where each of the tensors begins along the dimension, and where the last one ends. */
  readonly bounds: readonly number[];
}

const definition = defineOp<readonly ["tensors..."], CatAttrs>({
  name: "cat",
  inputs: ["tensors..."],
  saves: [],
  dtypes: everyDType,
  halfNative: true,
  infer: ([first], { dim, bounds }) => ({ shape: (first as Tensor).shape.with(dim, bounds.at(-1) as number), dtype: (first as Tensor).dtype }),
  forward: (tensors, { dim, bounds }, spec) => {
    const out = emptyTensor(spec.shape, spec.dtype);
    tensors.forEach((x, i) => copyInto(x, part(out, dim, bounds[i] as number, x.shape[dim] as number)));
    return out;
  },
  backward: {
    tensors: (dOut, { attrs: { dim, bounds } }, at) => narrow(dOut, dim, bounds[at] as number, (bounds[at + 1] as number) - (bounds[at] as number)),
  },
  samples: () => [
    { inputs: [{ shape: [2] }, { shape: [3] }], attrs: { dim: 0, bounds: [0, 2, 5] } },
    { inputs: [{ shape: [2, 3] }, { shape: [2, 1] }], attrs: { dim: 1, bounds: [0, 3, 4] } },
    { inputs: [{ shape: [0, 3] }, { shape: [2, 3] }], attrs: { dim: 0, bounds: [0, 0, 2] } },
    { inputs: [{ shape: [2, 2] }], attrs: { dim: 0, bounds: [0, 2] } },
    { inputs: [{ shape: [2, 1, 2] }, { shape: [2, 2, 2] }, { shape: [2, 0, 2] }, { shape: [2, 3, 2] }], attrs: { dim: 1, bounds: [0, 1, 3, 3, 6] } },
  ],
});

function part(x: Tensor, dim: number, start: number, length: number): Tensor {
  return new Tensor(x.storage, x.shape.with(dim, length), x.strides, start * (x.strides[dim] as number));
}

/** Where programs begin that append to a tensor; it stands for no elements of any shape (as PyTorch). */
const isNothing = (x: Tensor): boolean => x.ndim === 1 && x.shape[0] === 0;

/**
 * Tensors one after another along a dimension, copied, in the dtype that holds all of theirs.
 *
 * Shapes    [..., n0, ...], [..., n1, ...], ... -> [..., n0 + n1 + ..., ...]; [0] fits every shape
 * Gradient  each its part of dOut
 * Throws    ShapeError `cat/shape`, `cat/none`; IndexError `cat/dim`
 * @example
 * cat([tensor([1, 2]), tensor([3])]).toArray(); // [1, 2, 3]
 */
export function cat(tensors: readonly Tensor[], dim = 0): Tensor {
  const [first] = checkedList("cat", tensors);
  const model = tensors.find((x) => !isNothing(x)) ?? first;
  const d = normalizeDim("cat", dim, model.ndim);
  const dtype = commonType(tensors.map((x) => x.dtype));
  const parts = tensors.map((x) => to(fitting(x, model, d), dtype));
  let end = 0;
  const bounds = [0, ...parts.map((x) => (end += x.shape[d] as number))];
  return definition.run(parts, { dim: d, bounds });
}

/** A tensor that can stand beside the model. */
function fitting(x: Tensor, model: Tensor, dim: number): Tensor {
  if (x.ndim === model.ndim && x.ndim > 0 && x.shape.every((size, i) => i === dim || size === model.shape[i])) return x;
  if (isNothing(x) && model.ndim > 0) return reshape(x, model.shape.with(dim, 0));
  throw new ShapeError({
    op: "cat",
    fact: `all sizes but those of dimension ${dim} must be equal, and there must be at least 1 dimension`,
    details: [describe("a", model), describe("b", x)],
    code: "cat/shape",
    data: { a: model.shape, b: x.shape, dim },
  });
}

/** The tensors, one at least. Throws ShapeError `OP/none`; ArgumentError `tapegrad/not-a-tensor`, `tapegrad/two-copies`; IndexError `OP/option`. */
function checkedList(op: string, tensors: readonly Tensor[]): readonly [Tensor, ...Tensor[]] {
  if (!Array.isArray(tensors)) throw refusedOption(op, "tensors", tensors, "a list of tensors");
  const list = tensors as readonly Tensor[];
  for (const [i, x] of list.entries()) requireTensor(op, `tensors[${i}]`, x);
  if (list.length === 0) throw new ShapeError({ op, fact: "tensors needs at least one tensor", code: `${op}/none` });
  return list as readonly [Tensor, ...Tensor[]];
}

/**
 * Tensors of one shape along a new dimension, in the dtype that holds all of theirs.
 *
 * Gradient  each its part of dOut
 * Throws    ShapeError `stack/shape`, `stack/none`; IndexError `stack/dim`
 * @example
 * stack([tensor([1, 2]), tensor([3, 4])]).toArray(); // [[1, 2], [3, 4]]
 */
export function stack(tensors: readonly Tensor[], dim = 0): Tensor {
  const [first, ...rest] = checkedList("stack", tensors);
  const at = normalizeDim("stack", dim, first.ndim + 1);
  for (const x of rest) {
    if (sameShape(x.shape, first.shape)) continue;
    throw new ShapeError({ op: "stack", fact: "all shapes must be equal", details: [describe("a", first), describe("b", x)], code: "stack/shape", data: { a: first.shape, b: x.shape } });
  }
  return inTheNameOf("stack", () => cat(tensors.map((x) => unsqueeze(x, at)), at));
}
