import type { MeanGeometry } from "../compute/backend.ts";
import { backend } from "../compute/chosen-backend.ts";
import { contiguousKernel } from "../compute/copy.ts";
import { defineOp, type DefinedOp } from "../op.ts";
import { boolean, nonZeroInteger } from "../option-rules.ts";
import { checkArgument, checkOptions, type OptionRules } from "../options.ts";
import type { Shape } from "../shape.ts";
import { emptyTensor, type Tensor } from "../tensor.ts";
import { kernelRule, pool2dRules, pooledShape, poolGeometry, type Pool2dOptions } from "./pool-geometry.ts";
import type { Pair } from "./window.ts";

interface AvgGradAttrs extends MeanGeometry {
  readonly shape: Shape;
}

const poolOp: DefinedOp<readonly ["x"], MeanGeometry> = defineOp<readonly ["x"], MeanGeometry>({
  name: "avgPool2d",
  inputs: ["x"],
  saves: [],
  infer: ([x], geometry) => ({ shape: pooledShape(x.shape, geometry), dtype: x.dtype }),
  forward: ([x], attrs, spec) => {
    const source = contiguousKernel(x);
    const out = emptyTensor(spec.shape, spec.dtype);
    if (out.numel() > 0) backend.avgPool2d(source, out, attrs);
    return out;
  },
  backward: { x: (dOut, { attrs, shapes: [shape = []] }) => gradOp.run([dOut], { ...attrs, shape }) },
  samples: () => samples.map(({ shape, attrs }) => ({ inputs: [{ shape }], attrs })),
});

const gradOp: DefinedOp<readonly ["dOut"], AvgGradAttrs> = defineOp<readonly ["dOut"], AvgGradAttrs>({
  name: "avgPool2dBackward",
  inputs: ["dOut"],
  saves: [],
  infer: ([dOut], { shape }) => ({ shape, dtype: dOut.dtype }),
  forward: ([dOut], { shape, ...attrs }, spec) => {
    const source = contiguousKernel(dOut);
    const dX = emptyTensor(shape, spec.dtype);
    if (dX.numel() > 0) backend.avgPool2dBackward(source, dX, attrs);
    return dX;
  },
  backward: { dOut: (g, { attrs: { shape: _, ...attrs } }) => poolOp.run([g], attrs) },
  samples: () => samples.map(({ shape, attrs }) => ({ inputs: [{ shape: pooledShape(shape, attrs) }], attrs: { ...attrs, shape } })),
});

const plain = { dilation: [1, 1], countIncludePad: true, divisorOverride: 0 } as const;

const samples: readonly { shape: Shape; attrs: MeanGeometry }[] = [
  { shape: [1, 1, 4, 4], attrs: { ...plain, kernel: [2, 2], stride: [2, 2], padding: [0, 0], outSize: [2, 2] } },
  { shape: [2, 3, 5, 5], attrs: { ...plain, kernel: [3, 3], stride: [2, 2], padding: [1, 1], outSize: [3, 3] } },
  { shape: [2, 3, 5, 5], attrs: { ...plain, kernel: [3, 3], stride: [2, 2], padding: [1, 1], outSize: [3, 3], countIncludePad: false } },
  { shape: [2, 5, 6], attrs: { ...plain, kernel: [3, 2], stride: [2, 3], padding: [0, 0], outSize: [2, 2], divisorOverride: 5 } },
  { shape: [1, 1, 4, 5], attrs: { ...plain, kernel: [3, 3], stride: [2, 2], padding: [0, 0], outSize: [2, 2] } },
  { shape: [0, 2, 4, 4], attrs: { ...plain, kernel: [2, 2], stride: [2, 2], padding: [0, 0], outSize: [2, 2] } },
];

/** Options of `avgPool2d`. */
export interface AvgPool2dOptions extends Pool2dOptions {
  /** Whether explicit padding counts in the mean (it does unless told); the overhang of `ceilMode` never does. */
  readonly countIncludePad?: boolean;
  /** Divides by this instead of the window's size. */
  readonly divisorOverride?: number;
}

export const avgPool2dRules: OptionRules<AvgPool2dOptions> = { ...pool2dRules, countIncludePad: boolean, divisorOverride: nonZeroInteger };

/**
 * The mean of each window.
 *
 * Shapes    x [N, C, H, W] or [C, H, W] -> [..., H', W'], H' = floor((H + 2 padding - k) / stride) + 1
 * Gradient  dx = dOut / window size, added up where windows overlap
 * Throws    ShapeError `avgPool2d/dims`, `avgPool2d/padding`, `avgPool2d/too-small`; IndexError `avgPool2d/option`, ArgumentError
 *           `avgPool2d/unknown-option`
 * Source    as PyTorch
 * @example
 * avgPool2d(tensor([[[[1, 2], [3, 6]]]]), 2).toArray(); // [[[[3]]]]
 */
export function avgPool2d(x: Tensor, kernelSize: number | Pair, options: AvgPool2dOptions = {}): Tensor {
  checkArgument("avgPool2d", "kernelSize", kernelSize, kernelRule);
  checkOptions("avgPool2d", options, avgPool2dRules);
  return avgPool2dChecked(x, kernelSize, options);
}

/** `avgPool2d` with arguments that were checked before. @internal */
export function avgPool2dChecked(x: Tensor, kernelSize: number | Pair, options: AvgPool2dOptions): Tensor {
  const { countIncludePad = true, divisorOverride } = options;
  const geometry = poolGeometry("avgPool2d", x, kernelSize, options);
  return poolOp.run([x], { ...geometry, countIncludePad, divisorOverride: divisorOverride ?? 0 });
}
