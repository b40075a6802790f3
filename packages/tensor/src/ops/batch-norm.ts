import { computedDType } from "@tapegrad/kernels";
import type { Epilogue, Followed } from "../compute/backend.ts";
import { toDType } from "../compute/cast.ts";
import { backend } from "../compute/chosen-backend.ts";
import { cloneKernel, contiguousKernel, copyInto } from "../compute/copy.ts";
import { overlaps, refuseCoinciding } from "../compute/overlap.ts";
import { rectified } from "../compute/pointwise.ts";
import { zeros } from "../creation.ts";
import { ShapeError } from "../errors.ts";
import { gradHooks } from "../grad-hooks.ts";
import { defineOp, type DefinedOp } from "../op.ts";
import type { Inputs, OutputSpec } from "../op-spec.ts";
import { boolean, nonNegative, share, tensorOrNull } from "../option-rules.ts";
import { checkOptions, type OptionRules } from "../options.ts";
import { formatShape, sameShape } from "../shape.ts";
import { describe, emptyTensor, requireTensor, type Tensor } from "../tensor.ts";
import { add, div, mul, sub } from "./arithmetic.ts";
import { to } from "./cast.ts";
import { clone } from "./clone.ts";
import { rsqrt, sqrt } from "./exponential.ts";
import { reshapeOrSame } from "./reshape.ts";
import { mean, sum } from "./sum.ts";
import { variance } from "./variance.ts";

type TrainNames = readonly ["x", "weight?", "bias?", "runningMean?", "runningVar?"];
type EvalNames = readonly ["x", "weight?", "bias?", "mean", "variance"];

interface NormAttrs {
  readonly eps: number;
}

interface EvalAttrs extends NormAttrs, Followed {}

interface TrainAttrs extends NormAttrs, Followed {
  readonly momentum: number;
}

/** A per-channel vector in a shape that broadcasts against x. */
const perChannel = (v: Tensor, x: Tensor): Tensor => reshapeOrSame(v, [1, -1, ...x.shape.slice(2).map(() => 1)]);

function affine(normalized: Tensor, weight: Tensor | null, bias: Tensor | null): Tensor {
  const scaled = weight === null ? normalized : mul(normalized, perChannel(weight, normalized));
  return bias === null ? scaled : add(scaled, perChannel(bias, normalized));
}

/** Contiguous operands of the dtype that the kernel computes in. */
function prepare(x: Tensor, weight: Tensor | null, bias: Tensor | null): readonly [Tensor, Tensor | null, Tensor | null] {
  const vector = (v: Tensor | null): Tensor | null => (v === null ? null : contiguousKernel(toDType(v, x.dtype)));
  return [contiguousKernel(x), vector(weight), vector(bias)];
}

/** Running statistics as the kernel updates them in place: themselves, or a copy if dtype or strides differ, or what it reads overlaps. */
function tracked(name: string, running: Tensor | null, x: Tensor, ...read: readonly (Tensor | null)[]): Tensor | null {
  if (running === null) return null;
  refuseCoinciding("batchNorm", name, running);
  const isRead = [x, ...read].some((other) => other !== null && overlaps(running, other));
  return isRead && running.dtype === x.dtype ? cloneKernel(running) : contiguousKernel(toDType(running, x.dtype));
}

/** Brings an updated copy back, and notes the change. */
function track(running: Tensor | null, updated: Tensor | null): void {
  if (running === null || updated === null) return;
  if (updated !== running) copyInto(toDType(updated, running.dtype), running);
  running.storage.version++;
}

/** The gradients of x, weight and bias, in the dtype of the statistics, in one pass. */
function normGradientSpecs(x: Tensor, { dtype }: Tensor): readonly [OutputSpec, OutputSpec, OutputSpec] {
  const channels = { shape: [x.shape[1] as number], dtype };
  return [{ shape: x.shape, dtype }, channels, channels];
}

type GradientKernel = (dOut: Tensor, x: Tensor, weight: Tensor | null, mean: Tensor, spread: Tensor, dX: Tensor, dWeight: Tensor, dBias: Tensor) => void;

/** `spread` is the inverse standard deviation in training, the variance in evaluation. */
function runGradients(
  inputs: Inputs<BackwardNames>, [spec, channels]: readonly [OutputSpec, OutputSpec, OutputSpec], run: GradientKernel,
): readonly [Tensor, Tensor, Tensor] {
  const { dtype } = spec;
  const [g, x, scale, mean, spread] = inputs.map((v) => (v === null ? null : contiguousKernel(toDType(v, dtype)))) as readonly (Tensor | null)[] as Inputs<BackwardNames>;
  if (x.numel() === 0) return [zeros(x.shape, { dtype }), zeros(channels.shape, { dtype }), zeros(channels.shape, { dtype })];
  const [dX, dWeight, dBias] = [emptyTensor(x.shape, dtype), emptyTensor(channels.shape, dtype), emptyTensor(channels.shape, dtype)];
  run(g, x, scale, mean, spread, dX, dWeight, dBias);
  return [dX, dWeight, dBias];
}

/** The same in simpler ops, 16-bit floats rounded once. `through` is what reaches x by way of the batch's own statistics. */
function gradientsOf(inputs: Inputs<BackwardNames>, inverseOf: (spread: Tensor) => Tensor, isTraining: boolean): readonly [Tensor, Tensor, Tensor] {
  const { dtype } = inputs[3];
  const [dOut, x, weight, mean, spread] = inputs.map((v) => (v === null ? null : to(v, computedDType(dtype)))) as readonly (Tensor | null)[] as Inputs<BackwardNames>;
  const inverseStd = inverseOf(spread);
  const dim = x.shape.map((_, i) => i).filter((i) => i !== 1);
  const inverse = perChannel(inverseStd, x), normalized = mul(sub(x, perChannel(mean, x)), inverse);
  const [dWeight, dBias] = [sum(mul(dOut, normalized), { dim }), sum(dOut, { dim })];
  const count = Math.max(1, x.numel() / (x.shape[1] as number));
  const through = div(add(perChannel(dBias, x), mul(normalized, perChannel(dWeight, x))), count);
  const scale = weight === null ? inverse : mul(perChannel(weight, x), inverse);
  return [to(mul(isTraining ? sub(dOut, through) : dOut, scale), dtype), to(dWeight, dtype), to(dBias, dtype)];
}

type BackwardSaves = readonly ["dOut", "x", "weight", "mean", "spread"];

const gradientSamples = [
  [[4, 3], true],
  [[3, 3, 5], false],
  [[2, 3, 3, 2], true],
  [[0, 3, 2], true],
] as const;

type BackwardNames = readonly ["dOut", "x", "weight?", "mean", "spread"];

const trainBackwardOp = defineOp<BackwardNames, null, BackwardSaves, readonly ["dX", "dWeight", "dBias"]>({
  name: "batchNormBackward",
  inputs: ["dOut", "x", "weight?", "mean", "spread"],
  outputs: ["dX", "dWeight", "dBias"],
  saves: ["dOut", "x", "weight", "mean", "spread"],
  infer: ([, x, , mean]) => normGradientSpecs(x, mean),
  scoped: true,
  forward: (inputs, _, specs) => runGradients(inputs, specs, backend.batchNormBackward),
  composite: (inputs) => gradientsOf(inputs, (inverseStd) => inverseStd, true),
  createGraphByComposite: true,
  samples: () =>
    gradientSamples.map(([shape, isWeighted]) => ({ inputs: [{ shape }, { shape }, isWeighted ? { shape: [3] } : null, { shape: [3] }, { shape: [3], range: [0.5, 2] }], attrs: null })),
});

const evalBackwardOp = defineOp<BackwardNames, NormAttrs, BackwardSaves, readonly ["dX", "dWeight", "dBias"]>({
  name: "batchNormEvalBackward",
  inputs: ["dOut", "x", "weight?", "mean", "spread"],
  outputs: ["dX", "dWeight", "dBias"],
  saves: ["dOut", "x", "weight", "mean", "spread"],
  infer: ([, x, , mean]) => normGradientSpecs(x, mean),
  scoped: true,
  forward: (inputs, { eps }, specs) => runGradients(inputs, specs, (...operands) => backend.batchNormEvalBackward(...operands, eps)),
  composite: (inputs, { eps }) => gradientsOf(inputs, (variance) => rsqrt(add(variance, eps)), false),
  createGraphByComposite: true,
  samples: () =>
    gradientSamples.map(([shape, isWeighted]) => ({ inputs: [{ shape }, { shape }, isWeighted ? { shape: [3] } : null, { shape: [3] }, { shape: [3], range: [0.5, 2] }], attrs: { eps: 0.1 } })),
});

const trainOp: DefinedOp<TrainNames, TrainAttrs> = defineOp<TrainNames, TrainAttrs, readonly ["x", "weight", "bias"]>({
  name: "batchNorm",
  inputs: ["x", "weight?", "bias?", "runningMean?", "runningVar?"],
  saves: ["x", "weight", "bias"],
  changes: ["runningMean", "runningVar"],
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  forward: ([input, scale, shift, runningMean, runningVar], { eps, momentum, epilogue = "none" }, spec, call) => {
    const [x, weight, bias] = prepare(input, scale, shift);
    const [trackedMean, trackedVar] = [tracked("runningMean", runningMean, x, weight, bias), tracked("runningVar", runningVar, x, weight, bias)];
    const out = emptyTensor(spec.shape, x.dtype);
    const channels = [x.shape[1] as number];
    const [mean, inverseStd] = [emptyTensor(channels, x.dtype), emptyTensor(channels, x.dtype)];
    if (out.numel() > 0) backend.batchNormTrain(x, { weight, bias }, out, mean, inverseStd, trackedMean, trackedVar, eps, momentum, epilogue);
    track(runningMean, trackedMean);
    track(runningVar, trackedVar);
    call.aux = [mean, inverseStd];
    return out;
  },
  backward: {
    x: (dOut, saved) => saved.once(() => trainGradients(dOut, saved.x, saved.weight, saved.aux))[0],
    weight: (dOut, saved) => saved.once(() => trainGradients(dOut, saved.x, saved.weight, saved.aux))[1],
    bias: (dOut, saved) => saved.once(() => trainGradients(dOut, saved.x, saved.weight, saved.aux))[2],
    runningMean: null,
    runningVar: null,
  },
  composite: ([x, weight, bias], { eps }) => {
    const dim = x.shape.map((_, i) => i).filter((i) => i !== 1);
    const centered = sub(x, mean(x, { dim, keepdim: true }));
    return affine(div(centered, sqrt(add(variance(x, { dim, keepdim: true, correction: 0 }), eps))), weight, bias);
  },
  createGraphByComposite: true,
  samples: () => {
    const attrs: TrainAttrs = { eps: 1e-5, momentum: 0.1 };
    return [
      { inputs: [{ shape: [4, 3] }, { shape: [3] }, { shape: [3] }, null, null], attrs },
      { inputs: [{ shape: [3, 2, 5] }, null, null, null, null], attrs },
      { inputs: [{ shape: [2, 3, 3, 2] }, { shape: [3] }, { shape: [3] }, null, null], attrs: { ...attrs, eps: 0.1 } },
      { inputs: [{ shape: [0, 3, 2] }, { shape: [3] }, { shape: [3] }, null, null], attrs },
    ];
  },
});

function trainGradients(dOut: Tensor, x: Tensor, weight: Tensor | null, statistics: readonly Tensor[]): readonly [Tensor, Tensor, Tensor] {
  const [mean, inverseStd] = statistics as readonly [Tensor, Tensor];
  return trainBackwardOp.run([dOut, x, weight, mean, inverseStd], null);
}

const evalOp: DefinedOp<EvalNames, EvalAttrs> = defineOp<EvalNames, EvalAttrs, readonly ["x", "weight", "bias", "mean", "variance"]>({
  name: "batchNormEval",
  inputs: ["x", "weight?", "bias?", "mean", "variance"],
  saves: ["x", "weight", "bias", "mean", "variance"],
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  forward: ([input, scale, shift, mean, variance], { eps, epilogue = "none" }, spec) => {
    const [x, weight, bias] = prepare(input, scale, shift);
    const [center, spread] = [contiguousKernel(toDType(mean, x.dtype)), contiguousKernel(toDType(variance, x.dtype))];
    const out = emptyTensor(spec.shape, x.dtype);
    if (out.numel() > 0) backend.batchNormEval(x, { weight, bias }, center, spread, out, eps, epilogue);
    return out;
  },
  backward: {
    x: (dOut, saved) => saved.once(() => evalGradients(dOut, saved))[0],
    weight: (dOut, saved) => saved.once(() => evalGradients(dOut, saved))[1],
    bias: (dOut, saved) => saved.once(() => evalGradients(dOut, saved))[2],
    mean: null,
    variance: null,
  },
  composite: ([x, weight, bias, mean, variance], { eps }) => {
    const [center, spread] = [perChannel(to(mean, x.dtype), x), perChannel(to(variance, x.dtype), x)];
    return affine(div(sub(x, center), sqrt(add(spread, eps))), weight, bias);
  },
  createGraphByComposite: true,
  samples: () => {
    const attrs: NormAttrs = { eps: 1e-5 };
    const statistics = [{ shape: [3], values: [0.5, -1, 0.25], dtype: "float64" }, { shape: [3], values: [1, 0.5, 2], dtype: "float64" }] as const;
    return [
      { inputs: [{ shape: [4, 3] }, { shape: [3] }, { shape: [3] }, ...statistics], attrs },
      { inputs: [{ shape: [2, 3, 5] }, null, null, ...statistics], attrs },
      { inputs: [{ shape: [1, 3, 3, 2] }, { shape: [3] }, { shape: [3] }, ...statistics], attrs: { ...attrs, eps: 0.1 } },
      { inputs: [{ shape: [0, 3, 2] }, { shape: [3] }, { shape: [3] }, ...statistics], attrs },
    ];
  },
});

interface EvalSaved {
  readonly x: Tensor;
  readonly weight: Tensor | null;
  readonly mean: Tensor;
  readonly variance: Tensor;
  readonly attrs: NormAttrs;
}

function evalGradients(dOut: Tensor, { x, weight, mean, variance, attrs }: EvalSaved): readonly [Tensor, Tensor, Tensor] {
  const dtype = computedDType(x.dtype);
  return evalBackwardOp.run([dOut, x, weight, to(mean, dtype), to(variance, dtype)], { eps: attrs.eps });
}

/** Options of `batchNorm`. */
export interface BatchNormOptions {
  readonly weight?: Tensor | null;
  readonly bias?: Tensor | null;
  /** Updated in training, used in evaluation; null: the batch's own statistics always. */
  readonly runningMean?: Tensor | null;
  readonly runningVar?: Tensor | null;
  readonly training?: boolean;
  /** Share of the batch in the new running statistics; 0.1 unless told (CS231n's momentum is the complement). */
  readonly momentum?: number;
  readonly eps?: number;
}

const batchNormRules: OptionRules<BatchNormOptions> = {
  weight: tensorOrNull,
  bias: tensorOrNull,
  runningMean: tensorOrNull,
  runningVar: tensorOrNull,
  training: boolean,
  momentum: share,
  eps: nonNegative,
};

/**
 * Normalises each channel to mean 0 and variance 1, then scales and shifts it.
 *
 * In training with the batch's mean and biased variance; running = (1 - momentum) running + momentum batch, with the
 * unbiased variance. In evaluation with the running statistics.
 *
 * Shapes    x [N, C, ...]; weight, bias, runningMean, runningVar [C] -> x's
 * Gradient  through the statistics in training; x, weight and bias in one pass
 * Throws    ShapeError `batchNorm/dims`, `batchNorm/channels`, `batchNorm/single`, `inPlace/coinciding`; IndexError `batchNorm/option`,
 *           ArgumentError `batchNorm/unknown-option`
 * Source    Ioffe and Szegedy 2015; as PyTorch
 * @example
 * batchNorm(tensor([[1], [3]]), { training: true, eps: 0 }).toArray(); // [[-1], [1]]
 */
export function batchNorm(x: Tensor, options: BatchNormOptions = {}): Tensor {
  checkOptions("batchNorm", options, batchNormRules);
  return batchNormChecked(x, options);
}

/** `batchNorm` with options that were checked before. @internal */
export function batchNormChecked(x: Tensor, options: BatchNormOptions, epilogue: Epilogue = "none"): Tensor {
  requireTensor("batchNorm", "x", x);
  const { weight = null, bias = null, runningMean = null, runningVar = null, training = false, momentum = 0.1, eps = 1e-5 } = options;
  if (x.ndim < 2) {
    throw new ShapeError({ op: "batchNorm", fact: `x must be [N, C, ...], not ${x.ndim}-d`, details: [describe("x", x)], code: "batchNorm/dims", data: { x: x.shape } });
  }
  const channels = x.shape[1] as number;
  for (const [name, v] of Object.entries({ weight, bias, runningMean, runningVar })) {
    if (v === null) continue;
    requireTensor("batchNorm", name, v);
    if (!sameShape(v.shape, [channels])) {
      throw new ShapeError({
        op: "batchNorm",
        fact: `${name} ${formatShape(v.shape)} must have shape [${channels}], the channels of x`,
        details: [describe("x", x)],
        ...(x.ndim === 4 && sameShape(v.shape, x.shape.slice(3)) ? { hint: "x looks like [N, H, W, C]: x.permute([0, 3, 1, 2])" } : {}),
        code: "batchNorm/channels",
        data: { name, shape: v.shape, channels },
      });
    }
  }
  if (!training && runningMean !== null && runningVar !== null) {
    // As they are now: training may go on before backward.
    const isKept = gradHooks().isRecording() && (x.requiresGrad || weight?.requiresGrad === true || bias?.requiresGrad === true);
    const statistics = isKept ? [clone(runningMean), clone(runningVar)] as const : [runningMean, runningVar] as const;
    return rectified(evalOp.run([x, weight, bias, ...statistics], { eps, epilogue }), epilogue);
  }
  if (x.numel() === channels) {
    throw new ShapeError({
      op: "batchNorm",
      fact: "one value per channel has no variance: training needs more",
      details: [describe("x", x)],
      hint: "use a larger batch, drop the last one (dropLast), or call eval() first",
      code: "batchNorm/single",
      data: { x: x.shape },
    });
  }
  return rectified(trainOp.run([x, weight, bias, training ? runningMean : null, training ? runningVar : null], { eps, momentum, epilogue }), epilogue);
}
