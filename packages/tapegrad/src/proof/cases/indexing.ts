import * as tg from "@tapegrad/tensor";
import type { DType } from "@tapegrad/tensor";
import { crossed, op, type Case, type CaseInputs, type Family } from "../case-list.ts";
import { of, list, type Input } from "../input.ts";
import { bounded, everyDType, floats, integers, strided } from "./operand-lists.ts";

type Dim = { readonly dim: number };

const index = (shape: readonly number[], values: "index2" | "index3" | "index5", details: Partial<Input> = {}): Input => of(shape, { dtype: "int32", values, ...details });

/** Other dtypes of indices. */
const labels: readonly DType[] = ["int64", "uint8"];

function joined(...inputs: readonly Input[]): CaseInputs {
  const names = ["x", "a", "b", "c"] as const;
  return Object.fromEntries(inputs.map((input, i) => [names[i], input]));
}

const pairs: readonly CaseInputs[] = [
  ...strided.flatMap((layout) => [joined(of([3, 4], { layout }), of([3, 4])), joined(of([3, 4]), of([3, 4], { layout }))]),
  ...everyDType.slice(1).map((dtype) => joined(of([3, 4], { dtype }), of([3, 4], { dtype, layout: "transposed" }))),
  ...floats.map((dtype) => joined(of([13, 1], { dtype, values: "everySpecial" }), of([13, 1], { dtype }))),
  joined(of([3, 4])), joined(of([1, 1]), of([1, 1]), of([1, 1])), joined(of([2, 3]), of([2, 3]), of([2, 3]), of([2, 3])),
];
const mixed: readonly CaseInputs[] = [
  ...everyDType.flatMap((left) => everyDType.filter((right) => right !== left).map((right) => joined(of([2, 3], { dtype: left }), of([2, 3], { dtype: right })))),
  joined(of([2, 3], { dtype: "float16" }), of([2, 3], { dtype: "int64" }), of([2, 3]), of([2, 3], { dtype: "bool" })), joined(of([2, 3], { dtype: "bool" }), of([2, 3], { dtype: "uint8", layout: "transposed" }), of([2, 3], { dtype: "int32" })),
];

export const indexingFamily: Family = {
  name: "indexing",
  ops: [
    op({
      name: "cat",
      torch: "torch.cat(inputs, o.dim)",
      run: (operands, { dim }: Dim) => tg.cat(Object.values(operands) as tg.Tensor[], dim),
      cases: [
        ...crossed(pairs, [{ dim: 0 }, { dim: 1 }, { dim: -1 }]),
        ...crossed(mixed, [{ dim: 0 }]),
        ...crossed([joined(of([2, 3]), of([0, 3])), joined(of([0, 3]), of([2, 3]), of([1, 3])), joined(of([2]), of([5]), of([0])), joined(of([17]), of([33])), joined(of([0]), of([0]))], [{ dim: 0 }]),
        ...crossed([joined(of([2, 3]), of([2, 1]), of([2, 5], { layout: "stepped" }))], [{ dim: 1 }, { dim: -1 }]),
        // Refused: 0-d, other sizes, a dimension that is not there. An empty [0] fits anything.
        ...crossed([joined(of([]), of([])), joined(of([2, 3]), of([3, 2])), joined(of([2, 3]), of([3])), joined(of([2, 3]), of([0])), joined(of([0]), of([2, 3]))], [{ dim: 0 }]),
        ...crossed([joined(of([2, 3]), of([2, 3]))], [{ dim: 2 }, { dim: -3 }]),
        ...crossed([joined(of([0]), of([2, 3])), joined(of([2, 3]), of([0])), joined(of([0], { dtype: "float64" }), of([2, 3])), joined(of([2, 3], { dtype: "uint8" }), of([0], { dtype: "int64" })), joined(of([2, 3]), of([0], { constant: true }), of([2, 3])), joined(of([2, 3], { constant: true }), of([0])), joined(of([0]), of([0]), of([1, 2, 3]))], [{ dim: 1 }, { dim: -2 }]),
        ...crossed([joined(of([])), joined(of([0]), of([])), joined(of([]), of([0])), joined(of([2, 3]), of([0, 3])), joined(of([2, 3]), of([0, 0]))], [{ dim: -1 }]),
      ],
    }),
    op({
      name: "stack",
      torch: "torch.stack(inputs, o.dim)",
      run: (operands, { dim }: Dim) => tg.stack(Object.values(operands) as tg.Tensor[], dim),
      cases: [
        ...crossed(pairs, [{ dim: 0 }, { dim: 1 }, { dim: -1 }]),
        ...crossed(mixed, [{ dim: 0 }]),
        ...crossed([joined(of([]), of([])), joined(of([])), joined(of([]), of([], { dtype: "float64" })), joined(of([], { dtype: "int64" }), of([], { dtype: "uint8" })), joined(of([0]), of([0])), joined(of([2, 0]), of([2, 0]))], [{ dim: 0 }, { dim: -1 }]),
        ...crossed([joined(of([2, 3]), of([3, 2])), joined(of([2, 3]), of([3])), joined(of([0]), of([2]))], [{ dim: 0 }]),
        ...crossed([joined(of([2, 3]), of([2, 3]))], [{ dim: 2 }, { dim: 3 }, { dim: -3 }, { dim: -4 }]),
      ],
    }),
    op({
      name: "gather",
      torch: "torch.gather(x, o.dim, index.long())",
      run: ({ x, index: at }, { dim }: Dim) => tg.gather(x, dim, at),
      cases: [
        ...crossed([...strided.map((layout) => ({ x: of([3, 4], { layout }), index: index([3, 4], "index3") })), ...strided.map((layout) => ({ x: of([3, 4]), index: index([3, 4], "index3", { layout }) }))], [{ dim: 0 }, { dim: 1 }, { dim: -1 }]),
        ...crossed(everyDType.map((dtype) => ({ x: of([3, 4], { dtype }), index: index([3, 4], "index3") })), [{ dim: 0 }, { dim: 1 }]),
        ...crossed(floats.map((dtype) => ({ x: of([13], { dtype, values: "everySpecial" }), index: index([40], "index5") })), [{ dim: 0 }]),
        ...crossed([{ x: of([3, 5]), index: index([3, 7], "index5") }, { x: of([3, 5]), index: index([3, 1], "index5") }, { x: of([3, 5]), index: index([3, 0], "index5") }, { x: of([2, 3, 5]), index: index([2, 3, 2], "index5") }], [{ dim: -1 }]),
        ...crossed([{ x: of([5, 3]), index: index([7, 3], "index5") }, { x: of([5]), index: index([9], "index5") }, { x: of([5]), index: index([0], "index5") }], [{ dim: 0 }]),
        ...crossed([{ x: of([]), index: list([0], { dtype: "int32", shape: [] }) }], [{ dim: 0 }, { dim: -1 }]),
        ...crossed(labels.map((dtype) => ({ x: of([3, 5]), index: index([3, 4], "index5", { dtype }) })), [{ dim: 1 }]),
        // Smaller in the other dimensions; larger is refused, as is an index outside.
        ...crossed([...strided.map((layout) => ({ x: of([4, 5], { layout }), index: index([2, 3], "index3") })), ...strided.map((layout) => ({ x: of([4, 5]), index: index([3, 2], "index3", { layout }) }))], [{ dim: 0 }, { dim: 1 }]),
        ...crossed(everyDType.map((dtype) => ({ x: of([4, 5], { dtype }), index: index([2, 3], "index3") })), [{ dim: 0 }, { dim: 1 }]),
        ...crossed([{ x: of([3, 4, 5]), index: index([2, 3, 9], "index3") }, { x: of([3, 4, 5]), index: index([1, 7, 2], "index3") }, { x: of([3, 4, 5]), index: index([3, 1, 5], "index3") }, { x: of([3, 4, 5]), index: index([0, 4, 5], "index3") }, { x: of([3, 4, 5], { values: "everySpecial" }), index: index([2, 2, 2], "index2", { dtype: "int64" }) }], [{ dim: 0 }, { dim: 1 }, { dim: 2 }]),
        ...crossed([{ x: of([]), index: list([0, 0], { dtype: "int32" }) }, { x: of([5]), index: list([2], { dtype: "int32", shape: [] }) }, { x: of([]), index: list([1], { dtype: "int32", shape: [] }) }, { x: of([5, 2]), index: index([5], "index2") }, { x: of([]), index: index([1, 1], "index2") }], [{ dim: 0 }]),
        ...crossed([{ x: of([3, 5]), index: index([2, 5], "index5") }, { x: of([3, 5]), index: index([1, 2], "index5") }, { x: of([3, 5]), index: index([4, 5], "index5") }], [{ dim: 1 }]),
        ...crossed([{ x: of([5]), index: list([0, 5], { dtype: "int32" }) }, { x: of([5]), index: list([-1], { dtype: "int32" }) }, { x: of([5]), index: index([2, 1], "index5") }], [{ dim: 0 }]),
        ...crossed([{ x: of([5]), index: index([3], "index5") }], [{ dim: 1 }]),
      ],
    }),
    op({
      name: "indexSelect",
      torch: "torch.index_select(x, o.dim, index.long())",
      run: ({ x, index: at }, { dim }: Dim) => tg.indexSelect(x, dim, at),
      cases: [
        ...crossed([...strided.map((layout) => ({ x: of([3, 4], { layout }), index: index([5], "index3") })), ...strided.map((layout) => ({ x: of([3, 4]), index: index([4], "index3", { layout }) }))], [{ dim: 0 }, { dim: 1 }, { dim: -1 }]),
        ...crossed(everyDType.map((dtype) => ({ x: of([3, 4], { dtype }), index: index([6], "index3") })), [{ dim: 0 }, { dim: 1 }]),
        ...crossed(floats.map((dtype) => ({ x: of([13, 2], { dtype, values: "everySpecial" }), index: index([20], "index5") })), [{ dim: 0 }]),
        ...crossed(labels.map((dtype) => ({ x: of([3, 5]), index: index([4], "index3", { dtype }) })), [{ dim: 1 }]),
        ...crossed([{ x: of([3, 5]), index: index([0], "index3") }, { x: of([3, 5, 2]), index: index([1], "index3") }, { x: of([3, 17]), index: index([33], "index3") }, { x: of([5, 0]), index: index([2], "index3") }], [{ dim: 0 }, { dim: 1 }]),
        ...crossed([{ x: of([5]), index: list([0, 5], { dtype: "int32" }) }, { x: of([5]), index: list([-1], { dtype: "int32" }) }, { x: of([5]), index: index([2, 1], "index5") }, { x: of([0]), index: index([1], "index2") }, { x: of([0]), index: index([0], "index2") }], [{ dim: 0 }]),
        ...crossed([{ x: of([]), index: list([0], { dtype: "int32" }) }, { x: of([]), index: list([0, 0], { dtype: "int32" }) }, { x: of([4]), index: list([1], { dtype: "int32", shape: [] }) }, { x: of([4, 2]), index: list([1], { dtype: "int64", shape: [] }) }, { x: of([]), index: list([0], { dtype: "int32", shape: [] }) }, { x: of([]), index: list([1], { dtype: "int32", shape: [] }) }], [{ dim: 0 }, { dim: -1 }]),
        ...crossed([{ x: of([5]), index: index([3], "index5") }], [{ dim: 1 }]),
      ],
    }),
    op({
      name: "to",
      torch: "x.to(dtype_of(o.dtype))",
      run: ({ x }, { dtype }: { readonly dtype: DType }) => tg.to(x, dtype),
      cases: [
        ...crossed(everyDType.map((dtype) => ({ x: of([17], { dtype }) })), everyDType.filter((dtype) => dtype !== "uint8").map((dtype) => ({ dtype }))),
        ...crossed(everyDType.map((dtype) => ({ x: of([3, 4], { dtype, layout: "transposed", values: dtype.startsWith("float") ? "positive" : "eighths" }) })), everyDType.filter((dtype) => dtype !== "uint8").map((dtype) => ({ dtype }))),
        ...crossed(integers.map((dtype) => ({ x: of([9], { dtype }) })), [{ dtype: "uint8" as const }]),
        ...crossed(floats.map((dtype) => ({ x: of([13], { dtype, values: "everySpecial" }) })), [...floats, "bool" as const].map((dtype) => ({ dtype }))),
        ...crossed(floats.flatMap((dtype) => (["large", "small", "wide", "fine"] as const).map((values) => ({ x: of([18], { dtype, values }) }))), floats.map((dtype) => ({ dtype }))),
        ...crossed(bounded.map((dtype) => ({ x: of([8], { dtype, values: "extremes" }) })), everyDType.map((dtype) => ({ dtype }))),
      ] as readonly Case<{ readonly dtype: DType }>[],
    }),
  ],
};
