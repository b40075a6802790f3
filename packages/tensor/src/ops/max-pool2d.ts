import type { WindowGeometry } from "../compute/backend.ts";
import { backend } from "../compute/chosen-backend.ts";
import { contiguousKernel } from "../compute/copy.ts";
import { defineOp } from "../op.ts";
import { sides } from "../option-rules.ts";
import { checkArgument, checkOptions, type OptionRules } from "../options.ts";
import { sizeOf, type Shape } from "../shape.ts";
import { emptyTensor, type Tensor } from "../tensor.ts";
import { gather } from "./gather.ts";
import { kernelRule, pool2dRules, pooledShape, poolGeometry, type Pool2dOptions } from "./pool-geometry.ts";
import { reshapeOrSame } from "./reshape.ts";
import type { Pair } from "./window.ts";

const planesOf = (shape: Shape): number => sizeOf(shape.slice(0, -2));

const poolOp = defineOp<readonly ["x"], WindowGeometry>({
  name: "maxPool2d",
  inputs: ["x"],
  saves: [],
  infer: ([x], geometry) => ({ shape: pooledShape(x.shape, geometry), dtype: x.dtype }),
  forward: ([x], geometry, spec, call) => {
    const source = contiguousKernel(x);
    const out = emptyTensor(spec.shape, spec.dtype);
    const indices = emptyTensor(spec.shape, "int32");
    if (out.numel() > 0) backend.maxPool2d(source, out, indices, geometry);
    call.aux = [indices];
    return out;
  },
  backward: {
    x: (dOut, { aux: [indices], shapes: [shape = []], attrs }) => unpoolOp.run([dOut, indices as Tensor], { shape, twoByTwo: isTwoByTwo(attrs) }),
  },
  samples: () => samples.map(({ shape, geometry }) => ({ inputs: [{ shape, distinct: true }], attrs: geometry })),
});

/** Whether the windows are 2 x 2, side by side, and without padding. */
function isTwoByTwo({ kernel, stride, padding, dilation }: WindowGeometry): boolean {
  return [...kernel, ...stride].every((n) => n === 2) && padding.every((n) => n === 0) && dilation.every((n) => n === 1);
}

/** Gradients back to where the maxima were; the kernel is quicker for windows of 2 x 2. */
const unpoolOp = defineOp<readonly ["dOut", "indices"], { shape: Shape; twoByTwo: boolean }, readonly ["indices"]>({
  name: "maxPool2dBackward",
  inputs: ["dOut", "indices"],
  saves: ["indices"],
  infer: ([dOut], { shape }) => ({ shape, dtype: dOut.dtype }),
  forward: ([dOut, indices], { shape, twoByTwo }, spec) => {
    const [source, places] = [contiguousKernel(dOut), contiguousKernel(indices)];
    const dX = emptyTensor(shape, spec.dtype);
    if (dX.numel() > 0) backend.maxPool2dBackward(source, places, dX, twoByTwo);
    return dX;
  },
  backward: {
    dOut: (g, { indices, shapes: [dOut = []] }) => {
      const planes = reshapeOrSame(g, [planesOf(g.shape), sizeOf(g.shape.slice(-2))]);
      return reshapeOrSame(gather(planes, 1, reshapeOrSame(indices, [planesOf(dOut), sizeOf(dOut.slice(-2))])), dOut);
    },
    indices: null,
  },
  samples: () => [
    { inputs: [{ shape: [2, 1, 1, 2] }, { shape: [2, 1, 1, 2], values: [0, 3, 5, 7], dtype: "int32" }], attrs: { shape: [2, 1, 2, 4], twoByTwo: false } },
    { inputs: [{ shape: [1, 1, 1, 5] }, { shape: [1, 1, 1, 5], values: [0, 14, 15, 7, 19], dtype: "int32" }], attrs: { shape: [1, 1, 3, 11], twoByTwo: true } },
  ],
});

const samples: readonly { shape: Shape; geometry: WindowGeometry }[] = [
  { shape: [1, 1, 4, 4], geometry: { kernel: [2, 2], stride: [2, 2], padding: [0, 0], dilation: [1, 1], outSize: [2, 2] } },
  { shape: [2, 3, 5, 5], geometry: { kernel: [3, 3], stride: [2, 2], padding: [1, 1], dilation: [1, 1], outSize: [3, 3] } },
  { shape: [2, 5, 6], geometry: { kernel: [3, 2], stride: [2, 3], padding: [0, 0], dilation: [1, 1], outSize: [2, 2] } },
  { shape: [1, 2, 6, 6], geometry: { kernel: [2, 2], stride: [1, 1], padding: [0, 0], dilation: [2, 2], outSize: [4, 4] } },
  { shape: [0, 2, 4, 4], geometry: { kernel: [2, 2], stride: [2, 2], padding: [0, 0], dilation: [1, 1], outSize: [2, 2] } },
];

/** Options of `maxPool2d`. */
export interface MaxPool2dOptions extends Pool2dOptions {
  /** Steps between the elements of a window. */
  readonly dilation?: number | Pair;
}

export const maxPool2dRules: OptionRules<MaxPool2dOptions> = { ...pool2dRules, dilation: sides(1) };

/**
 * The largest element of each window; the first of equal ones, NaN if there is one. Padding counts as -inf.
 *
 * Shapes    x [N, C, H, W] or [C, H, W] -> [..., H', W'], H' = floor((H + 2 padding - dilation (k - 1) - 1) / stride) + 1
 * Gradient  dx = dOut where the maximum was, added up where windows overlap
 * Throws    ShapeError `maxPool2d/dims`, `maxPool2d/padding`, `maxPool2d/too-small`; IndexError `maxPool2d/option`,
 *           ArgumentError `maxPool2d/unknown-option`
 * Source    as PyTorch
 * @example
 * maxPool2d(tensor([[[[1, 2], [3, 4]]]]), 2).toArray(); // [[[[4]]]]
 */
export function maxPool2d(x: Tensor, kernelSize: number | Pair, options: MaxPool2dOptions = {}): Tensor {
  checkArgument("maxPool2d", "kernelSize", kernelSize, kernelRule);
  checkOptions("maxPool2d", options, maxPool2dRules);
  return maxPool2dChecked(x, kernelSize, options);
}

/** `maxPool2d` with arguments that were checked before. @internal */
export function maxPool2dChecked(x: Tensor, kernelSize: number | Pair, options: MaxPool2dOptions): Tensor {
  return poolOp.run([x], poolGeometry("maxPool2d", x, kernelSize, options));
}
