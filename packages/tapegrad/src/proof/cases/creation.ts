import * as tg from "@tapegrad/tensor";
import type { DType, Shape } from "@tapegrad/tensor";
import { crossed, equalNumbers, op, within, type Case, type CaseInputs, type Family } from "../case-list.ts";
import { list, of } from "../input.ts";
import { bounded, everyDType, floats, strided } from "./operand-lists.ts";

type Sized = { readonly shape: Shape; readonly dtype?: DType };
type Full = Sized & { readonly value: number };
type Range = { readonly start: number; readonly end?: number; readonly step?: number; readonly dtype?: DType };
type Steps = { readonly start: number; readonly end: number; readonly count: number; readonly dtype?: DType };
type Square = { readonly rows: number; readonly columns?: number; readonly dtype?: DType };
type Like = { readonly dtype?: DType };

/** Calls without operands. */
const calls = <O extends Sized | Range | Steps | Square>(options: readonly O[]): readonly Case<O>[] => options.map((each) => ({ inputs: {}, options: each }));

const shapes: readonly Shape[] = [[], [0], [1], [5], [2, 3], [2, 0, 3], [33], [2, 1, 2, 2], [17, 3]];
const sized: readonly Sized[] = shapes.flatMap((shape) => [{ shape }, ...everyDType.map((dtype) => ({ shape, dtype }))]);
const withDType = <O extends object>(options: readonly O[], dtypes: readonly DType[]): readonly (O & { readonly dtype: DType })[] => options.flatMap((each) => dtypes.map((dtype) => ({ ...each, dtype })));

const everyKind: readonly CaseInputs[] = [...shapes.map((shape) => ({ x: of(shape) })), ...strided.map((layout) => ({ x: of([3, 4], { layout }) })), ...everyDType.slice(1).map((dtype) => ({ x: of([2, 3], { dtype }) }))];
const likes: readonly Like[] = [{}, { dtype: "float64" }, { dtype: "int32" }, { dtype: "int64" }, { dtype: "bool" }];

const ranges: readonly Range[] = [{ start: 5 }, { start: 0 }, { start: 1, end: 4 }, { start: 0, end: 10, step: 3 }, { start: 5, end: 0, step: -2 }, { start: -3 , end: 3 }, { start: 2.5 }, { start: 0, end: 1, step: 0.25 }, { start: 1, end: 2, step: 0.1 }, { start: 0.5, end: 4 }, { start: 3, end: 3 }, { start: 1, end: 0, step: -0.3 }];
const refusedRanges: readonly Range[] = [{ start: 3, end: 1 }, { start: 1, end: 3, step: -1 }, { start: 1, end: 3, step: 0 }, { start: 0, end: Infinity }, { start: NaN, end: 1 }];
const steps: readonly Steps[] = [{ start: 0, end: 1, count: 5 }, { start: -2, end: 2, count: 9 }, { start: 3, end: 3, count: 4 }, { start: 0, end: 1, count: 0 }, { start: 4, end: 7, count: 1 }, { start: 1, end: -1, count: 2 }, { start: 0, end: 10, count: 11 }, { start: 0.1, end: 0.9, count: 33 }, { start: -1e4, end: 1e4, count: 7 }, { start: 0, end: 1, count: 3 }];
const squares: readonly Square[] = [{ rows: 3 }, { rows: 0 }, { rows: 1 }, { rows: 2, columns: 4 }, { rows: 4, columns: 2 }, { rows: 3, columns: 0 }, { rows: 0, columns: 3 }, { rows: 17 }, { rows: 5, columns: 5 }];

type Close = { readonly rtol?: number; readonly atol?: number; readonly equalNan?: boolean };
const likewise: readonly CaseInputs[] = [
  ...[[], [0], [3], [2, 3]].map((shape) => ({ a: of(shape, { values: "ties" }), b: of(shape, { values: "ties" }) })),
  ...floats.flatMap((dtype) => [{ a: list([1, 2, 3], { dtype }), b: list([1, 2, 3], { dtype }) }, { a: list([1, 2, 3], { dtype }), b: list([1, 2, 3.001], { dtype }) }, { a: list([NaN, 1], { dtype }), b: list([NaN, 1], { dtype }) }, { a: list([Infinity, -Infinity], { dtype }), b: list([Infinity, -Infinity], { dtype }) }, { a: list([Infinity], { dtype }), b: list([-Infinity], { dtype }) }, { a: list([Infinity], { dtype }), b: list([5], { dtype }) }, { a: list([0], { dtype }), b: list([-0], { dtype }) }, { a: list([0, 0], { dtype }), b: list([1e-7, 0], { dtype }) }]),
  ...bounded.flatMap((dtype) => [{ a: list([1, 2], { dtype }), b: list([1, 2], { dtype }) }, { a: list([1, 2], { dtype }), b: list([1, 3], { dtype }) }]),
  ...strided.map((layout) => ({ a: of([3, 4], { values: "count", layout }), b: of([3, 4], { values: "count" }) })),
  { a: list([1, 0], { dtype: "bool" }), b: list([1, 0], { dtype: "bool" }) },
];
const unlike: readonly CaseInputs[] = [{ a: list([1, 2]), b: list([1, 2], { dtype: "float64" }) }, { a: list([1, 2]), b: list([1, 2], { dtype: "int32" }) }, { a: list([1, 2], { dtype: "int64" }), b: list([1, 2], { dtype: "int32" }) }, { a: list([1, 1]), b: list([1], { shape: [] }) }, { a: list([1, 1]), b: list([1, 1], { shape: [2, 1] }) }];

export const creationFamily: Family = {
  name: "creation",
  ops: [
    op<Full>({ name: "full", torch: "torch.full(o.shape, o.value, dtype=torch.float32 if o.dtype is None else dtype_of(o.dtype))", run: (_, { shape, value, ...options }) => tg.full(shape, value, options), cases: calls([...sized.map((each, i) => ({ ...each, value: [2, 0, 1, 200][i % 4] as number })), ...[NaN, Infinity, -0, 1e38, 0.1].flatMap((value) => floats.map((dtype) => ({ shape: [3], value, dtype }))), ...[2, 0.5, NaN].map((value) => ({ shape: [2], value, dtype: "bool" as const })), ...[7, -3].flatMap((value) => [{ shape: [2], value, dtype: "int32" as const }, { shape: [2], value: value * 2 ** 40, dtype: "int64" as const }])]) }),
    op<Sized>({ name: "zeros", torch: "torch.zeros(o.shape, dtype=dtype_of(o.dtype))", run: (_, { shape, ...options }) => tg.zeros(shape, options), cases: calls(sized) }),
    op<Sized>({ name: "ones", torch: "torch.ones(o.shape, dtype=dtype_of(o.dtype))", run: (_, { shape, ...options }) => tg.ones(shape, options), cases: calls(sized) }),
    op<Like & { readonly value: number }>({ name: "fullLike", torch: "torch.full_like(x, o.value, dtype=dtype_of(o.dtype))", run: ({ x }, { value, ...options }) => tg.fullLike(x, value, options), cases: crossed(everyKind, likes.map((like, i) => ({ ...like, value: [2, 0, 1, 2, 200][i % 5] as number }))) }),
    op<Like>({ name: "zerosLike", torch: "torch.zeros_like(x, dtype=dtype_of(o.dtype))", run: ({ x }, options) => tg.zerosLike(x, options), cases: crossed(everyKind, likes) }),
    op<Like>({ name: "onesLike", torch: "torch.ones_like(x, dtype=dtype_of(o.dtype))", run: ({ x }, options) => tg.onesLike(x, options), cases: crossed(everyKind, likes) }),
    op<Range>({ name: "arange", torch: "torch.arange(*([0, o.start] if o.end is None else [o.start, o.end]), 1 if o.step is None else o.step, dtype=dtype_of(o.dtype))", run: (_, { start, end, step, ...options }) => tg.arange(start, end, step, options), cases: calls([...ranges, ...withDType(ranges, floats), ...withDType(ranges.slice(0, 6), bounded).filter(({ start, dtype }) => dtype !== "uint8" || start >= 0), ...refusedRanges]), tolerances: { value: within(1, 1) } }),
    op<Steps>({ name: "linspace", torch: "torch.linspace(o.start, o.end, o.count, dtype=dtype_of(o.dtype))", run: (_, { start, end, count, ...options }) => tg.linspace(start, end, count, options), tolerances: { value: within(1, 1) }, cases: calls([...steps, ...withDType(steps, floats), ...withDType(steps, ["int32", "int64"]), ...withDType(steps.slice(0, 1).concat(steps.slice(3, 5)), ["uint8"]), ...steps.map(({ start, end, count }) => ({ start: end, end: start, count: count + 1 })), { start: 0, end: 1, count: -1 }]) }),
    op<Square>({ name: "eye", torch: "torch.eye(o.rows, o.rows if o.columns is None else o.columns, dtype=dtype_of(o.dtype))", run: (_, { rows, columns, ...options }) => tg.eye(rows, columns, options), cases: calls([...squares, ...withDType(squares, everyDType), { rows: -1 }, { rows: 2, columns: -1 }]) }),
    op<Like>({ name: "tensor", torch: "torch.tensor(x.tolist(), dtype=dtype_of(o.dtype))", run: ({ x }, options) => tg.tensor(x.toArray(), options), few: "lists and numbers in every dtype; the rest of it takes typed arrays, which PyTorch has not", cases: crossed([{ x: of([2, 3], { constant: true }) }, { x: of([], { constant: true }) }, { x: of([5], { dtype: "bool" }) }, { x: of([13], { values: "everySpecial", constant: true }) }, { x: of([1, 1, 2], { constant: true }) }], [{}, ...floats.map((dtype) => ({ dtype }))]) }),
    op({ name: "equal", torch: "torch.equal(a, b)", run: ({ a, b }) => tg.equal(a, b), few: "a yes or no: alike and unlike, in every dtype and layout", cases: crossed([...likewise, ...unlike], [{}]) }),
    op<Close>({ name: "allclose", torch: "torch.allclose(a, b, 1e-5 if o.rtol is None else o.rtol, 1e-8 if o.atol is None else o.atol, bool(o.equalNan))", run: ({ a, b }, options) => tg.allclose(a, b, options), tolerances: { value: equalNumbers }, cases: [...crossed<Close>(likewise, [{}, { equalNan: true }, { atol: 0.01 }, { rtol: 0.1, atol: 0 }]), ...crossed<Close>(unlike, [{}])] }),
  ],
};
