import * as tg from "@tapegrad/tensor";
import type { Operand, Tensor } from "@tapegrad/tensor";
import { equalNumbers, op, within, type CaseInputs, type Family, type OpCases, type Tolerances } from "../case-list.ts";
import { of, list } from "../input.ts";
import { binaryOperands, corners, everyDType, floats, strided } from "./operand-lists.ts";

type BinaryOp = (a: Operand, b: Operand) => Tensor;

/** A pointwise op of two operands and no options. */
function binary(name: string, torch: string, run: BinaryOp, tolerances: Partial<Tolerances> = {}, operands: readonly CaseInputs[] = binaryOperands()): OpCases {
  return op({ name, torch, run: ({ a, b }) => run(a, b), tolerances, cases: operands.map((inputs) => ({ inputs, options: {} })) });
}

type Alpha = { readonly alpha?: number };
const alphaOperands: readonly CaseInputs[] = [
  ...[[[], []], [[5], [5]], [[2, 3], [3]], [[2, 1, 4], [3, 1]], [[0], [1]], [[2], [3]]].map(([a = [], b = []]) => ({ a: of(a), b: of(b) })),
  ...everyDType.flatMap((left) => everyDType.map((right) => ({ a: of([6], { dtype: left }), b: of([6], { dtype: right }) }))),
  { a: of([5]), b: of([], { dtype: "float64" }) }, { a: of([3, 4], { layout: "transposed" }), b: of([3, 4]) },
];

/** The same with the second operand times a number. */
function scaled(name: string, torch: string, run: (a: Operand, b: Operand, options: Alpha | undefined) => Tensor): OpCases<Alpha> {
  const cases = [...binaryOperands().map((inputs) => ({ inputs, options: {} })), ...[2, -3, 0, 0.5].flatMap((alpha) => alphaOperands.map((inputs) => ({ inputs, options: { alpha } })))];
  return op<Alpha>({
    name,
    torch: `a ${torch} b if o.alpha is None else torch.${name}(a, b, alpha=o.alpha)`,
    run: ({ a, b }, { alpha }) => (alpha === undefined ? run(a, b, undefined) : run(a, b, { alpha })),
    // A gradient is summed over what was broadcast, and then multiplied.
    tolerances: { gradient: equalNumbers },
    cases,
  });
}

/** PyTorch refuses to differentiate floor division where its operands ask for it; here it is constant between its jumps. */
function constant(operands: CaseInputs): CaseInputs {
  return Object.fromEntries(Object.entries(operands).map(([name, input]) => [name, typeof input === "object" && input !== null ? { ...input, constant: true } : input]));
}

const near: Partial<Tolerances> = { value: within(2), gradient: within(6, 2), second: within(12, 4) };
/** PyTorch's vectors take either zero for the larger one, whichever comes first. */
const eitherZero: Partial<Tolerances> = { value: equalNumbers };
/** PyTorch's function takes tensors only. */
const tensorsOnly = binaryOperands({ numbers: false });

const powers: readonly CaseInputs[] = [
  ...binaryOperands({ a: "positive" }),
  ...binaryOperands({ a: "ties", b: "ties" }).slice(0, 18),
  ...floats.flatMap((dtype) => [1, 2, 3, -1, -2, 0.5, -0.5, 1.5].map((b) => ({ a: of([13], { values: "everySpecial", dtype }), b }))),
  ...floats.flatMap((dtype) => [2, 3, -1, 0.5].map((b) => ({ a: of([9], { values: "positive", dtype }), b }))),
];

const condition = (shape: readonly number[], details = {}): ReturnType<typeof of> => of(shape, { dtype: "bool", ...details });

const whereOperands: readonly CaseInputs[] = [
  ...[[[], [], []], [[3], [3], [3]], [[17], [17], [17]], [[0], [0], [0]], [[2, 3], [3], [2, 1]], [[3], [2, 3], []], [[2, 1, 4], [3, 1], [4]], [[1], [5], [5]], [[2], [0], [1]], [[2], [3], [3]]]
    .map(([c = [], a = [], b = []]) => ({ condition: condition(c), a: of(a), b: of(b) })),
  ...strided.flatMap((layout) => [
    { condition: condition([3, 4], { layout }), a: of([3, 4]), b: of([3, 4]) },
    { condition: condition([3, 4]), a: of([3, 4], { layout }), b: of([4], { layout }) },
  ]),
  ...everyDType.flatMap((left) => everyDType.map((right) => ({ condition: condition([6]), a: of([6], { dtype: left }), b: of([6], { dtype: right }) }))),
  ...everyDType.flatMap((dtype) => [2, 0.5].flatMap((value) => [{ condition: condition([6]), a: of([6], { dtype }), b: value }, { condition: condition([6]), a: value, b: of([6], { dtype }) }])),
  ...floats.flatMap((dtype) => corners.map((values) => ({ condition: condition([13]), a: of([13], { values, dtype }), b: of([13], { values, dtype }) }))),
  { condition: list([1, 0], { dtype: "int32" }), a: of([2]), b: of([2]) },
];

export const binaryFamily: Family = {
  name: "binary",
  ops: [
    scaled("add", "+", tg.add),
    scaled("sub", "-", tg.sub),
    binary("rsub", "a - b", (a, b) => tg.rsub(b, a)),
    binary("rdiv", "a / b", (a, b) => tg.rdiv(b, a), { value: within(1), gradient: within(8, 4, 4), second: within(8, 4, 4) }),
    binary("mul", "a * b", tg.mul),
    binary("div", "a / b", tg.div, { value: within(1), gradient: within(8, 4, 4), second: within(8, 4, 4) }),
    binary("floorDivide", "a // b", tg.floorDivide, { value: within(1) }, binaryOperands().map(constant)),
    binary("remainder", "a % b", tg.remainder, { value: within(1), gradient: within(1, 1) }),
    binary("pow", "torch.pow(a, b)", tg.pow, near, powers),
    binary("maximum", "torch.maximum(a, b)", tg.maximum, eitherZero, tensorsOnly),
    binary("minimum", "torch.minimum(a, b)", tg.minimum, eitherZero, tensorsOnly),
    binary("eq", "a == b", tg.eq),
    binary("ne", "a != b", tg.ne),
    binary("lt", "a < b", tg.lt),
    binary("le", "a <= b", tg.le),
    binary("gt", "a > b", tg.gt),
    binary("ge", "a >= b", tg.ge),
    binary("logicalAnd", "torch.logical_and(a, b)", tg.logicalAnd, {}, tensorsOnly),
    binary("logicalOr", "torch.logical_or(a, b)", tg.logicalOr, {}, tensorsOnly),
    binary("logicalXor", "torch.logical_xor(a, b)", tg.logicalXor, {}, tensorsOnly),
    op({ name: "where", torch: "torch.where(condition, a, b)", run: ({ condition: c, a, b }) => tg.where(c, a, b), cases: whereOperands.map((inputs) => ({ inputs, options: {} })) }),
  ],
};
