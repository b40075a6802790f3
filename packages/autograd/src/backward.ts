import { checkArgument, checkOptions, describe, full, GradError, optionRules, requireTensor, sameShape, setGradHooks, to, type BackwardOptions, type OptionRules, type Tensor } from "@tapegrad/tensor";
import { runPass, type Target } from "./engine.ts";
import { isGradEnabled } from "./grad-mode.ts";
import { edgeOf, type GradientHook, type Node } from "./node.ts";
import { hookLeaf } from "./leaf-hooks.ts";
import "./tape.ts";
import { bringUpToDate, moveTo, refuseStale } from "./view-history.ts";

/** The root of a pass with its gradient. Throws GradError. */
function root(op: string, output: Tensor, gradient: Tensor | null): readonly [Target, Tensor] {
  requireTensor(op, "output", output);
  if (gradient !== null) requireTensor(op, "gradient", gradient);
  refuseStale(op, output);
  const target = edgeOf(output);
  if (target === null) {
    throw new GradError({
      op,
      fact: "the output does not depend on anything that requires grad, or was computed inside noGrad",
      details: [describe("output", output)],
      hint: "set requiresGrad on the parameters, and compute the output outside noGrad",
      code: `${op}/no-graph`,
    });
  }
  if (gradient === null && output.numel() !== 1) {
    throw new GradError({
      op,
      fact: `the output has ${output.numel()} elements: only one element has a gradient of its own`,
      details: [describe("output", output)],
      hint: "reduce it first (sum, mean), or pass the gradient of something with respect to it",
      code: `${op}/not-scalar`,
      data: { shape: output.shape },
    });
  }
  if (gradient !== null && !sameShape(gradient.shape, output.shape)) {
    throw new GradError({
      op,
      fact: "the gradient must have the shape of the output",
      details: [describe("output", output), describe("gradient", gradient)],
      code: `${op}/gradient-shape`,
      data: { output: output.shape, gradient: gradient.shape },
    });
  }
  return [target, gradient === null ? full(output.shape, 1, { dtype: output.dtype }) : to(gradient, output.dtype)];
}

const passRules: OptionRules<BackwardOptions> = { retainGraph: optionRules.boolean, createGraph: optionRules.boolean };

function backward(output: Tensor, gradient: Tensor | null, options: BackwardOptions): void {
  checkOptions("backward", options, passRules);
  const { createGraph = false, retainGraph = createGraph } = options;
  runPass([root("backward", output, gradient)], { createGraph, retainGraph, wanted: null });
}

/** Options of `grad`. */
export interface GradOptions extends BackwardOptions {
  /** Gradients of something with respect to the outputs; ones unless told, for outputs of one element. */
  readonly gradOutputs?: readonly (Tensor | null)[];
  /** Gives null for inputs that the outputs do not depend on, instead of throwing. */
  readonly allowUnused?: boolean;
}

const gradRules: OptionRules<GradOptions> = {
  ...passRules,
  gradOutputs: { must: "a list of tensors and nulls", accepts: Array.isArray },
  allowUnused: optionRules.boolean,
};

/** As many gradients as there are inputs, where the compiler knows their number. */
export type GradientsOf<Inputs extends readonly Tensor[], Gradient> = { -readonly [Place in keyof Inputs]: Gradient };

/**
 * Gradients of the sum of outputs with respect to inputs, which may be leaves or any recorded tensor. `.grad` stays as it is.
 *
 * Throws    GradError `grad/no-graph`, `grad/not-scalar`, `grad/gradient-shape`, `grad/no-grad`, `grad/unused`
 * @example
 * const x = tensor(3, { requiresGrad: true });
 * const [dx] = grad([mul(x, x)], [x], { createGraph: true });
 * dx.item(); // 6
 * const [ddx] = grad([dx], [x]);
 * ddx.item(); // 2
 */
export function grad<const I extends readonly Tensor[]>(outputs: readonly Tensor[], inputs: I, options: GradOptions & { readonly allowUnused: true }): GradientsOf<I, Tensor | null>;
export function grad<const I extends readonly Tensor[]>(outputs: readonly Tensor[], inputs: I, options?: GradOptions): GradientsOf<I, Tensor>;
export function grad(outputs: readonly Tensor[], inputs: readonly Tensor[], options: GradOptions = {}): (Tensor | null)[] {
  checkOptions("grad", options, gradRules);
  const { createGraph = false, retainGraph = createGraph, gradOutputs = [], allowUnused = false } = options;
  requireTensors("output", outputs);
  requireTensors("input", inputs);
  const targets = inputs.map((input, i) => {
    bringUpToDate(input);
    const target = edgeOf(input);
    if (target !== null) return target;
    throw new GradError({ op: "grad", fact: `input ${i} does not require grad`, details: [describe("input", input)], hint: "set requiresGrad before the outputs are computed", code: "grad/no-grad" });
  });
  const roots = outputs.map((output, i) => root("grad", output, gradOutputs[i] ?? null));
  const found = runPass(roots, { createGraph, retainGraph, wanted: new Set(targets) });
  return targets.map((target, i) => {
    const gradient = found.get(target);
    // A gradient that was passed in, and went through unchanged, may be on the tape (PyTorch gives it back as it is).
    // Nor is it the user's business that the pass came to it by a view.
    if (gradient !== undefined) return (gradient.requiresGrad && !createGraph) || gradient.unrecordedView !== "no" ? gradient.detach() : gradient;
    if (allowUnused) return null;
    throw new GradError({
      op: "grad",
      fact: `the outputs do not depend on input ${i}`,
      hint: "pass { allowUnused: true } to get null instead",
      code: "grad/unused",
      data: { input: i },
    });
  });
}

function requireTensors(name: string, tensors: readonly Tensor[]): void {
  checkArgument("grad", `${name}s`, tensors, { must: "a list of tensors", accepts: Array.isArray });
  for (const [i, x] of tensors.entries()) requireTensor("grad", `${name} ${i}`, x);
}

function requireGraph(op: string, x: Tensor): Node {
  refuseStale(op, x);
  if (x.node !== null) return x.node as Node;
  throw new GradError({ op, fact: "the tensor does not require grad: no gradient will come to it", details: [describe("x", x)], code: `${op}/no-graph` });
}

function retainGrad(x: Tensor): void {
  if (!x.leafRequiresGrad) requireGraph("retainGrad", x).retained = x;
}

function registerHook(x: Tensor, hook: GradientHook): () => void {
  checkArgument("registerHook", "hook", hook, optionRules.callable);
  if (x.leafRequiresGrad) return hookLeaf(x, hook);
  const node = requireGraph("registerHook", x);
  node.hooks = [...(node.hooks ?? []), hook];
  return () => {
    node.hooks = (node.hooks ?? []).filter((other) => other !== hook);
  };
}

setGradHooks({ isRecording: isGradEnabled, bringUpToDate, refuseStale, moveTo, backward, retainGrad, registerHook });
