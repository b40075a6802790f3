import { dtypeInfo } from "@tapegrad/kernels";
import { ArgumentError, DTypeError, GradError, ShapeError } from "./errors.ts";
import { enterOp } from "./op.ts";
import { unrecorded, type Inputs, type OneOutput, type Op, type OpCall, type OpSpec, type OutputSpec, type Results, type Savable, type UserOpSpec } from "./op-spec.ts";
import { checkShape, formatShape, sameShape, type Shape } from "./shape.ts";
import { showName, showValue } from "./show-value.ts";
import { describe, requireTensor, sameElements, Tensor } from "./tensor.ts";
import { checkDeclaration } from "./user-op-declaration.ts";

/** An op of a program's own. `run` records and executes it; attributes that may be null may be left out. */
export interface UserOp<N extends readonly string[], A, O extends readonly string[] = OneOutput> {
  readonly op: Op;
  readonly run: (inputs: Inputs<N>, ...attrs: null extends A ? [attrs?: A] : [attrs: A]) => Results<O>;
}

type Tensors = readonly (Tensor | null)[];
type Specs = OutputSpec | readonly OutputSpec[];
type AnySpec = OpSpec<readonly string[], unknown, readonly string[], readonly string[]>;

/**
 * Defines an op of a program's own, which is then treated as the library's ops are: recorded, differentiated as often as its gradients can
 * be, checked for changes in place, its gradients summed over broadcast dimensions, 16-bit floats computed in float32. `forward` gives new
 * tensors, made with ordinary ops or out of typed arrays; what it calls is part of the op, and nothing of it is recorded. Gradients are
 * written in ordinary ops, so that they can be differentiated in turn; what they make on the way is freed, but for what is kept (`keep`).
 *
 * Defining a name again (hot reload) replaces the op in the table; what ran before goes on with the op that it ran.
 *
 * Throws    IndexError `defineOp/option`; ArgumentError `defineOp/built-in`, `defineOp/options`, `defineOp/unknown-option`, `defineOp/inputs`, `defineOp/outputs`,
 *           `defineOp/saves`, `defineOp/changes`, `defineOp/gradient`, `defineOp/composite`; by what it returns: ArgumentError `userOp/inputs`,
 *           `userOp/outputs`, ShapeError `userOp/shape`, `userOp/gradient-shape`, DTypeError `userOp/dtype`, GradError `userOp/changes`
 * @example
 * const cube = defineOp({
 *   name: "cube",
 *   inputs: ["x"],
 *   saves: ["x"],
 *   infer: ([x]) => x,
 *   forward: ([x]) => tensor(x.to("float64").toTypedArray("float64").map((value) => value ** 3), { shape: x.shape, dtype: x.dtype }),
 *   backward: { x: (dOut, { x }) => dOut.mul(x.square()).mul(3) },
 * });
 * const x = tensor([1, 2], { requiresGrad: true });
 * cube.run([x]).sum().backward();
 * x.grad?.toArray(); // [3, 12]
 */
export function defineUserOp<
  const N extends readonly string[], A = null, const S extends readonly Savable<N, O>[] = readonly [], const O extends readonly string[] = OneOutput,
>(spec: UserOpSpec<N, A, S, O>): UserOp<N, A, O> {
  checkDeclaration(spec);
  const { op, run } = enterOp(guarded(spec as AnySpec));
  const fixed = op.restAt < 0 ? op.inputs.length : op.restAt;
  return {
    op,
    run: (inputs, attrs?: A) => {
      if (!Array.isArray(inputs) || inputs.length < fixed || (op.restAt < 0 && inputs.length > fixed)) throw wrongInputs(op, inputs);
      return run(inputs, attrs === undefined ? null : attrs) as Results<O>;
    },
  };
}

/** The declaration with everything checked that a program's functions give. */
function guarded(spec: AnySpec): AnySpec {
  const { name, outputs = ["out"], scoped = true } = spec;
  const isMany = outputs.length > 1;
  const infer = (inputs: Tensors, attrs: unknown): Specs => {
    const out: unknown = spec.infer(inputs as readonly Tensor[], attrs);
    for (const one of listed(name, "infer", out, outputs)) checkOutput(name, one);
    return out as Specs;
  };
  const forward = (inputs: Tensors, attrs: unknown, out: Specs, call: OpCall): Tensor | readonly Tensor[] => {
    const versions = inputs.map((x) => x?.storage.version);
    const made: unknown = spec.forward(inputs as readonly Tensor[], attrs, out as readonly OutputSpec[], call);
    checkChanges(spec, inputs, versions, call !== unrecorded);
    const specs = (isMany ? out : [out]) as readonly OutputSpec[];
    // An input that was changed and is the result stays the tensor that it is, with its own place on the tape.
    const own = listed(name, "forward", made, outputs).map((one, i) => {
      const result = checkResult(name, outputs[i] ?? "out", one, specs[i] as OutputSpec);
      return inputs.includes(result) ? sameElements(result) : result;
    });
    return isMany ? own : (own[0] as Tensor);
  };
  const positions = spec.inputs.map((input) => input.replace(/\?|\.\.\./, ""));
  const gradients = Object.entries(spec.backward ?? {}).map(([input, gradient]): [string, Gradient | null] => {
    const own = gradient as Gradient | null;
    if (own === null) return [input, null];
    const position = positions.indexOf(input);
    const isRest = spec.inputs[position]?.endsWith("...") === true;
    return [input, (dOut, saved, at) => checkInputGradient(name, isRest ? `${input}[${at}]` : input, own(dOut, saved, at), saved.shapes[isRest ? position + at : position])];
  });
  return {
    ...spec,
    saves: spec.saves ?? [],
    samples: spec.samples ?? (() => []),
    scoped,
    // Of what is not scoped, nothing is freed, whatever the inputs look like.
    unscoped: !scoped,
    infer: infer as AnySpec["infer"],
    forward: forward as AnySpec["forward"],
    ...(spec.backward === undefined ? {} : { backward: Object.fromEntries(gradients) }),
  };
}

type Gradient = (dOut: unknown, saved: { readonly shapes: readonly (Shape | undefined)[] }, at: number) => Tensor;

/** The results of several outputs, or of the one. Throws ArgumentError `userOp/outputs`. */
function listed(name: string, from: string, result: unknown, outputs: readonly string[]): readonly unknown[] {
  if (outputs.length === 1) return [result];
  if (Array.isArray(result) && result.length === outputs.length) return result as readonly unknown[];
  throw new ArgumentError({
    op: name,
    fact: `${from} gave ${Array.isArray(result) ? `${result.length} results` : showValue(result)}, not a list of ${outputs.length}: ${outputs.join(", ")}`,
    code: "userOp/outputs",
  });
}

/** Throws ShapeError `userOp/shape`, DTypeError `userOp/dtype` for what says nothing of a result. */
function checkOutput(name: string, spec: unknown): void {
  const { shape, dtype } = (typeof spec === "object" && spec !== null ? spec : {}) as { readonly shape?: unknown; readonly dtype?: unknown };
  if (!Array.isArray(shape)) throw new ShapeError({ op: name, fact: `infer gave ${showValue(spec)}, not a shape and a dtype`, code: "userOp/shape" });
  checkShape(name, shape as Shape);
  if (typeof dtype === "string" && Object.hasOwn(dtypeInfo, dtype)) return;
  throw new DTypeError({ op: name, fact: `infer gave the dtype ${showValue(dtype)}; there are ${Object.keys(dtypeInfo).join(", ")}`, code: "userOp/dtype" });
}

/** Throws ArgumentError `tapegrad/not-a-tensor`, ShapeError `userOp/shape`, DTypeError `userOp/dtype` for a result that is not as it was said to be. */
function checkResult(name: string, output: string, result: unknown, spec: OutputSpec): Tensor {
  requireTensor(name, `what forward gives for ${output}`, result);
  const parts = { op: name, details: [describe("infer  ", spec), describe("forward", result)] };
  if (!sameShape(result.shape, spec.shape)) {
    throw new ShapeError({ ...parts, fact: `forward gave ${output} another shape than infer said`, code: "userOp/shape", data: { inferred: spec.shape, shape: result.shape } });
  }
  if (result.dtype === spec.dtype) return result;
  throw new DTypeError({
    ...parts,
    fact: `forward gave ${output} another dtype than infer said`,
    hint: `make it in the dtype of out, or convert it: x.to("${spec.dtype}")`,
    code: "userOp/dtype",
    data: { inferred: spec.dtype, dtype: result.dtype },
  });
}

/** Throws GradError `userOp/changes` for an input that was changed and not declared, or that requires grad. */
function checkChanges(spec: AnySpec, inputs: Tensors, versions: readonly (number | undefined)[], isRecorded: boolean): void {
  const at = inputs.findIndex((x, i) => x !== null && x.storage.version !== versions[i] && (!isDeclared(spec, i) || (isRecorded && x.requiresGrad)));
  const x = inputs[at] ?? null;
  if (x === null) return;
  const name = inputOf(spec, at);
  const isUndeclared = !isDeclared(spec, at);
  throw new GradError({
    op: spec.name,
    fact: isUndeclared ? `forward changed ${name} in place, which \`changes\` does not name` : `forward changed ${name} in place, which requires grad: its gradient would be that of the old elements`,
    details: [describe(name, x)],
    hint: isUndeclared ? "change a copy (x.clone()), or name it in changes" : "give a new tensor, or pass a detached one",
    code: "userOp/changes",
  });
}

const isDeclared = (spec: AnySpec, at: number): boolean => spec.changes?.includes(inputOf(spec, at).replace(/\[\d+\]$/, "")) === true;

function inputOf(spec: AnySpec, at: number): string {
  const restAt = spec.inputs.findIndex((name) => name.endsWith("..."));
  if (restAt < 0 || at < restAt) return spec.inputs[at]?.replace("?", "") ?? "";
  return `${spec.inputs[restAt]?.replace("...", "")}[${at - restAt}]`;
}

/** Throws ArgumentError `tapegrad/not-a-tensor`, ShapeError `userOp/gradient-shape` for what cannot be the gradient of an input of this shape. */
export function checkInputGradient(op: string, input: string, gradient: unknown, shape: Shape | undefined): Tensor {
  requireTensor(op, `the gradient for ${input}`, gradient);
  if (shape === undefined || broadcastsTo(shape, gradient.shape)) return gradient;
  throw new ShapeError({
    op,
    fact: `the gradient for ${input} has the shape ${formatShape(gradient.shape)}: it must have that of ${input}, ${formatShape(shape)}, or one that this broadcasts to`,
    code: "userOp/gradient-shape",
    data: { shape, gradient: gradient.shape },
  });
}

/** Whether something of `shape` broadcasts to `wide`, so that a gradient of `wide` can be summed to it. */
function broadcastsTo(shape: Shape, wide: Shape): boolean {
  const lead = wide.length - shape.length;
  return lead >= 0 && shape.every((size, i) => size === 1 || size === wide[i + lead]);
}

function wrongInputs(op: Op, inputs: unknown): ArgumentError {
  const takes = `takes ${op.restAt >= 0 ? `${op.restAt} or more inputs` : op.inputs.length === 1 ? "1 input" : `${op.inputs.length} inputs`}, ${op.inputs.map(showName).join(", ")}`;
  return new ArgumentError({
    op: op.name,
    fact: `it ${takes}, in a list: not ${Array.isArray(inputs) ? `${inputs.length}` : showValue(inputs)}`,
    ...(inputs instanceof Tensor ? { hint: "run([x])" } : {}),
    code: "userOp/inputs",
  });
}
