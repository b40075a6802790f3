import type { ConvGeometry, Epilogue, Followed } from "../compute/backend.ts";
import { backend } from "../compute/chosen-backend.ts";
import { contiguousKernel } from "../compute/copy.ts";
import { rectified } from "../compute/pointwise.ts";
import { zeros } from "../creation.ts";
import { DTypeError, ShapeError } from "../errors.ts";
import { defineOp, type DefinedOp } from "../op.ts";
import { either, oneOf, positiveInteger, sides } from "../option-rules.ts";
import { checkOptions, type OptionRules } from "../options.ts";
import { formatShape, sizeOf, type Shape } from "../shape.ts";
import { describe, emptyTensor, requireTensor, type Tensor } from "../tensor.ts";
import { conversionHint } from "./conversion-hint.ts";
import { squeeze, unsqueeze } from "./squeeze.ts";
import { sum } from "./sum.ts";
import { pair, type Pair } from "./window.ts";

type ConvNames = readonly ["x", "weight", "bias?"];

interface GradAttrs extends ConvGeometry {
  /** Shape of what the gradient is for. */
  readonly shape: Shape;
}

interface ConvAttrs extends ConvGeometry, Followed {}

const geometryOf = ({ stride, before, dilation, groups, outSize }: ConvGeometry): ConvGeometry => ({ stride, before, dilation, groups, outSize });

const convOp: DefinedOp<ConvNames, ConvAttrs> = defineOp<ConvNames, ConvAttrs, readonly ["x", "weight"]>({
  name: "conv2d",
  inputs: ["x", "weight", "bias?"],
  saves: ["x", "weight"],
  infer: ([x, weight], { outSize }) => ({ shape: [x.shape[0] as number, weight.shape[0] as number, ...outSize], dtype: x.dtype }),
  forward: ([x, weight, bias], { epilogue = "none", ...geometry }, spec) => {
    const [source, filter, addend] = [contiguousKernel(x), contiguousKernel(weight), bias === null ? null : contiguousKernel(bias)];
    const out = emptyTensor(spec.shape, spec.dtype);
    if (out.numel() > 0) backend.conv2d(source, filter, addend, out, geometry, epilogue);
    return out;
  },
  backward: {
    x: (dOut, { weight, attrs, shapes: [shape = []] }) => inputGradOp.run([dOut, weight], { ...geometryOf(attrs), shape }),
    weight: (dOut, saved) => {
      const { x, attrs, shapes: [, shape = [], bias] } = saved;
      const wanted = { ...geometryOf(attrs), shape };
      return bias === undefined ? weightGradOp.run([dOut, x], wanted) : saved.once(() => bothGradsOp.run([dOut, x], wanted))[0];
    },
    bias: (dOut, saved) => {
      const { x, attrs, shapes: [, shape] } = saved;
      if (shape === undefined) return sum(dOut, { dim: [0, 2, 3] });
      return saved.once(() => bothGradsOp.run([dOut, x], { ...geometryOf(attrs), shape }))[1];
    },
  },
  samples: () => convSamples.map(({ x, weight, bias, geometry }) => ({ inputs: [{ shape: x }, { shape: weight }, bias ? { shape: [weight[0]] } : null], attrs: geometry })),
});

const inputGradOp: DefinedOp<readonly ["dOut", "weight"], GradAttrs> = defineOp<readonly ["dOut", "weight"], GradAttrs, readonly ["dOut", "weight"]>({
  name: "conv2dInputGrad",
  inputs: ["dOut", "weight"],
  saves: ["dOut", "weight"],
  infer: ([dOut], { shape }) => ({ shape, dtype: dOut.dtype }),
  forward: ([dOut, weight], { shape, ...geometry }, spec) => {
    const [source, filter] = [contiguousKernel(dOut), contiguousKernel(weight)];
    if (source.numel() === 0 || filter.numel() === 0) return zeros(shape, { dtype: spec.dtype });
    const dX = emptyTensor(shape, spec.dtype);
    if (dX.numel() > 0) backend.conv2dInputGrad(source, filter, dX, geometry);
    return dX;
  },
  // Linear in both: the derivatives are the other two convolutions.
  backward: {
    dOut: (g, { weight, attrs: { shape: _, ...geometry } }) => convOp.run([g, weight, null], geometry),
    weight: (g, { dOut, attrs, shapes: [, shape = []] }) => weightGradOp.run([dOut, g], { ...attrs, shape }),
  },
  samples: () => convSamples.map(({ x, weight, geometry }) => ({ inputs: [{ shape: [x[0], weight[0], ...geometry.outSize] }, { shape: weight }], attrs: { ...geometry, shape: x } })),
});

const weightGradOp: DefinedOp<readonly ["dOut", "x"], GradAttrs> = defineOp<readonly ["dOut", "x"], GradAttrs, readonly ["dOut", "x"]>({
  name: "conv2dWeightGrad",
  inputs: ["dOut", "x"],
  saves: ["dOut", "x"],
  infer: ([dOut], { shape }) => ({ shape, dtype: dOut.dtype }),
  forward: ([dOut, x], { shape, ...geometry }, spec) => {
    const [source, image] = [contiguousKernel(dOut), contiguousKernel(x)];
    if (source.numel() === 0 || image.numel() === 0) return zeros(shape, { dtype: spec.dtype });
    const dWeight = emptyTensor(shape, spec.dtype);
    if (dWeight.numel() > 0) backend.conv2dWeightGrad(source, image, dWeight, null, geometry);
    return dWeight;
  },
  backward: {
    dOut: (g, { x, attrs: { shape: _, ...geometry } }) => convOp.run([x, g, null], geometry),
    x: (g, { dOut, attrs, shapes: [, shape = []] }) => inputGradOp.run([dOut, g], { ...attrs, shape }),
  },
  samples: () => convSamples.map(({ x, weight, geometry }) => ({ inputs: [{ shape: [x[0], weight[0], ...geometry.outSize] }, { shape: x }], attrs: { ...geometry, shape: weight } })),
});

/** Gradients of weight and bias in one pass over dOut. */
const bothGradsOp = defineOp<readonly ["dOut", "x"], GradAttrs, readonly ["dOut", "x"], readonly ["weight", "bias"]>({
  name: "conv2dWeightBiasGrad",
  inputs: ["dOut", "x"],
  outputs: ["weight", "bias"],
  saves: ["dOut", "x"],
  infer: ([dOut], { shape }) => [{ shape, dtype: dOut.dtype }, { shape: [shape[0] as number], dtype: dOut.dtype }],
  forward: ([dOut, x], { shape, ...geometry }, [weightSpec, biasSpec]) => {
    const [source, image] = [contiguousKernel(dOut), contiguousKernel(x)];
    if (source.numel() === 0 || image.numel() === 0 || sizeOf(shape) === 0) return [zeros(shape, { dtype: dOut.dtype }), sum(dOut, { dim: [0, 2, 3] })];
    const [weight, bias] = [emptyTensor(weightSpec.shape, dOut.dtype), emptyTensor(biasSpec.shape, dOut.dtype)];
    backend.conv2dWeightGrad(source, image, weight, bias, geometry);
    return [weight, bias];
  },
  backward: {
    dOut: ([dWeight, dBias], { x, attrs: { shape, ...geometry } }) => convOp.run([x, dWeight ?? zeros(shape, { dtype: x.dtype }), dBias], geometry),
    x: ([dWeight], { dOut, attrs, shapes: [, shape = []] }) => (dWeight === null ? zeros(shape, { dtype: dOut.dtype }) : inputGradOp.run([dOut, dWeight], { ...attrs, shape })),
  },
  samples: () => convSamples.map(({ x, weight, geometry }) => ({ inputs: [{ shape: [x[0], weight[0], ...geometry.outSize] }, { shape: x }], attrs: { ...geometry, shape: weight } })),
});

interface ConvSample {
  readonly x: readonly [number, number, number, number];
  readonly weight: readonly [number, number, number, number];
  readonly bias: boolean;
  readonly geometry: ConvGeometry;
}

const plain: ConvGeometry = { stride: [1, 1], before: [0, 0], dilation: [1, 1], groups: 1, outSize: [1, 1] };

const convSamples: readonly ConvSample[] = [
  { x: [1, 1, 3, 3], weight: [1, 1, 2, 2], bias: true, geometry: { ...plain, outSize: [2, 2] } },
  { x: [2, 3, 5, 4], weight: [2, 3, 3, 3], bias: true, geometry: { ...plain, before: [1, 1], outSize: [5, 4] } },
  { x: [2, 2, 5, 6], weight: [3, 2, 3, 2], bias: false, geometry: { ...plain, stride: [2, 1], before: [1, 0], outSize: [3, 5] } },
  { x: [1, 4, 5, 5], weight: [4, 2, 3, 3], bias: true, geometry: { ...plain, groups: 2, before: [1, 1], outSize: [5, 5] } },
  { x: [1, 2, 6, 6], weight: [2, 1, 2, 2], bias: false, geometry: { ...plain, groups: 2, dilation: [2, 2], outSize: [4, 4] } },
  { x: [2, 3, 2, 2], weight: [2, 3, 1, 1], bias: true, geometry: { ...plain, outSize: [2, 2] } },
  { x: [0, 2, 3, 3], weight: [1, 2, 2, 2], bias: true, geometry: { ...plain, outSize: [2, 2] } },
];

/** Options of `conv2d`; a single number counts for both directions. */
export interface Conv2dOptions {
  readonly stride?: number | Pair;
  /** Zeros on each side; "same" keeps the size (stride 1 only), "valid" adds none. */
  readonly padding?: number | Pair | "same" | "valid";
  readonly dilation?: number | Pair;
  /** Blocks of channels that do not mix. */
  readonly groups?: number;
}

export const conv2dRules: OptionRules<Conv2dOptions> = {
  stride: sides(1),
  padding: either(sides(0), oneOf("same", "valid")),
  dilation: sides(1),
  groups: positiveInteger,
};

/**
 * Two-dimensional convolution (cross-correlation, as all frameworks call it).
 *
 * Shapes    x [N, C, H, W] or [C, H, W], weight [O, C / groups, kH, kW], bias [O] or null -> [N, O, H', W'] or [O, H', W'],
 *           H' = floor((H + 2 padding - dilation (kH - 1) - 1) / stride) + 1
 * Gradient  dx = dOut convolved with the flipped weight, dWeight = x correlated with dOut, dBias = sum of dOut
 * Throws    ShapeError `conv2d/dims`, `conv2d/channels`, `conv2d/groups`, `conv2d/bias`, `conv2d/too-small`, `conv2d/same`,
 *           DTypeError `conv2d/dtypes`; IndexError `conv2d/option`, ArgumentError `conv2d/unknown-option`
 * Source    as PyTorch
 * @example
 * conv2d(ones([1, 1, 3, 3]), ones([1, 1, 2, 2])).toArray(); // [[[[4, 4], [4, 4]]]]
 */
export function conv2d(x: Tensor, weight: Tensor, bias: Tensor | null = null, options: Conv2dOptions = {}): Tensor {
  checkOptions("conv2d", options, conv2dRules);
  return conv2dChecked(x, weight, bias, options);
}

/** `conv2d` with options that were checked before: a layer's, once for all its calls. @internal */
export function conv2dChecked(x: Tensor, weight: Tensor, bias: Tensor | null, options: Conv2dOptions, epilogue: Epilogue = "none"): Tensor {
  requireTensor("conv2d", "x", x);
  requireTensor("conv2d", "weight", weight);
  const attrs: ConvAttrs = { ...resolveGeometry(x, weight, bias, options), epilogue };
  return rectified(x.ndim === 4 ? convOp.run([x, weight, bias], attrs) : squeeze(convOp.run([unsqueeze(x, 0), weight, bias], attrs), 0), epilogue);
}

function refuse(reason: string, fact: string, x: Tensor, weight: Tensor, hint?: string): ShapeError {
  return new ShapeError({
    op: "conv2d",
    fact,
    details: [describe("x", x), describe("weight", weight)],
    ...(hint === undefined ? {} : { hint }),
    code: `conv2d/${reason}`,
    data: { x: x.shape, weight: weight.shape },
  });
}

function resolveGeometry(x: Tensor, weight: Tensor, bias: Tensor | null, options: Conv2dOptions): ConvGeometry {
  if ((x.ndim !== 4 && x.ndim !== 3) || weight.ndim !== 4) {
    throw refuse("dims", `x must be [N, C, H, W] or [C, H, W] and weight [O, C / groups, kH, kW], not ${x.ndim}-d and ${weight.ndim}-d`, x, weight);
  }
  if (x.dtype !== weight.dtype || (bias !== null && bias.dtype !== x.dtype)) {
    throw new DTypeError({
      op: "conv2d",
      fact: `x.dtype = ${x.dtype} must equal the dtype of weight (${weight.dtype})${bias === null ? "" : ` and bias (${bias.dtype})`}`,
      details: [describe("x", x), describe("weight", weight)],
      hint: conversionHint(x, weight.dtype),
      code: "conv2d/dtypes",
    });
  }
  const { groups = 1 } = options;
  const [channels, height, width] = x.shape.slice(-3) as [number, number, number];
  const [outChannels, groupChannels, kernelHeight, kernelWidth] = weight.shape as [number, number, number, number];
  if (channels % groups !== 0 || outChannels % groups !== 0) {
    throw refuse("groups", `groups ${groups} must divide the ${channels} channels of x and the ${outChannels} of the output`, x, weight);
  }
  if (groupChannels * groups !== channels) {
    const isChannelsLast = x.shape[x.ndim - 1] === groupChannels * groups;
    const hint = isChannelsLast ? `x looks like ${x.ndim === 4 ? "[N, H, W, C]: x.permute([0, 3, 1, 2])" : "[H, W, C]: x.permute([2, 0, 1])"}` : undefined;
    throw refuse("channels", `x.shape[${x.ndim - 3}] = ${channels} must equal weight.shape[1] * groups = ${groupChannels * groups}`, x, weight, hint);
  }
  if (bias !== null && (bias.ndim !== 1 || bias.shape[0] !== outChannels)) {
    throw refuse("bias", `bias ${formatShape(bias.shape)} must have shape [${outChannels}], the output channels`, x, weight);
  }
  const stride = pair(options.stride ?? 1);
  const dilation = pair(options.dilation ?? 1);
  const reach: Pair = [dilation[0] * (kernelHeight - 1), dilation[1] * (kernelWidth - 1)];
  const [before, total] = resolvePadding(options.padding ?? 0, stride, reach);
  const room: Pair = [height + total[0] - reach[0] - 1, width + total[1] - reach[1] - 1];
  if (room[0] < 0 || room[1] < 0) {
    throw refuse(
      "too-small",
      `the kernel spans ${reach[0] + 1} x ${reach[1] + 1} pixels, the padded image has only ${height + total[0]} x ${width + total[1]}`,
      x,
      weight,
    );
  }
  const outSize: Pair = [Math.floor(room[0] / stride[0]) + 1, Math.floor(room[1] / stride[1]) + 1];
  return { stride, before, dilation, groups, outSize };
}

/** Zeros before the image, and in all. */
function resolvePadding(padding: number | Pair | "same" | "valid", stride: Pair, reach: Pair): readonly [before: Pair, total: Pair] {
  if (padding === "valid") return [[0, 0], [0, 0]];
  if (padding === "same") {
    if (stride[0] !== 1 || stride[1] !== 1) {
      throw new ShapeError({ op: "conv2d", fact: `padding "same" needs stride 1, not ${formatShape(stride)}`, code: "conv2d/same", data: { stride } });
    }
    // Even kernels put the extra element at the end (as PyTorch).
    return [[reach[0] >> 1, reach[1] >> 1], reach];
  }
  const both = pair(padding);
  return [both, [2 * both[0], 2 * both[1]]];
}
