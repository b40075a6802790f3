import * as tg from "@tapegrad/tensor";
import type { Shape } from "@tapegrad/tensor";
import { crossed, op, type Case, type CaseInputs, type Family, type Options } from "../case-list.ts";
import { of } from "../input.ts";
import { everyDType, strided } from "./operand-lists.ts";

/** One shape in every layout and dtype. */
function kinds(shape: Shape): readonly CaseInputs[] {
  return [
    { x: of(shape) }, ...strided.map((layout) => ({ x: of(shape, { layout }) })), ...everyDType.slice(1).map((dtype) => ({ x: of(shape, { dtype })})),
    { x: of(shape, { values: "everySpecial" }) }, { x: of(shape, { values: "fine", dtype: "float16", layout: "transposed" }) },
  ];
}

const plain = <O extends Options>(shapes: readonly (readonly [Shape, O])[]): readonly Case<O>[] => shapes.map(([shape, options]) => ({ inputs: { x: of(shape) }, options }));

type Dim = { readonly dim: number };
type Sizes = { readonly shape: Shape };
type DimOrNone = { readonly dim?: number | readonly number[] };
type Slice = { readonly dim: number; readonly start?: number; readonly end?: number; readonly step?: number };

const everyKind: readonly CaseInputs[] = [...kinds([2, 3]), ...kinds([3, 1, 4]), ...kinds([5]), ...kinds([]), { x: of([0]) }, { x: of([2, 0]) }, { x: of([1]) }, { x: of([1, 1]) }, { x: of([33]) }, { x: of([2, 3, 2, 2], { layout: "transposed" }) }, { x: of([1, 0]) }, { x: of([17, 1]) }];

export const viewFamily: Family = {
  name: "views",
  ops: [
    op({ name: "clone", torch: "torch.clone(x)", run: ({ x }) => tg.clone(x), cases: crossed(everyKind, [{}]) }),
    op({ name: "contiguous", torch: "x.contiguous()", run: ({ x }) => tg.contiguous(x), cases: crossed(everyKind, [{}]) }),
    op({ name: "detach", torch: "x.detach()", run: ({ x }) => x.detach(), cases: crossed(everyKind, [{}]) }),
    op({
      name: "expand",
      torch: "x.expand(o.shape)",
      run: ({ x }, { shape }: Sizes) => tg.expand(x, shape),
      cases: [
        ...crossed(kinds([2, 1, 3]), [{ shape: [2, 4, 3] }, { shape: [2, 2, 1, 3] }, { shape: [-1, 2, -1] }, { shape: [0, 2, 1, 3] }]),
        ...crossed(kinds([1]), [{ shape: [3] }, { shape: [2, 0] }]),
        ...plain<Sizes>([[[], { shape: [] }], [[], { shape: [2, 3] }], [[], { shape: [0] }], [[0], { shape: [2, 0] }], [[1, 0], { shape: [3, 0] }], [[2], { shape: [3] }], [[2, 3], { shape: [3] }], [[2], { shape: [-1, 2] }], [[1], { shape: [0] }]]),
      ],
    }),
    op({
      name: "expandAs",
      torch: "x.expand_as(b)",
      run: ({ x, b }) => tg.expandAs(x, b),
      cases: [
        ...crossed(kinds([2, 1, 3]).flatMap(({ x = null }) => [{ x, b: of([2, 4, 3], { constant: true }) }, { x, b: of([2, 2, 5, 3], { dtype: "int32" }) }, { x, b: of([2, 0, 3], { constant: true }) }]), [{}]),
        ...crossed(kinds([1]).map(({ x = null }) => ({ x, b: of([4], { constant: true }) })), [{}]),
        ...crossed([{ x: of([]), b: of([2]) }, { x: of([]), b: of([]) }, { x: of([2]), b: of([3]) }, { x: of([0]), b: of([2, 0]) }, { x: of([2, 1]), b: of([2, 3]) }, { x: of([2, 3]), b: of([3]) }, { x: of([1, 1]), b: of([17, 2]) }, { x: of([3]), b: of([2, 3], { layout: "transposed" }) }], [{}]),
      ],
    }),
    op({
      name: "flatten",
      torch: "torch.flatten(x, 0 if o.start is None else o.start, -1 if o.end is None else o.end)",
      run: ({ x }, { start, end }: { readonly start?: number; readonly end?: number }) => tg.flatten(x, start, end),
      cases: [
        ...crossed(kinds([2, 3, 2, 2]), [{}, { start: 1 }, { start: 1, end: 2 }, { start: -2, end: -1 }]),
        ...crossed([{ x: of([]) }, { x: of([3]) }, { x: of([0]) }, { x: of([2, 0, 3]) }, { x: of([1, 1]) }], [{}]),
        ...plain<Options>([[[2, 3], { start: 1, end: 0 }], [[2, 3], { start: 2 }], [[2, 3], { start: 0, end: 0 }], [[2, 3, 4], { start: -3, end: -2 }], [[], { start: 0, end: 0 }], [[], { start: 1 }]]),
      ] as readonly Case<{ readonly start?: number; readonly end?: number }>[],
    }),
    op({
      name: "reshape",
      torch: "torch.reshape(x, o.shape)",
      run: ({ x }, { shape }: Sizes) => tg.reshape(x, shape),
      cases: [
        ...crossed(kinds([2, 3, 4]), [{ shape: [6, 4] }, { shape: [24] }, { shape: [4, -1] }, { shape: [2, 1, 3, 4] }, { shape: [2, 3, 4] }]),
        ...plain<Sizes>([[[], { shape: [1] }], [[], { shape: [] }], [[1], { shape: [] }], [[0], { shape: [0, 3] }], [[0], { shape: [2, -1] }], [[0, 3], { shape: [-1] }], [[2, 3], { shape: [4] }], [[2, 3], { shape: [-1, -1] }], [[2, 3], { shape: [-1, 4] }], [[0], { shape: [-1, 0] }], [[2, 0], { shape: [0, 5] }], [[6], { shape: [-2, -3] }]]),
      ],
    }),
    op({
      name: "view",
      torch: "x.view(o.shape)",
      run: ({ x }, { shape }: Sizes) => tg.view(x, shape),
      cases: [
        ...crossed(kinds([2, 3, 4]), [{ shape: [6, 4] }, { shape: [24] }, { shape: [2, -1] }, { shape: [2, 1, 3, 4] }, { shape: [2, 3, 2, 2] }]),
        ...plain<Sizes>([[[], { shape: [1] }], [[], { shape: [] }], [[1], { shape: [] }], [[0], { shape: [0, 3] }], [[0], { shape: [2, -1] }], [[2, 3], { shape: [4] }], [[2, 3], { shape: [-1, -1] }]]),
        ...crossed([{ x: of([1, 3], { layout: "transposed" }) }, { x: of([3, 1, 2], { layout: "transposed" }) }], [{ shape: [-1] }]),
      ],
    }),
    op({
      name: "permute",
      torch: "x.permute(o.dims)",
      run: ({ x }, { dims }: { readonly dims: readonly number[] }) => tg.permute(x, dims),
      cases: [
        ...crossed(kinds([2, 3, 4]), [{ dims: [2, 0, 1] }, { dims: [0, 1, 2] }, { dims: [1, 0, 2] }, { dims: [-1, -2, -3] }, { dims: [0, -1, 1] }]),
        ...plain([[[], { dims: [] }], [[3], { dims: [0] }], [[2, 0], { dims: [1, 0] }], [[2, 3], { dims: [0, 0] }], [[2, 3], { dims: [0] }], [[2, 3], { dims: [0, 2] }]]),
      ],
    }),
    op({
      name: "transpose",
      torch: "torch.transpose(x, o.dim0, o.dim1)",
      run: ({ x }, { dim0, dim1 }: { readonly dim0: number; readonly dim1: number }) => tg.transpose(x, dim0, dim1),
      cases: [
        ...crossed(kinds([2, 3, 4]), [{ dim0: 0, dim1: 1 }, { dim0: -1, dim1: 0 }, { dim0: 1, dim1: 1 }, { dim0: -2, dim1: -1 }]),
        ...plain([[[], { dim0: 0, dim1: 0 }], [[], { dim0: 0, dim1: -1 }], [[3], { dim0: 0, dim1: 0 }], [[2, 0], { dim0: 0, dim1: 1 }], [[2, 3], { dim0: 0, dim1: 2 }], [[2, 3], { dim0: -3, dim1: 0 }], [[], { dim0: 1, dim1: 0 }], [[1, 3], { dim0: 1, dim1: 0 }]]),
      ],
    }),
    op({ name: "t", torch: "torch.t(x)", run: ({ x }) => tg.t(x), cases: [...crossed(everyKind, [{}]), ...crossed(kinds([4, 3]), [{}]), ...crossed(kinds([1, 4]), [{}])] }),
    op({ name: "mT", torch: "x.mT", run: ({ x }) => x.mT, cases: [...crossed(everyKind, [{}]), ...crossed(kinds([4, 3]), [{}]), ...crossed(kinds([2, 2, 1, 4]), [{}])] }),
    op({ name: "T", torch: "x.T", run: ({ x }) => x.T, cases: [...crossed(everyKind.filter(({ x }) => typeof x === "object" && x?.shape.length !== 3 && x?.shape.length !== 4), [{}]), ...crossed(kinds([4, 3]), [{}]), ...crossed(kinds([1, 4]), [{}])] }),
    op({
      name: "squeeze",
      torch: "torch.squeeze(x) if o.dim is None else torch.squeeze(x, tuple(o.dim) if isinstance(o.dim, list) else o.dim)",
      run: ({ x }, { dim }: DimOrNone) => tg.squeeze(x, dim),
      cases: [
        ...crossed<DimOrNone>(kinds([1, 3, 1, 2]), [{}, { dim: 0 }, { dim: -2 }, { dim: 1 }, { dim: [0, 2] }]),
        ...plain<DimOrNone>([[[], {}], [[1], {}], [[1, 1], {}], [[0, 1], {}], [[1, 0], { dim: 1 }], [[], { dim: 0 }], [[2, 1], { dim: 2 }], [[2, 1], { dim: [] }], [[1, 2], { dim: [0, 0] }], [[1, 3], { dim: [0, 1] }]]),
      ],
    }),
    op({
      name: "unsqueeze",
      torch: "torch.unsqueeze(x, o.dim)",
      run: ({ x }, { dim }: Dim) => tg.unsqueeze(x, dim),
      cases: [
        ...crossed(kinds([2, 3]), [{ dim: 0 }, { dim: 1 }, { dim: 2 }, { dim: -1 }, { dim: -3 }]),
        ...plain([[[], { dim: 0 }], [[], { dim: -1 }], [[0], { dim: 1 }], [[2, 3], { dim: 3 }], [[2, 3], { dim: -4 }]]),
      ],
    }),
    op({
      name: "narrow",
      torch: "torch.narrow(x, o.dim, o.start, o.length)",
      run: ({ x }, { dim, start, length }: { readonly dim: number; readonly start: number; readonly length: number }) => tg.narrow(x, dim, start, length),
      cases: [
        ...crossed(kinds([4, 5]), [{ dim: 0, start: 1, length: 2 }, { dim: 1, start: 0, length: 5 }, { dim: -1, start: -3, length: 2 }, { dim: 0, start: 2, length: 0 }]),
        ...plain([[[5], { dim: 0, start: 5, length: 0 }], [[0], { dim: 0, start: 0, length: 0 }], [[5], { dim: 0, start: 3, length: 3 }], [[5], { dim: 0, start: -6, length: 1 }], [[5], { dim: 0, start: 0, length: -1 }], [[5], { dim: 1, start: 0, length: 1 }], [[], { dim: 0, start: 0, length: 1 }], [[5], { dim: 0, start: -1, length: 1 }], [[], { dim: -1, start: 0, length: 0 }], [[], { dim: 1, start: 0, length: 0 }]]),
      ],
    }),
    op({
      name: "slice",
      torch: "torch.ops.aten.slice.Tensor(x, o.dim, o.start, o.end, 1 if o.step is None else o.step)",
      run: ({ x }, { dim, start, end, step }: Slice) => tg.slice(x, dim, start, end, step),
      cases: [
        ...crossed<Slice>(kinds([4, 7]), [{ dim: 0, start: 1, end: 3 }, { dim: 1, start: 1, end: 7, step: 2 }, { dim: -1, start: -4, end: -1 }, { dim: 0, start: 0, end: 100, step: 3 }, { dim: 1 }]),
        ...plain<Slice>([[[5], { dim: 0, start: 3, end: 2 }], [[5], { dim: 0, start: 7 }], [[5], { dim: 0, start: -9, end: -2 }], [[0], { dim: 0, start: 0, end: 3 }], [[5], { dim: 0, start: 0, end: 5, step: 0 }], [[5], { dim: 0, start: 0, end: 5, step: -1 }], [[5], { dim: 1, start: 0, end: 1 }], [[5], { dim: 0, start: 0, end: 5, step: 10 }], [[], { dim: 0, start: 0, end: 1 }], [[], { dim: -1 }], [[], { dim: 0, start: 0, end: 0 }]]),
      ],
    }),
    op({
      name: "select",
      torch: "torch.select(x, o.dim, o.index)",
      run: ({ x }, { dim, index }: { readonly dim: number; readonly index: number }) => tg.select(x, dim, index),
      cases: [
        ...crossed(kinds([3, 4]), [{ dim: 0, index: 1 }, { dim: 1, index: 3 }, { dim: -1, index: -4 }, { dim: 0, index: -1 }]),
        ...plain([[[5], { dim: 0, index: 4 }], [[5], { dim: 0, index: 5 }], [[5], { dim: 0, index: -6 }], [[5], { dim: 1, index: 0 }], [[], { dim: 0, index: 0 }], [[0], { dim: 0, index: 0 }], [[2, 0], { dim: 0, index: 1 }], [[2, 0], { dim: 1, index: 0 }], [[1], { dim: 0, index: 0 }]]),
      ],
    }),
  ],
};
