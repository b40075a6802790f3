import { contiguousKernel, copyInto } from "../compute/copy.ts";
import { reach } from "../compute/overlap.ts";
import { zeros } from "../creation.ts";
import { defineOp, type DefinedOp } from "../op.ts";
import { contiguousStrides, sameShape, sizeOf, type Shape } from "../shape.ts";
import { Tensor } from "../tensor.ts";
import { everyDType } from "./every-dtype.ts";
import { reshapeOrSame } from "./reshape.ts";
import { sumTo } from "./sum.ts";

/** Which elements of a base a view of it shows, by however many steps it was taken: PyTorch's as_strided. */
export interface PartAttrs {
  readonly shape: Shape;
  readonly strides: readonly number[];
  /** Counted from the base's first element. */
  readonly offset: number;
  readonly baseShape: Shape;
  readonly baseStrides: readonly number[];
}

interface ReplaceAttrs extends PartAttrs {
  /** The elements are in their place already: what is left to do is to say so on the tape. */
  readonly isWritten: boolean;
}

/** Where a view lies in its base. */
export function placeIn(base: Tensor, view: Tensor): PartAttrs {
  return { shape: view.shape, strides: view.strides, offset: view.offset - base.offset, baseShape: base.shape, baseStrides: base.strides };
}

/** The part of something that is laid out as the base. */
function partOf(x: Tensor, { shape, strides, offset }: PartAttrs): Tensor {
  return new Tensor(x.storage, shape, strides, x.offset + offset);
}

/** The same elements with the base's strides. A gradient often has others. */
function inLayout(x: Tensor, attrs: PartAttrs): Tensor {
  if (sameShape(x.strides, attrs.baseStrides)) return x;
  if (sameShape(attrs.baseStrides, contiguousStrides(attrs.baseShape))) return contiguousKernel(x);
  const out = zerosInLayout(x.dtype, attrs);
  copyInto(x, out);
  return out;
}

/** Zeros with the base's strides, and between them where these leave gaps. */
function zerosInLayout(dtype: Tensor["dtype"], { baseShape, baseStrides }: PartAttrs): Tensor {
  if (sizeOf(baseShape) === 0 || sameShape(baseStrides, contiguousStrides(baseShape))) return zeros(baseShape, { dtype });
  const line = zeros([reach(baseShape, baseStrides)], { dtype });
  return new Tensor(line.storage, baseShape, baseStrides);
}

const samplePlaces: readonly PartAttrs[] = [
  { shape: [2, 2], strides: [1, 4], offset: 5, baseShape: [3, 4], baseStrides: [4, 1] },
  { shape: [3], strides: [2], offset: 0, baseShape: [6], baseStrides: [1] },
  { shape: [], strides: [], offset: 1, baseShape: [2], baseStrides: [1] },
  { shape: [2, 3], strides: [3, 1], offset: 0, baseShape: [2, 3], baseStrides: [3, 1] },
  { shape: [0, 2], strides: [2, 1], offset: 0, baseShape: [2, 2], baseStrides: [2, 1] },
  { shape: [2], strides: [5], offset: 1, baseShape: [2, 3], baseStrides: [1, 5] },
];

const partOp: DefinedOp<readonly ["x"], PartAttrs> = defineOp<readonly ["x"], PartAttrs>({
  name: "part",
  inputs: ["x"],
  saves: [],
  view: true,
  dtypes: everyDType,
  infer: ([x], { shape }) => ({ shape, dtype: x.dtype }),
  forward: ([x], attrs) => partOf(inLayout(x, attrs), attrs),
  backward: { x: (dOut, { attrs }) => embed(dOut, attrs) },
  samples: () => samplePlaces.map((attrs) => ({ inputs: [{ shape: attrs.baseShape }], attrs })),
});

/** A view of a base by its place alone. */
export function part(base: Tensor, attrs: PartAttrs): Tensor {
  return partOp.run([base], attrs);
}

const embedOp: DefinedOp<readonly ["x"], PartAttrs> = defineOp<readonly ["x"], PartAttrs>({
  name: "partBackward",
  inputs: ["x"],
  saves: [],
  dtypes: everyDType,
  halfNative: true,
  infer: ([x], { baseShape }) => ({ shape: baseShape, dtype: x.dtype }),
  forward: ([x], attrs) => {
    const out = zerosInLayout(x.dtype, attrs);
    copyInto(x, partOf(out, attrs));
    return out;
  },
  backward: { x: (dOut, { attrs }) => partOp.run([dOut], attrs) },
  samples: () => samplePlaces.map((attrs) => ({ inputs: [{ shape: attrs.shape }], attrs })),
});

/** A view's shape without repetitions. */
function foldedShape({ shape, strides }: PartAttrs): Shape {
  return shape.map((size, dim) => (strides[dim] === 0 ? Math.min(size, 1) : size));
}

/** Zeros of the base's shape with a view's elements in their place; those of an expanded view are added up. */
function embed(x: Tensor, attrs: PartAttrs): Tensor {
  const { shape, strides, baseShape, baseStrides } = attrs;
  const isAll = sizeOf(shape) === sizeOf(baseShape) && sameShape(strides, contiguousStrides(shape)) && sameShape(baseStrides, contiguousStrides(baseShape));
  if (isAll) return reshapeOrSame(x, baseShape);
  const folded = foldedShape(attrs);
  return embedOp.run([sumTo(x, folded)], { ...attrs, shape: folded });
}

const replaceOp: DefinedOp<readonly ["x", "part"], ReplaceAttrs> = defineOp<readonly ["x", "part"], ReplaceAttrs>({
  name: "replacePart",
  inputs: ["x", "part"],
  saves: [],
  dtypes: everyDType,
  halfNative: true,
  infer: ([x]) => x,
  forward: ([x, source], attrs) => {
    if (attrs.isWritten) return x;
    const out = zerosInLayout(x.dtype, attrs);
    copyInto(x, out);
    copyInto(source, partOf(out, attrs));
    return out;
  },
  backward: {
    x: (dOut, { attrs }) => replaceOp.run([dOut, zeros(attrs.shape, { dtype: dOut.dtype })], { ...attrs, isWritten: false }),
    part: (dOut, { attrs }) => partOp.run([dOut], attrs),
  },
  samples: () => samplePlaces.map((attrs) => ({ inputs: [{ shape: attrs.baseShape }, { shape: attrs.shape }], attrs: { ...attrs, isWritten: false } })),
});

/**
 * What a tensor is after `source` has been written into a part of it, for the tape: the elements stay where they are. Gradients are those
 * of the tensor outside of the part, and of the source inside.
 */
export function replacedPart(base: Tensor, source: Tensor, attrs: PartAttrs): Tensor {
  // Where nothing of the base is left, its past has no part in it.
  const isAll = sizeOf(foldedShape(attrs)) === sizeOf(attrs.baseShape);
  return replaceOp.run([isAll ? base.detach() : base, source], { ...attrs, isWritten: true });
}
