import type { DType, Shape } from "@tapegrad/tensor";
import type { CaseInputs } from "../case-list.ts";
import { of, type Input, type Layout, type Recipe } from "../input.ts";

/** Every layout that is not row-major. */
export const strided: readonly Layout[] = ["transposed", "narrowed", "stepped", "offset", "expanded"];

export const floats: readonly DType[] = ["float32", "float64", "float16"];
export const integers: readonly DType[] = ["int64", "int32", "uint8", "bool"];
export const everyDType: readonly DType[] = [...floats, ...integers];
/** Those whose range has ends. */
export const bounded: readonly DType[] = ["int64", "int32", "uint8"];

/** Values at which functions have their corners. */
export const corners: readonly Recipe[] = ["ties", "zeros", "specials", "infinite", "large", "small", "wide"];

/** Sizes 0 and 1, 0-d, and what lies around the width of vectors. */
const shapes: readonly Shape[] = [[], [1], [0], [3], [4], [5], [16], [17], [33], [1, 1], [2, 3], [2, 0, 3], [3, 1, 4], [2, 3, 2, 2]];

/** Operands for a pointwise op of one operand; `usual` are values in its domain. */
export function unaryOperands(usual: Recipe = "eighths"): readonly Input[] {
  return [
    ...shapes.map((shape) => of(shape, { values: usual })),
    ...strided.flatMap((layout) => [of([3, 4], { values: usual, layout }), of([2, 3, 5], { values: usual, layout })]),
    ...strided.map((layout) => of([3, 4], { values: usual, layout, dtype: "float64" })),
    ...floats.flatMap((dtype) => [...corners.filter((values) => values !== "specials"), "fine" as const].map((values) => of([18], { values, dtype }))),
    ...floats.map((dtype) => of([26], { values: "everySpecial", dtype })),
    ...(["float64", "float16"] as const).flatMap((dtype) => [[], [5], [2, 3]].map((shape) => of(shape, { values: usual, dtype }))),
    ...integers.flatMap((dtype) => [of([], { dtype }), of([0], { dtype }), of([17], { dtype }), of([3, 4], { dtype, layout: "transposed" })]),
    ...bounded.map((dtype) => of([8], { dtype, values: "extremes" })),
  ];
}

type ShapePair = readonly [Shape, Shape];

const broadcastPairs: readonly ShapePair[] = [
  [[], []], [[1], [1]], [[0], [0]], [[5], [5]], [[17], [17]], [[33], [33]], [[2, 3], [2, 3]], [[2, 3], [3]], [[3], [2, 3]],
  [[2, 1, 4], [3, 1]], [[3], []], [[], [3]], [[0, 3], [1, 3]], [[1], [0]], [[0], []], [[2, 3], [2, 1]], [[4, 1], [1, 5]], [[1, 1], [3, 4]],
  // Those that do not fit.
  [[2], [3]], [[2, 3], [2]],
];

interface Usual {
  readonly a?: Recipe;
  readonly b?: Recipe;
  /** Whether the op takes plain numbers. */
  readonly numbers?: boolean;
}

/** Operands for a pointwise op of two operands, by broadcasting, layout, promotion, numbers and special values. */
export function binaryOperands({ a = "eighths", b = "eighths", numbers = true }: Usual = {}): readonly CaseInputs[] {
  const pair = (shapeA: Shape, shapeB: Shape, detailsA: Partial<Input> = {}, detailsB: Partial<Input> = detailsA): CaseInputs => ({
    a: of(shapeA, { values: a, ...detailsA }),
    b: of(shapeB, { values: b, ...detailsB }),
  });
  const corner = (values: Recipe, dtype: DType): CaseInputs => pair([18], [18], { values, dtype });
  const mixed = (shapeA: Shape, shapeB: Shape): readonly CaseInputs[] => everyDType.flatMap((left) => everyDType.map((right) => pair(shapeA, shapeB, { dtype: left }, { dtype: right })));
  return [
    ...broadcastPairs.map(([left, right]) => pair(left, right)),
    ...strided.flatMap((layout) => [pair([3, 4], [3, 4], { layout }, {}), pair([3, 4], [3, 4], {}, { layout }), pair([3, 4], [3, 4], { layout })]),
    ...strided.flatMap((layout) => [pair([2, 3, 4], [4], { layout, dtype: "float64" }), pair([3, 1], [2, 3, 4], { layout })]),
    ...mixed([6], [6]),
    ...mixed([6], []),
    ...mixed([], [4]).filter((_, i) => i % 7 !== 0),
    ...floats.flatMap((dtype) => [pair([13, 1], [13], { values: "everySpecial", dtype }), ...corners.map((values) => corner(values, dtype))]),
    ...bounded.map((dtype) => pair([40], [40], { dtype, values: "extremes" })),
    ...(numbers ? everyDType.flatMap((dtype) => [2, 0.5, -3].map((value) => ({ a: of([5], { values: a, dtype }), b: value }))) : []),
    ...(numbers ? everyDType.flatMap((dtype) => [2, -1.5].map((value) => ({ a: value, b: of([5], { values: b, dtype }) }))) : []),
    ...(numbers ? floats.flatMap((dtype) => [0, -0, Infinity, NaN].map((value) => ({ a: of([13], { values: "everySpecial", dtype }), b: value }))) : []),
  ];
}
