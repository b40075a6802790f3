import * as tg from "@tapegrad/tensor";
import type { DType, Shape, Tensor } from "@tapegrad/tensor";
import { op, within, type Case, type Family, type OpCases, type Tolerances } from "../case-list.ts";
import { of, list } from "../input.ts";
import { bounded, corners, floats, integers, strided } from "./operand-lists.ts";

type ReduceOptions = { readonly dim?: number | readonly number[]; readonly keepdim?: boolean };
type Reduction = (x: Tensor, options: ReduceOptions) => Tensor;

const places: readonly (readonly [Shape, ReduceOptions])[] = [
  [[], {}], [[], { keepdim: true }], [[], { dim: 0 }], [[], { dim: -1, keepdim: true }], [[1], {}], [[5], {}], [[5], { dim: 0 }], [[5], { dim: -1, keepdim: true }],
  [[2, 3], {}], [[2, 3], { keepdim: true }], [[2, 3], { dim: 0 }], [[2, 3], { dim: 1 }], [[2, 3], { dim: -1, keepdim: true }], [[2, 3, 4], { dim: 1 }], [[2, 3, 4], { dim: -3 }],
  [[3, 1, 2], { dim: 1 }], [[33], { dim: 0 }], [[3, 33], { dim: 1 }], [[33, 3], { dim: 0 }], [[70], {}],
  [[0], {}], [[0], { dim: 0 }], [[2, 0], {}], [[2, 0], { dim: 0 }], [[2, 0], { dim: 1 }], [[0, 3], { dim: 1 }], [[0, 3], { dim: 0, keepdim: true }],
  // Out of range.
  [[2, 3], { dim: 2 }], [[2, 3], { dim: -3 }],
];

const severalPlaces: readonly (readonly [Shape, ReduceOptions])[] = [
  [[2, 3], { dim: [0, 1] }], [[2, 3], { dim: [-1], keepdim: true }], [[2, 3, 4], { dim: [0, 2] }], [[2, 3, 4], { dim: [1, 2], keepdim: true }], [[1, 3, 1], { dim: [0, 2] }],
  [[2, 3, 4], { dim: [2, 0] }], [[2, 0, 3], { dim: [0, 2] }], [[2, 3], { dim: [] }], [[2, 3], { dim: [0, 0] }], [[2, 3], { dim: [0, -2] }], [[3, 2, 4, 2], { dim: [1, 3] }],
];

const x = (shape: Shape, options: ReduceOptions, details: Parameters<typeof of>[1] = {}): Case<ReduceOptions> => ({ inputs: { x: of(shape, details) }, options });

/** Calls of a reduction: shapes with dimensions, layouts, dtypes, and values where sums and extrema have corners. */
function reductionCases({ several = true } = {}): readonly Case<ReduceOptions>[] {
  return [
    ...[...places, ...(several ? severalPlaces : [])].map(([shape, options]) => x(shape, options)),
    ...strided.flatMap((layout) => [{}, { dim: 0 }, { dim: 1, keepdim: true }].map((options) => x([3, 4], options, { layout }))),
    ...strided.map((layout) => x([2, 3, 5], { dim: 1 }, { layout, dtype: "float64" })),
    ...floats.flatMap((dtype) => corners.flatMap((values) => [x([3, 6], { dim: 1 }, { values, dtype }), x([7], {}, { values, dtype })])),
    ...(["float64", "float16"] as const).flatMap((dtype) => [x([], {}, { dtype }), x([5], {}, { dtype }), x([2, 3], { dim: 0 }, { dtype })]),
    ...integers.flatMap((dtype) => [x([], {}, { dtype }), x([], { dim: 0 }, { dtype }), x([0], {}, { dtype }), x([17], {}, { dtype }), x([3, 4], { dim: 1 }, { dtype }), x([3, 4], { dim: 0 }, { dtype, layout: "transposed" })]),
    ...bounded.flatMap((dtype) => [x([9], {}, { dtype, values: "extremes" }), x([3, 6], { dim: 1 }, { dtype, values: "extremes" })]),
  ];
}

/** A list as a tuple, which is what PyTorch wants for dimensions. */
const dims = "tuple(o.dim) if isinstance(o.dim, list) else o.dim";

function reduction(name: string, torch: string, run: Reduction, tolerances: Partial<Tolerances>, cases = reductionCases()): OpCases {
  return op({ name, torch: torch.replace("DIMS", dims), run: ({ x: operand }, options: ReduceOptions) => run(operand, options), tolerances, cases });
}

const oneDim = reductionCases({ several: false });
const atDim = oneDim.filter(({ options }) => options.dim !== undefined).map(({ inputs, options }) => ({ inputs, options: { dim: options.dim as number, keepdim: options.keepdim ?? false } }));
const overall = oneDim.filter(({ options }) => options.dim === undefined && options.keepdim === undefined);

/** `max` and `min`: of the whole tensor, or of a dimension with positions. */
function extremum(name: string, run: typeof tg.max): OpCases {
  return op({
    name,
    torch: `torch.${name}(x) if o.dim is None else tuple(torch.${name}(x, o.dim, bool(o.keepdim)))`,
    run: ({ x: operand }, { dim, keepdim }: { readonly dim?: number; readonly keepdim?: boolean }) => {
      if (dim === undefined) return run(operand);
      const { values, indices } = run(operand, dim, keepdim);
      return [values, indices];
    },
    tolerances: { gradient: within(1) },
    cases: [...overall.map(({ inputs }) => ({ inputs, options: {} })), ...atDim],
  });
}

type VarianceOptions = ReduceOptions & { readonly correction?: number };
const varianceCases: readonly Case<VarianceOptions>[] = [
  ...reductionCases(),
  ...[0, 1, 2, 5, 7].flatMap((correction) => [x([5], {}), x([2, 5], { dim: 1 }, { dtype: "float64" }), x([5], {}, { values: "fine" })].map(({ inputs, options }) => ({ inputs, options: { ...options, correction } }))),
  // Far from 0, where the difference of squares has no digits left.
  ...(["float32", "float64"] as const).map((dtype) => ({ inputs: { x: list([10001, 10002, 10003, 10005], { dtype }) }, options: {} })),
  { inputs: { x: list([3, 3, 3], { dtype: "float32" }) }, options: {} },
  { inputs: { x: list([3, 3, 3, 3], { dtype: "float64", shape: [2, 2] }) }, options: { dim: 0 } },
];

const lengthCases = [
  ...reductionCases(),
  ...floats.map((dtype: DType) => ({ inputs: { x: list([0, 0, 0], { dtype }) }, options: {} })),
  { inputs: { x: list([1e-30, 1e-30]) }, options: {} },
  { inputs: { x: list([1e30, 1e30]) }, options: {} },
];

const dimOf = ({ inputs, options }: Case<{ dim: number; keepdim: boolean }>): Case<{ dim: number }> => ({ inputs, options: { dim: options.dim } });
const isUnkept = ({ options }: Case<{ dim: number; keepdim: boolean }>): boolean => !options.keepdim;

/** Sums of few terms, in another order. */
const summed: Partial<Tolerances> = { value: within(4, 2), gradient: within(4, 2), second: within(8, 4) };
const powered: Partial<Tolerances> = { value: within(8, 2), gradient: within(12, 4), second: within(24, 16, 1) };

export const reductionFamily: Family = {
  name: "reductions",
  ops: [
    reduction("sum", "torch.sum(x, dim=DIMS, keepdim=bool(o.keepdim))", tg.sum, { value: within(2, 1), gradient: within(0) }),
    reduction("mean", "torch.mean(x, dim=DIMS, keepdim=bool(o.keepdim))", tg.mean, { value: within(2, 1), gradient: within(1) }),
    op({
      name: "prod",
      torch: "torch.prod(x) if o.dim is None else torch.prod(x, dim=o.dim, keepdim=bool(o.keepdim))",
      run: ({ x: operand }, options: ReduceOptions) => tg.prod(operand, options),
      tolerances: { value: within(16), gradient: within(24, 1), second: within(128, 16, 1) },
      cases: oneDim.filter(({ options }) => options.dim !== undefined || options.keepdim === undefined),
    }),
    reduction("amax", "torch.amax(x, dim=DIMS if o.dim is not None else (), keepdim=bool(o.keepdim))", tg.amax, { gradient: within(1) }),
    reduction("amin", "torch.amin(x, dim=DIMS if o.dim is not None else (), keepdim=bool(o.keepdim))", tg.amin, { gradient: within(1) }),
    extremum("max", tg.max),
    extremum("min", tg.min),
    reduction("argmax", "torch.argmax(x, dim=DIMS, keepdim=bool(o.keepdim))", (y, options) => tg.argmax(y, options as tg.ArgOptions), {}, oneDim),
    reduction("argmin", "torch.argmin(x, dim=DIMS, keepdim=bool(o.keepdim))", (y, options) => tg.argmin(y, options as tg.ArgOptions), {}, oneDim),
    reduction("logsumexp", "torch.logsumexp(x, dim=DIMS if o.dim is not None else tuple(range(x.ndim)), keepdim=bool(o.keepdim))", tg.logsumexp, powered),
    reduction("variance", "torch.var(x, dim=DIMS, keepdim=bool(o.keepdim), correction=1 if o.correction is None else o.correction)", tg.variance, summed, varianceCases),
    reduction("std", "torch.std(x, dim=DIMS, keepdim=bool(o.keepdim), correction=1 if o.correction is None else o.correction)", tg.std, powered, varianceCases),
    reduction("norm", "torch.linalg.vector_norm(x, dim=DIMS, keepdim=bool(o.keepdim))", tg.norm, powered, lengthCases),
    op({ name: "softmax", torch: "torch.softmax(x, o.dim)", run: ({ x: operand }, { dim }: { dim: number }) => tg.softmax(operand, dim), tolerances: powered, cases: atDim.filter(isUnkept).map(dimOf) }),
    op({ name: "logSoftmax", torch: "torch.log_softmax(x, o.dim)", run: ({ x: operand }, { dim }: { dim: number }) => tg.logSoftmax(operand, dim), tolerances: powered, cases: atDim.filter(isUnkept).map(dimOf) }),
  ],
};
