import * as tg from "@tapegrad/tensor";
import type { Shape } from "@tapegrad/tensor";
import { op, within, type CaseInputs, type Family, type Tolerances } from "../case-list.ts";
import { of, type Input } from "../input.ts";
import { bounded, corners, everyDType, floats, integers, strided } from "./operand-lists.ts";

/** Eighths give exact products and sums; other values sums of rounded products, in another order. */
const summed: Partial<Tolerances> = { value: within(4, 4), gradient: within(4, 4), second: within(4, 8) };

const shapes: readonly (readonly [Shape, Shape])[] = [
  [[3], [3]], [[1], [1]], [[0], [0]], [[17], [17]], [[2, 3], [3]], [[3], [3, 2]], [[2, 3], [3, 4]], [[1, 1], [1, 1]], [[1, 5], [5, 1]], [[5, 1], [1, 5]], [[17, 9], [9, 33]], [[5, 33], [33, 8]],
  [[0, 3], [3, 2]], [[2, 0], [0, 3]], [[2, 3], [3, 0]], [[0], [0, 2]], [[2, 2, 3], [3, 4]], [[2, 3], [4, 3, 2]], [[4, 2, 3], [4, 3, 2]], [[2, 1, 2, 3], [3, 3, 2]], [[2, 2, 3], [3]], [[3], [2, 3, 4]], [[1, 2, 3], [5, 3, 2]], [[0, 2, 3], [0, 3, 2]], [[0, 2, 3], [3, 2]], [[2, 2, 0], [0, 3]],
  // Those that do not fit.
  [[2, 3], [2, 3]], [[3], [4]], [[], [3]], [[3], []], [[], []], [[2, 2, 3], [3, 3, 2]], [[2, 3], [4]],
];

const both = (a: Shape, b: Shape, left: Partial<Input> = {}, right: Partial<Input> = left): CaseInputs => ({ a: of(a, left), b: of(b, right) });

const matmulOperands: readonly CaseInputs[] = [
  ...shapes.map(([a, b]) => both(a, b)),
  ...strided.flatMap((layout) => [both([3, 4], [4, 5], { layout }), both([3, 4], [4, 5], { layout }, {}), both([3, 4], [4, 5], {}, { layout }), both([2, 3, 4], [2, 4, 5], { layout, dtype: "float64" }), both([4], [4, 2], { layout })]),
  ...floats.flatMap((dtype) => [...corners, "fine" as const].map((values) => both([3, 4], [4, 2], { values, dtype }))),
  ...everyDType.flatMap((left) => everyDType.filter((right) => left !== right || left !== "float32").map((right) => both([2, 3], [3, 2], { dtype: left }, { dtype: right }))),
  ...bounded.map((dtype) => both([4, 8], [8, 5], { dtype, values: "extremes" })),
];

/** Operands of the products that take certain numbers of dimensions: `sizes` are (m, k, n) or what the op has of them. */
function productOperands(a: (m: number, k: number) => Shape, b: (k: number, n: number) => Shape): readonly CaseInputs[] {
  const sizes = [[1, 1, 1], [2, 3, 4], [5, 1, 3], [1, 7, 1], [17, 9, 33], [0, 3, 2], [3, 0, 2], [2, 3, 0], [8, 16, 8], [4, 4, 4], [3, 33, 5]] as const;
  return [
    ...sizes.map(([m, k, n]) => both(a(m, k), b(k, n))),
    ...strided.flatMap((layout) => [both(a(3, 4), b(4, 5), { layout }), both(a(3, 4), b(4, 5), {}, { layout }), both(a(3, 4), b(4, 5), { layout, dtype: "float64" })]),
    ...floats.flatMap((dtype) => [...corners, "fine" as const].map((values) => both(a(3, 4), b(4, 2), { values, dtype }))),
    ...(["float64", "float16"] as const).flatMap((dtype) => sizes.map(([m, k, n]) => both(a(m, k), b(k, n), { dtype }))),
    ...integers.map((dtype) => both(a(2, 3), b(3, 2), { dtype })),
    // Those that do not fit.
    both(a(2, 3), b(4, 2)), both([], b(3, 2)), both(a(2, 3), []), both([1, ...a(2, 3)], b(3, 2)), both(a(2, 3), [1, ...b(3, 2)]), both([3], [2, 3]), both([2, 2, 3], [3, 3, 2]),
  ];
}

type ProductRow = readonly [name: string, run: typeof tg.mm, a: (m: number, k: number) => Shape, b: (k: number, n: number) => Shape];

/** Sizes that an op has no place for make cases that are the same. */
function distinct(operands: readonly CaseInputs[]): readonly CaseInputs[] {
  return [...new Map(operands.map((inputs) => [JSON.stringify(inputs), inputs])).values()];
}

const layer = (x: Shape, weight: Shape, bias: boolean, details: Partial<Input> = {}): CaseInputs => ({ x: of(x, details), kernel: of(weight, details), bias: bias ? of(weight.slice(0, 1), details) : null });

const linearOperands: readonly CaseInputs[] = [
  ...[[3], [2, 3], [2, 2, 3], [1, 3], [0, 3], [17, 3], [2, 1, 2, 3]].flatMap((x) => [layer(x, [4, 3], true), layer(x, [4, 3], false)]),
  ...[[[2, 1], [1, 1]], [[5, 33], [17, 33]], [[2, 0], [3, 0]], [[2, 3], [0, 3]], [[33], [2, 33]]].map(([x = [], weight = []]) => layer(x, weight, true)),
  ...strided.flatMap((layout) => [layer([3, 4], [5, 4], true, { layout }), layer([2, 3, 4], [5, 4], true, { layout }), layer([3, 4], [5, 4], false, { layout, dtype: "float64" })]),
  ...floats.flatMap((dtype) => [...corners, "fine" as const].map((values) => layer([3, 4], [2, 4], true, { values, dtype }))),
  ...integers.map((dtype) => layer([3, 4], [2, 4], true, { dtype })),
  // Refused: sizes and dtypes that do not fit.
  layer([2, 3], [4, 2], true), layer([], [4, 3], false), { x: of([2, 3]), kernel: of([4, 3]), bias: of([3]) }, { x: of([2, 3]), kernel: of([4, 3], { dtype: "float64" }), bias: null }, { x: of([2, 3]), kernel: of([4, 3]), bias: of([4], { dtype: "float64" }) },
  { x: of([2, 3]), kernel: of([3]), bias: null }, { x: of([2, 3]), kernel: of([3]), bias: of([]) }, { x: of([2, 3]), kernel: of([4, 3]), bias: of([]) }, { x: of([2, 3]), kernel: of([4, 3]), bias: of([1]) }, { x: of([2, 3]), kernel: of([2, 4, 3]), bias: null },
];

export const productFamily: Family = {
  name: "products",
  ops: [
    op({ name: "matmul", torch: "torch.matmul(a, b)", run: ({ a, b }) => tg.matmul(a, b), tolerances: summed, cases: matmulOperands.map((inputs) => ({ inputs, options: {} })) }),
    ...([["mm", tg.mm, (m, k) => [m, k], (k, n) => [k, n]], ["bmm", tg.bmm, (m, k) => [2, m, k], (k, n) => [2, k, n]], ["mv", tg.mv, (m, k) => [m, k], (k) => [k]], ["dot", tg.dot, (_, k) => [k], (k) => [k]]] satisfies readonly ProductRow[]).map(
      ([name, run, a, b]) => op({ name, torch: `torch.${name}(a, b)`, run: (given) => run(given.a, given.b), tolerances: summed, cases: distinct(productOperands(a, b)).map((inputs) => ({ inputs, options: {} })) }),
    ),
    op({ name: "linear", torch: "F.linear(x, kernel, bias)", run: ({ x, kernel, bias }) => tg.linear(x, kernel, bias), tolerances: summed, cases: linearOperands.map((inputs) => ({ inputs, options: {} })) }),
  ],
};
