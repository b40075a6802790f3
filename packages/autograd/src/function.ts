import { ArgumentError, checkInputGradient, dispatch, GradError, makeOp, showValue, Tensor, zeros, type DType, type Op, type OpCall, type Shape } from "@tapegrad/tensor";
import { FunctionContext } from "./function-context.ts";
import { isGradEnabled, setGradEnabled } from "./grad-mode.ts";
import { Node } from "./node.ts";
import { isOnceDifferentiable, refuseSecondDerivative } from "./once-differentiable.ts";

/** A class that extends `Function`: its context, its arguments and its result. */
export interface FunctionClass<Context, Args extends readonly unknown[], Out> {
  readonly name: string;
  forward(ctx: Context, ...args: Args): Out;
  backward(ctx: Context, ...gradOutputs: readonly never[]): Tensor | null | readonly (Tensor | null)[];
}

type AnyFunctionClass = FunctionClass<never, readonly never[], unknown>;

/** One call of a `Function`, on its way through the interpreters and, if it is recorded, on the tape. */
interface FunctionCall {
  readonly type: AnyFunctionClass;
  readonly args: readonly unknown[];
  /** Where the tensors stand among the arguments. */
  readonly positions: readonly number[];
  context: FunctionContext;
  /** What `forward` gave, until `apply` has put the outputs in its place. */
  result: unknown;
  /** Of each output, tensor or not, as `backward` counts them. */
  outputs: readonly (Output | null)[];
  node: Node | null;
}

interface Output {
  readonly shape: Shape;
  readonly dtype: DType;
}

type Gradients = readonly (Tensor | null)[];

/** Ops by class: one that is defined again (hot reload) is another class. */
const ops = new WeakMap<object, Op>();

/**
 * An operation with a gradient of its own, as PyTorch's `autograd.Function`: a subclass has a static `forward` and a static `backward`, and is
 * called by `apply`. Nothing that `forward` does is recorded. `backward` gets a gradient for each output and gives one for each argument, null
 * for those that have none, in a list unless there is one argument; it is recorded where its result is to be differentiated (`createGraph`). An
 * input that `forward` gives back comes out as another tensor over the same elements.
 *
 * Throws    by `apply`: ArgumentError `function/forward`, `function/async`, GradError `function/changed-input`; by a backward pass: GradError
 *           `function/backward`, `function/gradient-count`, `function/gradient-of-constant`, ArgumentError `tapegrad/not-a-tensor`, ShapeError
 *           `userOp/gradient-shape`, GradError `backward/released`, `backward/changed`; ArgumentError `function/new` if it is made
 * Source    as PyTorch, without `mark_dirty`
 * @example
 * class Exp extends Function {
 *   static forward(ctx: FunctionContext<[out: Tensor]>, x: Tensor): Tensor {
 *     const out = x.exp();
 *     ctx.saveForBackward(out);
 *     return out;
 *   }
 *   static backward(ctx: FunctionContext<[out: Tensor]>, dOut: Tensor): Tensor {
 *     const [out] = ctx.savedTensors;
 *     return dOut.mul(out);
 *   }
 * }
 * const x = tensor([0, 0], { requiresGrad: true });
 * Exp.apply(x).sum().backward();
 * x.grad?.toArray(); // [1, 1]
 */
export abstract class Function {
  constructor() {
    throw new ArgumentError({ op: new.target.name, fact: "it is not made with new: forward and backward are static", hint: "call its apply", code: "function/new" });
  }

  /** Runs `forward` and records it if a tensor among the arguments requires grad. Gives what `forward` gives. */
  static apply<Context, Args extends readonly unknown[], Out>(this: FunctionClass<Context, Args, Out>, ...args: Args): Out {
    return run(checkedClass(this), args) as Out;
  }
}

const nameOf = (type: AnyFunctionClass): string => (type.name === "" ? "Function" : type.name);

/** Throws ArgumentError `function/forward`. */
function checkedClass(type: unknown): AnyFunctionClass {
  if (typeof type !== "function") throw new ArgumentError({ op: "Function", fact: `apply was called on ${showValue(type)}`, hint: "call it on the class: Exp.apply(x)", code: "function/forward" });
  if (!("forward" in type) || typeof type.forward !== "function") throw new ArgumentError({ op: type.name, fact: "it has no static forward", code: "function/forward" });
  return type as typeof type & AnyFunctionClass;
}

function run(type: AnyFunctionClass, args: readonly unknown[]): unknown {
  const positions = args.flatMap((arg, i) => (Tensor.isTensor(arg) ? [i] : []));
  const call: FunctionCall = { type, args, positions, context: contextOf(type, args), result: null, outputs: [], node: null };
  const outs = dispatch(opOf(type), positions.map((i) => args[i] as Tensor), call) as readonly Tensor[];
  return finish(call, outs);
}

const contextOf = (type: AnyFunctionClass, args: readonly unknown[]): FunctionContext =>
  new FunctionContext(nameOf(type), args.map((arg) => Tensor.isTensor(arg) && arg.requiresGrad));

function opOf(type: AnyFunctionClass): Op {
  const known = ops.get(type);
  if (known !== undefined) return known;
  const op = makeOp<readonly ["inputs..."], FunctionCall, readonly [], readonly string[]>({
    name: nameOf(type),
    inputs: ["inputs..."],
    // Any number of outputs, which only `forward` knows.
    outputs: [],
    saves: [],
    dtypes: ["float32", "float64", "float16", "bfloat16", "int64", "int32", "uint8", "bool"],
    halfNative: true,
    unscoped: true,
    infer: () => [],
    forward: (inputs, call, _, opCall) => forward(inputs, call, opCall),
    backward: { inputs: (dOut, saved, at) => saved.once(() => backward(saved.attrs, dOut, saved.shapes))[at] as Tensor },
    samples: () => [],
  });
  ops.set(type, op);
  return op;
}

/** The tensors that `forward` gives. Throws ArgumentError `function/async`, GradError `function/changed-input`. */
function forward(inputs: readonly Tensor[], call: FunctionCall, opCall: OpCall): readonly Tensor[] {
  const { type, positions } = call;
  const args = [...call.args];
  positions.forEach((position, i) => (args[position] = inputs[i]));
  call.context = contextOf(type, call.args);
  const versions = inputs.map((x) => x.storage.version);
  const before = isGradEnabled();
  setGradEnabled(false);
  try {
    call.result = type.forward(call.context as never, ...(args as never[]));
  } finally {
    setGradEnabled(before);
  }
  if (call.result instanceof Promise) {
    throw new ArgumentError({ op: nameOf(type), fact: "forward is asynchronous: what it does after an await cannot be part of the op", code: "function/async" });
  }
  if (opCall instanceof Node) {
    const changed = inputs.findIndex((x, i) => x.requiresGrad && x.storage.version !== versions[i]);
    if (changed >= 0) throw changedInput(type, positions[changed] as number);
    call.node = opCall;
    call.context.handOver(opCall);
  }
  return listOf(call.result).filter(Tensor.isTensor);
}

const listOf = (result: unknown): readonly unknown[] => (Array.isArray(result) ? (result as readonly unknown[]) : [result]);

/** Puts the outputs, which may be other tensors over the same elements, in the place of what `forward` gave. */
function finish(call: FunctionCall, outs: readonly Tensor[]): unknown {
  const { node, context, result } = call;
  let next = 0;
  const own = listOf(result).map((one) => {
    if (!Tensor.isTensor(one)) return one;
    const out = outs[next++] as Tensor;
    // Not what an interpreter put in its place: that has other elements.
    if (node !== null && out !== one && out.storage === one.storage) node.replaceSaved(one, out);
    if (context.isNonDifferentiable(one)) out.node = null;
    return out;
  });
  if (node !== null) call.outputs = own.map((one) => (Tensor.isTensor(one) ? { shape: one.shape, dtype: one.dtype } : null));
  call.result = null;
  return Array.isArray(result) ? own : own[0];
}

/** The gradient for each tensor among the arguments. Throws as `Function` says. */
function backward(call: FunctionCall, arrived: Gradients, shapes: readonly (Shape | undefined)[]): Gradients {
  const { type, args, positions } = call;
  const name = nameOf(type);
  if (typeof type.backward !== "function") throw new GradError({ op: name, fact: "it has no static backward", code: "function/backward" });
  const given = gradientsForOutputs(call, arrived);
  const result = isOnceDifferentiable(type.backward) && isGradEnabled() ? callOnce(call, given) : callBackward(call, given);
  const list = listOf(result);
  if (list.length < args.length || list.slice(args.length).some((extra) => extra !== null)) {
    throw new GradError({
      op: name,
      fact: `backward gave ${list.length} gradient${list.length === 1 ? "" : "s"} for ${args.length} argument${args.length === 1 ? "" : "s"}`,
      hint: "give one for each, in a list: null where there is none",
      code: "function/gradient-count",
      data: { expected: args.length, found: list.length },
    });
  }
  args.forEach((arg, i) => {
    if ((list[i] ?? null) === null || Tensor.isTensor(arg)) return;
    throw new GradError({ op: name, fact: `backward gave a gradient for argument ${i}, which is no tensor but ${showValue(arg)}`, hint: "give null for it", code: "function/gradient-of-constant" });
  });
  return positions.map((position, i) => {
    const gradient = list[position];
    return gradient === null ? null : checkInputGradient(name, `argument ${position}`, gradient, shapes[i]);
  });
}

/** One for each output. Who gets them may keep them: the pass neither changes nor frees them from here on. */
function gradientsForOutputs(call: FunctionCall, arrived: Gradients): Gradients {
  let next = 0;
  return call.outputs.map((output) => {
    const gradient = output === null ? null : (arrived[next++] ?? null);
    if (gradient !== null) gradient.storage.gradientUses++;
    else if (output !== null && call.context.materializesGrads) return zeros(output.shape, { dtype: output.dtype });
    return gradient;
  });
}

const callBackward = ({ type, context }: FunctionCall, gradients: Gradients): unknown => type.backward(context as never, ...(gradients as never[]));

/** Runs a `backward` that cannot be recorded. What it gives raises an error when it is differentiated. */
function callOnce(call: FunctionCall, gradients: Gradients): readonly unknown[] {
  setGradEnabled(false);
  try {
    const results = listOf(callBackward(call, gradients));
    return results.map((one) => (Tensor.isTensor(one) && call.node !== null ? refuseSecondDerivative(one, nameOf(call.type), call.node, gradients) : one));
  } finally {
    setGradEnabled(true);
  }
}

function changedInput(type: AnyFunctionClass, position: number): GradError {
  return new GradError({
    op: nameOf(type),
    fact: `forward changed argument ${position} in place, which requires grad: its gradient would be that of the old elements`,
    hint: "give a new tensor, or change a copy: x.clone()",
    code: "function/changed-input",
  });
}
