import * as tg from "@tapegrad/tensor";
import type { Pair, Shape } from "@tapegrad/tensor";
import { crossed, op, within, type Case, type CaseInputs, type Family, type Options } from "../case-list.ts";
import { of, type Input } from "../input.ts";
import { corners, floats, integers, strided } from "./operand-lists.ts";

type ConvOptions = { readonly stride?: number | Pair; readonly padding?: number | Pair | "same" | "valid"; readonly dilation?: number | Pair; readonly groups?: number };
type PoolOptions = { readonly kernelSize: number | Pair; readonly stride?: number | Pair; readonly padding?: number | Pair; readonly ceilMode?: boolean };
type MaxOptions = PoolOptions & { readonly dilation?: number | Pair };
type AvgOptions = PoolOptions & { readonly countIncludePad?: boolean; readonly divisorOverride?: number };

const conv = (x: Shape, kernel: Shape, options: ConvOptions = {}, details: Partial<Input> = {}, bias = true): Case<ConvOptions> => ({
  inputs: { x: of(x, details), kernel: of(kernel, details), bias: bias ? of(kernel.slice(0, 1), details) : null },
  options,
});

const convCases: readonly Case<ConvOptions>[] = [
  conv([1, 1, 3, 3], [1, 1, 2, 2]), conv([2, 3, 5, 4], [2, 3, 3, 3]), conv([2, 3, 5, 4], [2, 3, 3, 3], {}, {}, false), conv([1, 1, 1, 1], [1, 1, 1, 1]), conv([2, 3, 4, 4], [5, 3, 4, 4]), conv([2, 3, 4, 4], [5, 3, 1, 1]), conv([1, 2, 7, 9], [3, 2, 1, 3]), conv([1, 2, 7, 9], [3, 2, 5, 1]), conv([1, 16, 6, 6], [16, 16, 3, 3], { padding: 1 }), conv([1, 12, 5, 5], [13, 12, 3, 3]),
  ...[1, 2, [1, 2], [2, 1], [3, 3]].map((stride) => conv([2, 2, 6, 7], [3, 2, 3, 2], { stride } as ConvOptions)),
  ...[1, 2, [0, 1], [2, 0], "same", "valid", 3].map((padding) => conv([2, 2, 4, 5], [3, 2, 3, 3], { padding } as ConvOptions)),
  ...[2, [1, 2], [2, 3]].map((dilation) => conv([1, 2, 7, 8], [2, 2, 2, 3], { dilation } as ConvOptions)),
  ...[2, 4].map((groups) => conv([2, 4, 4, 4], [4, 4 / groups, 2, 2], { groups })),
  conv([1, 4, 5, 5], [8, 1, 3, 3], { groups: 4, padding: 1 }), conv([1, 4, 5, 5], [8, 1, 3, 3], { groups: 4, stride: 2, dilation: 2, padding: 2 }), conv([1, 2, 4, 4], [2, 2, 2, 4], { padding: "same" }), conv([1, 2, 6, 6], [2, 2, 3, 2], { padding: "same", dilation: 2 }), conv([2, 6, 5, 4], [4, 3, 3, 2], { groups: 2, stride: [2, 1], padding: [1, 0] }),
  ...strided.flatMap((layout) => [conv([2, 3, 4, 5], [2, 3, 2, 3], {}, { layout }), conv([2, 3, 4, 5], [2, 3, 3, 3], { padding: 1 }, { layout, dtype: "float64" }), conv([1, 2, 4, 4], [2, 2, 1, 1], {}, { layout })]),
  ...floats.flatMap((dtype) => [...corners, "fine" as const].map((values) => conv([1, 2, 4, 3], [2, 2, 2, 2], { padding: 1 }, { values, dtype }))),
  conv([0, 2, 4, 4], [3, 2, 2, 2]), conv([1, 2, 3, 3], [3, 2, 2, 2], { padding: 1, stride: 5 }), conv([1, 2, 2, 2], [3, 2, 3, 3], { padding: 1 }), conv([2, 0, 4, 4], [3, 0, 2, 2]), conv([2, 2, 4, 4], [0, 2, 2, 2]),
  // Without a batch.
  ...strided.flatMap((layout) => [conv([2, 4, 5], [3, 2, 2, 3], {}, { layout }), conv([2, 4, 5], [3, 2, 3, 3], { padding: 1 }, { layout, dtype: "float64" }), conv([2, 4, 4], [2, 2, 1, 1], {}, { layout }, false)]),
  ...floats.map((dtype) => conv([4, 5, 4], [6, 2, 3, 2], { groups: 2, padding: "same", dilation: 2 }, { dtype, values: "fine" })), conv([2, 4, 4], [3, 2, 4, 4]), conv([1, 1, 1], [1, 1, 1, 1]), conv([2, 4, 4], [3, 3, 2, 2]), conv([2, 2, 4], [3, 2, 3, 3]), conv([4, 4, 4], [4, 1, 2, 2], { groups: 4, stride: [2, 1] }),
  conv([2, 3, 3], [4, 2, 2, 2]), conv([3, 5, 5], [4, 3, 2, 2], { stride: 2 }), conv([3, 5, 5], [4, 3, 2, 2], {}, { dtype: "float64" }, false),
  // Refused.
  conv([1, 2, 3, 3], [3, 2, 4, 4]), conv([1, 2, 3, 3], [3, 3, 2, 2]), conv([1, 3, 3, 3], [4, 3, 2, 2], { groups: 2 }), conv([1, 4, 3, 3], [3, 2, 2, 2], { groups: 2 }), conv([1, 2, 4, 4], [3, 2, 2, 2], { padding: "same", stride: 2 }), conv([1, 2, 4, 4], [3, 2, 2, 2], { stride: 0 }), conv([1, 2, 4, 4], [3, 2, 2, 2], { padding: -1 }), conv([1, 2, 4, 4], [3, 2, 2, 2], { dilation: 0 }), conv([1, 2, 4, 4], [3, 2, 2, 2], { groups: 0 }), conv([4, 4], [3, 2, 2, 2]), conv([1, 2, 4, 4], [2, 2, 2]),
  { inputs: { x: of([1, 2, 4, 4]), kernel: of([3, 2, 2, 2]), bias: of([2]) }, options: {} }, { inputs: { x: of([1, 2, 4, 4]), kernel: of([3, 2, 2, 2], { dtype: "float64" }), bias: null }, options: {} }, { inputs: { x: of([1, 2, 4, 4], { dtype: "int32" }), kernel: of([3, 2, 2, 2]), bias: null }, options: {} },
];

const images: readonly CaseInputs[] = [
  ...strided.map((layout) => ({ x: of([2, 3, 5, 4], { layout }) })), ...strided.map((layout) => ({ x: of([3, 5, 4], { layout, dtype: "float64" }) })),
  ...floats.flatMap((dtype) => [...corners, "fine" as const].map((values) => ({ x: of([1, 2, 5, 4], { values, dtype }) }))),
  { x: of([2, 3, 4, 4]) }, { x: of([3, 4, 4]) }, { x: of([1, 1, 2, 2]) }, { x: of([0, 2, 4, 4]) }, { x: of([1, 3, 9, 33]) },
];

const windows: readonly PoolOptions[] = [
  { kernelSize: 1 }, { kernelSize: [2, 3] }, { kernelSize: 3, stride: 1 }, { kernelSize: 3, stride: 2, padding: 1 }, { kernelSize: [3, 2], stride: [1, 2], padding: [1, 0] }, { kernelSize: 2, stride: 3 }, { kernelSize: 2, ceilMode: true }, { kernelSize: 3, stride: 2, ceilMode: true, padding: 1 }, { kernelSize: 2, stride: 2, padding: 1, ceilMode: true }, { kernelSize: 2, stride: 5, ceilMode: true }, { kernelSize: [5, 6] }, { kernelSize: 4, padding: 2 },
  // Refused.
  { kernelSize: 8 }, { kernelSize: 2, padding: 2 }, { kernelSize: 0 }, { kernelSize: 2, stride: 0 }, { kernelSize: 2, padding: -1 },
];
const board: readonly CaseInputs[] = [{ x: of([2, 2, 5, 6]) }, { x: of([2, 5, 6], { values: "ties" }) }];
const refused: readonly CaseInputs[] = [{ x: of([4, 4]) }, { x: of([1, 1, 1, 4, 4]) }, ...integers.map((dtype) => ({ x: of([1, 2, 4, 4], { dtype }) })), { x: of([1, 2, 0, 4]) }, { x: of([1, 0, 4, 4]) }];

const withoutKernel = <O extends { readonly kernelSize: number | Pair }>({ kernelSize: _, ...options }: O): Omit<O, "kernelSize"> => options;

export const convolutionFamily: Family = {
  name: "convolution",
  ops: [
    op<ConvOptions & Options>({
      name: "conv2d",
      torch: "F.conv2d(x, kernel, bias, 1 if o.stride is None else o.stride, 0 if o.padding is None else o.padding, 1 if o.dilation is None else o.dilation, 1 if o.groups is None else o.groups)",
      run: ({ x, kernel, bias }, options) => tg.conv2d(x, kernel, bias, options),
      tolerances: { value: within(4, 4), gradient: within(4, 4), second: within(4, 8) },
      cases: convCases,
    }),
    op<MaxOptions & Options>({
      name: "maxPool2d",
      torch: "F.max_pool2d(x, o.kernelSize, o.stride, 0 if o.padding is None else o.padding, 1 if o.dilation is None else o.dilation, bool(o.ceilMode))",
      run: ({ x }, options) => tg.maxPool2d(x, options.kernelSize, withoutKernel(options)),
      cases: [
        ...crossed<MaxOptions>(images, [{ kernelSize: 2 }, { kernelSize: 3, stride: 2, padding: 1 }]),
        ...crossed<MaxOptions>(board, [...windows, { kernelSize: 2, dilation: 2 }, { kernelSize: 3, dilation: [1, 2], stride: 1, padding: 1 }, { kernelSize: 2, dilation: 0 }, { kernelSize: 2, stride: 2, dilation: [3, 4], ceilMode: true }]),
        ...crossed<MaxOptions>(refused, [{ kernelSize: 2 }]),
      ] as readonly Case<MaxOptions & Options>[],
    }),
    op<AvgOptions & Options>({
      name: "avgPool2d",
      torch: "F.avg_pool2d(x, o.kernelSize, o.stride, 0 if o.padding is None else o.padding, bool(o.ceilMode), True if o.countIncludePad is None else o.countIncludePad, o.divisorOverride)",
      run: ({ x }, options) => tg.avgPool2d(x, options.kernelSize, withoutKernel(options)),
      tolerances: { value: within(2, 2), gradient: within(4, 4) },
      cases: [
        ...crossed<AvgOptions>(images, [{ kernelSize: 2 }, { kernelSize: 3, stride: 2, padding: 1 }]),
        ...crossed<AvgOptions>(board, [...windows, ...windows.slice(3, 9).map((window) => ({ ...window, countIncludePad: false })), { kernelSize: 2, divisorOverride: 3 }, { kernelSize: 3, padding: 1, divisorOverride: -2, ceilMode: true }, { kernelSize: 2, divisorOverride: 0 }]),
        ...crossed<AvgOptions>(refused, [{ kernelSize: 2 }]),
      ] as readonly Case<AvgOptions & Options>[],
    }),
  ],
};
