import { beginCall, dtypeInfo, wasm } from "@tapegrad/kernels";
import { toDType } from "../compute/cast.ts";
import { cloneKernel, contiguousKernel, copyInto } from "../compute/copy.ts";
import { overlaps, refuseCoinciding } from "../compute/overlap.ts";
import { tensor, zeros } from "../creation.ts";
import { ShapeError } from "../errors.ts";
import { defineOp, type DefinedOp } from "../op.ts";
import type { Inputs } from "../op-spec.ts";
import { boolean, nonNegative, share, tensorOrNull } from "../option-rules.ts";
import { checkOptions, type OptionRules } from "../options.ts";
import { formatShape, sameShape, sizeOf, type Shape } from "../shape.ts";
import { describe, emptyTensor, requireTensor, type Tensor } from "../tensor.ts";
import { add, div, mul, sub } from "./arithmetic.ts";
import { to } from "./cast.ts";
import { sqrt } from "./exponential.ts";
import { reshapeOrSame } from "./reshape.ts";
import { mean } from "./sum.ts";
import { variance } from "./variance.ts";

type Names = readonly ["x", "weight?", "bias?"];

interface NormAttrs {
  readonly eps: number;
}

interface TrainAttrs extends NormAttrs {
  readonly momentum: number;
  /** Updated in place by `forward`; null where nobody tracks them. */
  readonly runningMean: Tensor | null;
  readonly runningVar: Tensor | null;
}

interface EvalAttrs extends NormAttrs {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/** [N, C, S] of a shape [N, C, ...]. */
function planes(shape: Shape): readonly [n: number, c: number, s: number] {
  return [shape[0] ?? 0, shape[1] ?? 0, sizeOf(shape.slice(2))];
}

/** A per-channel vector in a shape that broadcasts against x. */
const perChannel = (v: Tensor, x: Tensor): Tensor => reshapeOrSame(v, [1, -1, ...x.shape.slice(2).map(() => 1)]);

function affine(normalized: Tensor, weight: Tensor | null, bias: Tensor | null): Tensor {
  const scaled = weight === null ? normalized : mul(normalized, perChannel(weight, normalized));
  return bias === null ? scaled : add(scaled, perChannel(bias, normalized));
}

const pointer = (x: Tensor | null): number => (x === null ? 0 : x.pointer);

/** Contiguous operands of the dtype that the kernel computes in. */
function prepare([x, weight, bias]: Inputs<Names>): readonly [Tensor, Tensor | null, Tensor | null] {
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

interface NormGradients {
  readonly x: Tensor;
  readonly weight: Tensor;
  readonly bias: Tensor;
}

type GradientKernel = (code: number, dOut: number, x: number, weight: number, dX: number, dWeight: number, dBias: number) => void;

/** All three gradients in one pass. */
function gradients(dOut: Tensor, x: Tensor, weight: Tensor | null, statistics: readonly Tensor[], run: GradientKernel): NormGradients {
  const dtype = (statistics[0] as Tensor).dtype;
  const operand = (v: Tensor): Tensor => contiguousKernel(toDType(v, dtype));
  const [g, source, scale] = [operand(dOut), operand(x), weight === null ? null : operand(weight)];
  const channels = [x.shape[1] as number];
  if (x.numel() === 0) return { x: zeros(x.shape, { dtype }), weight: zeros(channels, { dtype }), bias: zeros(channels, { dtype }) };
  beginCall();
  const [dX, dWeight, dBias] = [emptyTensor(x.shape, dtype), emptyTensor(channels, dtype), emptyTensor(channels, dtype)];
  run(dtypeInfo[dtype].code, g.pointer, source.pointer, pointer(scale), dX.pointer, dWeight.pointer, dBias.pointer);
  return { x: dX, weight: dWeight, bias: dBias };
}

const trainOp: DefinedOp<Names, TrainAttrs> = defineOp<Names, TrainAttrs, readonly ["x", "weight", "bias"]>({
  name: "batchNorm",
  inputs: ["x", "weight?", "bias?"],
  saves: ["x", "weight", "bias"],
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  forward: (inputs, { eps, momentum, runningMean, runningVar }, spec, call) => {
    const [x, weight, bias] = prepare(inputs);
    const [n, c, s] = planes(x.shape);
    const [trackedMean, trackedVar] = [tracked("runningMean", runningMean, x, weight, bias), tracked("runningVar", runningVar, x, weight, bias)];
    beginCall();
    const out = emptyTensor(spec.shape, x.dtype);
    const [mean, inverseStd] = [emptyTensor([c], x.dtype), emptyTensor([c], x.dtype)];
    if (out.numel() > 0) {
      const code = dtypeInfo[x.dtype].code;
      wasm.batchNormTrain(
        code, x.pointer, out.pointer, pointer(weight), pointer(bias), mean.pointer, inverseStd.pointer,
        pointer(trackedMean), pointer(trackedVar), n, c, s, eps, momentum,
      );
    }
    track(runningMean, trackedMean);
    track(runningVar, trackedVar);
    call.aux = [mean, inverseStd];
    return out;
  },
  backward: {
    x: (dOut, saved) => saved.once(() => trainGradients(dOut, saved.x, saved.weight, saved.aux)).x,
    weight: (dOut, saved) => saved.once(() => trainGradients(dOut, saved.x, saved.weight, saved.aux)).weight,
    bias: (dOut, saved) => saved.once(() => trainGradients(dOut, saved.x, saved.weight, saved.aux)).bias,
  },
  composite: ([x, weight, bias], { eps }) => {
    const dim = x.shape.map((_, i) => i).filter((i) => i !== 1);
    const centered = sub(x, mean(x, { dim, keepdim: true }));
    return affine(div(centered, sqrt(add(variance(x, { dim, keepdim: true, correction: 0 }), eps))), weight, bias);
  },
  createGraphByComposite: true,
  samples: () => {
    const attrs: TrainAttrs = { eps: 1e-5, momentum: 0.1, runningMean: null, runningVar: null };
    return [
      { inputs: [{ shape: [4, 3] }, { shape: [3] }, { shape: [3] }], attrs },
      { inputs: [{ shape: [3, 2, 5] }, null, null], attrs },
      { inputs: [{ shape: [2, 3, 3, 2] }, { shape: [3] }, { shape: [3] }], attrs: { ...attrs, eps: 0.1 } },
      { inputs: [{ shape: [0, 3, 2] }, { shape: [3] }, { shape: [3] }], attrs },
    ];
  },
});

function trainGradients(dOut: Tensor, x: Tensor, weight: Tensor | null, statistics: readonly Tensor[]): NormGradients {
  const [mean, inverseStd] = statistics as readonly [Tensor, Tensor];
  return gradients(dOut, x, weight, statistics, (code, g, source, scale, dX, dWeight, dBias) =>
    wasm.batchNormBackward(code, g, source, scale, mean.pointer, inverseStd.pointer, dX, dWeight, dBias, ...planes(x.shape)),
  );
}

const evalOp: DefinedOp<Names, EvalAttrs> = defineOp<Names, EvalAttrs, readonly ["x", "weight", "bias"]>({
  name: "batchNormEval",
  inputs: ["x", "weight?", "bias?"],
  saves: ["x", "weight", "bias"],
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  forward: (inputs, attrs, spec, call) => {
    const [x, weight, bias] = prepare(inputs);
    const [runningMean, runningVar] = [contiguousKernel(toDType(attrs.mean, x.dtype)), contiguousKernel(toDType(attrs.variance, x.dtype))];
    beginCall();
    const out = emptyTensor(spec.shape, x.dtype);
    if (out.numel() > 0) {
      const code = dtypeInfo[x.dtype].code;
      wasm.batchNormEval(
        code, x.pointer, out.pointer, pointer(weight), pointer(bias), runningMean.pointer, runningVar.pointer, ...planes(x.shape), attrs.eps,
      );
    }
    // Kept as they are now: training may go on before backward.
    call.aux = [cloneKernel(runningMean), cloneKernel(runningVar)];
    return out;
  },
  backward: {
    x: (dOut, saved) => saved.once(() => evalGradients(dOut, saved.x, saved.weight, saved.aux, saved.attrs.eps)).x,
    weight: (dOut, saved) => saved.once(() => evalGradients(dOut, saved.x, saved.weight, saved.aux, saved.attrs.eps)).weight,
    bias: (dOut, saved) => saved.once(() => evalGradients(dOut, saved.x, saved.weight, saved.aux, saved.attrs.eps)).bias,
  },
  composite: ([x, weight, bias], { eps, mean, variance }) => {
    const [center, spread] = [perChannel(to(mean, x.dtype), x), perChannel(to(variance, x.dtype), x)];
    return affine(div(sub(x, center), sqrt(add(spread, eps))), weight, bias);
  },
  createGraphByComposite: true,
  samples: () => {
    const attrs: EvalAttrs = { eps: 1e-5, mean: tensor([0.5, -1, 0.25], { dtype: "float64" }), variance: tensor([1, 0.5, 2], { dtype: "float64" }) };
    return [
      { inputs: [{ shape: [4, 3] }, { shape: [3] }, { shape: [3] }], attrs },
      { inputs: [{ shape: [2, 3, 5] }, null, null], attrs },
      { inputs: [{ shape: [1, 3, 3, 2] }, { shape: [3] }, { shape: [3] }], attrs: { ...attrs, eps: 0.1 } },
      { inputs: [{ shape: [0, 3, 2] }, { shape: [3] }, { shape: [3] }], attrs },
    ];
  },
});

function evalGradients(dOut: Tensor, x: Tensor, weight: Tensor | null, statistics: readonly Tensor[], eps: number): NormGradients {
  const [mean, variance] = statistics as readonly [Tensor, Tensor];
  return gradients(dOut, x, weight, statistics, (code, g, source, scale, dX, dWeight, dBias) =>
    wasm.batchNormEvalBackward(code, g, source, scale, mean.pointer, variance.pointer, dX, dWeight, dBias, ...planes(x.shape), eps),
  );
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
export function batchNormChecked(x: Tensor, options: BatchNormOptions): Tensor {
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
    return evalOp.run([x, weight, bias], { eps, mean: runningMean, variance: runningVar });
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
  return trainOp.run([x, weight, bias], { eps, momentum, runningMean: training ? runningMean : null, runningVar: training ? runningVar : null });
}
