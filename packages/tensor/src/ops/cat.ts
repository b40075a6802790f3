import { beginCall } from "@tapegrad/kernels";
import { copyInto } from "../compute/copy.ts";
import { DTypeError, inTheNameOf, ShapeError } from "../errors.ts";
import { defineOp } from "../op.ts";
import { refusedOption } from "../options.ts";
import { normalizeDim, sameShape } from "../shape.ts";
import { describe, emptyTensor, requireTensor, Tensor } from "../tensor.ts";
import { clone } from "./clone.ts";
import { everyDType } from "./every-dtype.ts";
import { narrow } from "./narrow.ts";
import { unsqueeze } from "./squeeze.ts";

const definition = defineOp<readonly ["a", "b"], { dim: number }>({
  name: "cat",
  inputs: ["a", "b"],
  saves: [],
  dtypes: everyDType,
  halfNative: true,
  infer: ([a, b], { dim }) => ({ shape: a.shape.with(dim, (a.shape[dim] as number) + (b.shape[dim] as number)), dtype: a.dtype }),
  forward: ([a, b], { dim }, spec) => {
    beginCall();
    const out = emptyTensor(spec.shape, spec.dtype);
    copyInto(a, part(out, dim, 0, a.shape[dim] as number));
    copyInto(b, part(out, dim, a.shape[dim] as number, b.shape[dim] as number));
    return out;
  },
  backward: {
    a: (dOut, { attrs: { dim }, shapes: [a = []] }) => narrow(dOut, dim, 0, a[dim] as number),
    b: (dOut, { attrs: { dim }, shapes: [, b = []] }) => narrow(dOut, dim, dOut.size(dim) - (b[dim] as number), b[dim] as number),
  },
  samples: () => [
    { inputs: [{ shape: [2] }, { shape: [3] }], attrs: { dim: 0 } },
    { inputs: [{ shape: [2, 3] }, { shape: [2, 1] }], attrs: { dim: 1 } },
    { inputs: [{ shape: [0, 3] }, { shape: [2, 3] }], attrs: { dim: 0 } },
  ],
});

function part(x: Tensor, dim: number, start: number, length: number): Tensor {
  return new Tensor(x.storage, x.shape.with(dim, length), x.strides, start * (x.strides[dim] as number));
}

/**
 * Tensors one after another along a dimension, copied.
 *
 * Shapes    [..., n0, ...], [..., n1, ...], ... -> [..., n0 + n1 + ..., ...]
 * Gradient  each its part of dOut
 * Throws    ShapeError `cat/shape`, `cat/none`; DTypeError `cat/dtype`; IndexError `cat/dim`
 * @example
 * cat([tensor([1, 2]), tensor([3])]).toArray(); // [1, 2, 3]
 */
export function cat(tensors: readonly Tensor[], dim = 0): Tensor {
  const [first, ...rest] = checkedList("cat", tensors);
  const d = normalizeDim("cat", dim, first.ndim);
  for (const x of rest) {
    if (x.dtype !== first.dtype) {
      throw new DTypeError({ op: "cat", fact: `dtypes ${first.dtype} and ${x.dtype} must be equal`, code: "cat/dtype", details: [describe("a", first), describe("b", x)] });
    }
    if (x.ndim !== first.ndim || first.ndim === 0 || x.shape.some((size, i) => i !== d && size !== first.shape[i])) {
      throw new ShapeError({
        op: "cat",
        fact: `all sizes but those of dimension ${d} must be equal, and there must be at least 1 dimension`,
        details: [describe("a", first), describe("b", x)],
        code: "cat/shape",
        data: { a: first.shape, b: x.shape, dim: d },
      });
    }
  }
  return rest.length === 0 ? clone(first) : catRange(tensors, d);
}

// In halves, so that n tensors cost n log n copies, not n².
function catRange(tensors: readonly Tensor[], dim: number): Tensor {
  const [first, second] = tensors as readonly [Tensor, ...Tensor[]];
  if (second === undefined) return first;
  const middle = tensors.length >> 1;
  return definition.run([catRange(tensors.slice(0, middle), dim), catRange(tensors.slice(middle), dim)], { dim });
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
 * Tensors of one shape along a new dimension.
 *
 * Gradient  each its part of dOut
 * Throws    ShapeError `stack/shape`, `stack/none`; DTypeError `stack/dtype`; IndexError `stack/dim`
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
