import { defineUserOp, ones, pushInterpreter, tensor, zeros, type ErrorSample, type Interpreter, type Tensor } from "@tapegrad/tensor";
import { grad } from "../backward.ts";
import type { FunctionContext } from "../function-context.ts";
import { Function } from "../function.ts";
import { onceDifferentiable } from "../once-differentiable.ts";
import { leaf } from "./error-calls.ts";

type Declaration = Readonly<Record<string, unknown>>;

const right: Declaration = { name: "my/op", inputs: ["a", "b?"], infer: ([a]: [Tensor]) => a, forward: ([a]: [Tensor]) => a.mul(1) };
const define = (changed: Declaration): ReturnType<typeof defineUserOp> => defineUserOp({ ...right, ...changed } as never);

/** A declaration as programs in JavaScript may write it. */
const declared = (changed: Declaration, reason: string, fact: string, hint = ""): ErrorSample => ({
  call: () => define(changed),
  error: "ArgumentError",
  message: `defineOp: ${fact}${hint === "" ? "" : `\n  hint: ${hint}`}\n  code: defineOp/${reason}`,
});

const option = (name: string, value: string, must: string, changed: Declaration): ErrorSample => ({
  call: () => define(changed),
  error: "IndexError",
  message: `defineOp: ${name} ${value} must be ${must}\n  code: defineOp/option`,
});

const everyDType = "float32, float64, float16, bfloat16, int64, int32, uint8, bool";

const declarations: readonly ErrorSample[] = [
  { call: () => defineUserOp(null as never), error: "ArgumentError", message: "defineOp: options must be an object, not null\n  code: defineOp/options" },
  declared({ backwards: {} }, "unknown-option", 'there is no option "backwards"; there are name, inputs, outputs, saves, infer, forward, backward, composite, createGraphByComposite, changes, halfNative, random, scoped, flops, dtypes, samples', "did you mean backward?"),
  // What the library's own ops may say of themselves, nobody else can.
  ...["view", "gradientInPlace"].map((name) =>
    declared({ [name]: true }, "unknown-option", `there is no option "${name}"; there are name, inputs, outputs, saves, infer, forward, backward, composite, createGraphByComposite, changes, halfNative, random, scoped, flops, dtypes, samples`)),
  ...[undefined, "", 3].map((value) => option("name", JSON.stringify(value) ?? "undefined", "a name", { name: value })),
  ...[undefined, "x", [1]].map((value) => option("inputs", JSON.stringify(value) ?? "undefined", "a list of names", { inputs: value })),
  ...(["infer", "forward"] as const).flatMap((name) => [undefined, 3, null].map((value) => option(name, String(value), "a function", { [name]: value }))),
  option("backward", "3", "an object", { backward: 3 }),
  option("saves", '"a"', "a list of names", { saves: "a" }),
  option("scoped", "1", "true or false", { scoped: 1 }),
  option("dtypes", '["float"]', `a list of dtypes (one of ${everyDType})`, { dtypes: ["float"] }),
  declared({ name: "matmul" }, "built-in", "matmul: this is an op of tapegrad's, which cannot be replaced", 'give it a name of its own, with a prefix for instance: defineOp({ name: "my/matmul", ... })'),
  declared({ inputs: [] }, "inputs", "my/op: it needs an input"),
  declared({ inputs: ["a..", "b"] }, "inputs", 'my/op: the input "a.." needs a name of letters and digits'),
  declared({ inputs: ["a", "a?"] }, "inputs", "my/op: the name a is given twice"),
  ...["attrs", "shapes", "aux", "once", "call", "shared", "constructor", "toString", "__proto__"].map((name) =>
    declared({ inputs: [name] }, "inputs", `my/op: no input can be called ${name}: gradient functions get something else by that name`)),
  declared({ inputs: ["a...", "b"] }, "inputs", "my/op: a... stands for any number of inputs, and so must be the last"),
  declared({ inputs: ["out"] }, "inputs", "my/op: the name out is the output's"),
  declared({ outputs: [] }, "outputs", "my/op: it needs an output"),
  declared({ outputs: ["c", "c"] }, "outputs", "my/op: the name c is given twice"),
  declared({ outputs: ["a", "c"] }, "outputs", "my/op: the name a is given twice"),
  declared({ outputs: ["c", "d?"] }, "outputs", 'my/op: the output "d?" needs a name of letters and digits'),
  declared({ saves: ["a", "c"] }, "saves", "my/op: saves names c, which is no input or output; there are a, b, out"),
  declared({ saves: ["a", "a"] }, "saves", "my/op: saves names a twice"),
  declared({ inputs: ["a", "more..."], saves: ["more", "a"] }, "saves", "my/op: more stands for any number of inputs, and so must be the last of saves"),
  declared({ changes: ["out"] }, "changes", "my/op: changes names out, which is no input; there are a, b"),
  declared({ backward: { a: null } }, "gradient", "my/op: backward has no gradient for b: it needs a function, or null if there is none"),
  declared({ backward: { a: null, b: 3 } }, "gradient", "my/op: backward has 3 for b: it needs a function, or null if there is none"),
  declared({ backward: { a: null, b: null, c: null } }, "gradient", "my/op: backward has a gradient for c, which is no input; there are a, b"),
  declared({ createGraphByComposite: true }, "composite", "my/op: createGraphByComposite needs a composite to differentiate"),
];

/** A call of an op that is declared as it should be, and does something else. */
const does = (changed: Declaration, error: string, text: string, call = (op: ReturnType<typeof defineUserOp>): unknown => op.run([leaf([1, 2]), null] as never)): ErrorSample => ({
  call: () => call(define(changed)),
  error,
  message: `my/op: ${text}`,
});

/** The only output, where the compiler knows neither their number nor their names. */
const first = (outputs: unknown): Tensor => outputs as Tensor;

const backward = (op: ReturnType<typeof defineUserOp>): void => first(op.run([leaf([1, 2]), null] as never)).sum().backward();

const behaviour: readonly ErrorSample[] = [
  does({}, "ArgumentError", "it takes 2 inputs, a, b?, in a list: not 1\n  code: userOp/inputs", (op) => op.run([leaf([1])] as never)),
  does({}, "ArgumentError", "it takes 2 inputs, a, b?, in a list: not a Tensor\n  hint: run([x])\n  code: userOp/inputs", (op) => op.run(leaf([1]) as never)),
  does({ inputs: ["a"] }, "ArgumentError", "it takes 1 input, a, in a list: not 2\n  code: userOp/inputs", (op) => op.run([leaf([1]), leaf([1])] as never)),
  does({ inputs: ["a", "more..."] }, "ArgumentError", "it takes 1 or more inputs, a, more..., in a list: not 0\n  code: userOp/inputs", (op) => op.run([] as never)),
  does({}, "ArgumentError", "a must be a tensor, not 3\n  code: tapegrad/not-a-tensor", (op) => op.run([3, null] as never)),
  does({ infer: () => undefined }, "ShapeError", "infer gave undefined, not a shape and a dtype\n  code: userOp/shape"),
  does({ infer: () => ({ shape: [1.5], dtype: "float32" }) }, "ShapeError", "shape [1.5] must be a list of integers, 0 or more\n  code: my/op/shape"),
  does({ infer: () => ({ shape: [2], dtype: "float" }) }, "DTypeError", `infer gave the dtype "float"; there are ${everyDType}\n  code: userOp/dtype`),
  does({ outputs: ["c", "d"], infer: ([a]: [Tensor]) => a }, "ArgumentError", "infer gave a Tensor, not a list of 2: c, d\n  code: userOp/outputs"),
  does({ outputs: ["c", "d"], infer: ([a]: [Tensor]) => [a, a], forward: ([a]: [Tensor]) => [a] }, "ArgumentError", "forward gave 1 results, not a list of 2: c, d\n  code: userOp/outputs"),
  does({ forward: () => undefined }, "ArgumentError", "what forward gives for out must be a tensor, not undefined\n  code: tapegrad/not-a-tensor"),
  does({ forward: () => ones([3]) }, "ShapeError", "forward gave out another shape than infer said\n  infer    [2]  float32\n  forward  [3]  float32\n  code: userOp/shape"),
  does({ forward: () => ones([2], "float64") }, "DTypeError", 'forward gave out another dtype than infer said\n  infer    [2]  float32\n  forward  [2]  float64\n  hint: make it in the dtype of out, or convert it: x.to("float32")\n  code: userOp/dtype'),
  does({ forward: ([a]: [Tensor]) => a.mul_(2).mul(1) }, "GradError", "forward changed a in place, which `changes` does not name\n  a  [2]  float32\n  hint: change a copy (x.clone()), or name it in changes\n  code: userOp/changes"),
  does(
    { forward: ([a]: [Tensor]) => a.mul_(2), changes: ["a"], backward: { a: (dOut: Tensor) => dOut, b: null } },
    "GradError",
    "forward changed a in place, which requires grad: its gradient would be that of the old elements\n  a  [2]  float32\n  hint: give a new tensor, or pass a detached one\n  code: userOp/changes",
  ),
  does({ backward: { a: () => 3, b: null } }, "ArgumentError", "the gradient for a must be a tensor, not 3\n  code: tapegrad/not-a-tensor", backward),
  does(
    { backward: { a: () => zeros([3]), b: null } },
    "ShapeError",
    "the gradient for a has the shape [3]: it must have that of a, [2], or one that this broadcasts to\n  code: userOp/gradient-shape",
    backward,
  ),
  does(
    { inputs: ["a", "more..."], backward: { a: null, more: (dOut: Tensor, _: unknown, at: number) => (at === 1 ? zeros([]) : dOut) } },
    "ShapeError",
    "the gradient for more[1] has the shape []: it must have that of more[1], [2], or one that this broadcasts to\n  code: userOp/gradient-shape",
    (op) => first(op.run([leaf([1, 2]), leaf([1, 2]), leaf([1, 2])] as never)).sum().backward(),
  ),
];

interface Statics {
  readonly forward?: (ctx: FunctionContext<readonly (Tensor | null)[]>, ...args: never[]) => unknown;
  readonly backward?: (ctx: FunctionContext, ...gradients: never[]) => unknown;
}

const twice = (_: unknown, x: Tensor): Tensor => x.mul(2);

/** A class `Own` with these in the place of what works. */
function own(changed: Statics): { readonly apply: (...args: unknown[]) => Tensor } {
  class Own extends Function {}
  return Object.assign(Own, { forward: twice, backward: twice, ...changed });
}

const ofFunction = (changed: Statics, error: string, text: string, args: readonly unknown[] = [leaf([1, 2])]): ErrorSample => ({
  call: () => own(changed).apply(...args).sum().backward(),
  error,
  message: `Own: ${text}`,
});

const functions: readonly ErrorSample[] = [
  ofFunction({ forward: undefined as never }, "ArgumentError", "it has no static forward\n  code: function/forward"),
  ofFunction({ backward: undefined as never }, "GradError", "it has no static backward\n  code: function/backward"),
  {
    call: () => own({}).apply.call(undefined),
    error: "ArgumentError",
    message: "Function: apply was called on undefined\n  hint: call it on the class: Exp.apply(x)\n  code: function/forward",
  },
  {
    call: () => new (own({}) as never as new () => unknown)(),
    error: "ArgumentError",
    message: "Own: it is not made with new: forward and backward are static\n  hint: call its apply\n  code: function/new",
  },
  ofFunction({ forward: async () => ones([2]) }, "ArgumentError", "forward is asynchronous: what it does after an await cannot be part of the op\n  code: function/async"),
  ofFunction(
    { forward: (_, x: Tensor, y: Tensor) => x.mul(y.mul_(2)) },
    "GradError",
    "forward changed argument 1 in place, which requires grad: its gradient would be that of the old elements\n  hint: give a new tensor, or change a copy: x.clone()\n  code: function/changed-input",
    [ones([2]), leaf([1, 2]).mul(1)],
  ),
  ...([[[], 0, "s"], [[ones([2]), ones([2])], 2, "s"]] as const).map(([gradients, count, s]) =>
    ofFunction({ backward: () => gradients }, "GradError", `backward gave ${count} gradient${s} for 1 argument\n  hint: give one for each, in a list: null where there is none\n  code: function/gradient-count`)),
  ofFunction({}, "GradError", "backward gave 1 gradient for 2 arguments\n  hint: give one for each, in a list: null where there is none\n  code: function/gradient-count", [leaf([1, 2]), 3]),
  ofFunction(
    { backward: (_, dOut: Tensor) => [dOut, dOut] },
    "GradError",
    'backward gave a gradient for argument 1, which is no tensor but "sum"\n  hint: give null for it\n  code: function/gradient-of-constant',
    [leaf([1, 2]), "sum"],
  ),
  ofFunction({ backward: () => undefined }, "ArgumentError", "the gradient for argument 0 must be a tensor, not undefined\n  code: tapegrad/not-a-tensor"),
  ofFunction({ backward: () => [3] }, "ArgumentError", "the gradient for argument 0 must be a tensor, not 3\n  code: tapegrad/not-a-tensor"),
  ...[[3], [1], []].map((shape) =>
    ofFunction(
      { backward: () => ones(shape) },
      "ShapeError",
      `the gradient for argument 0 has the shape [${shape.join()}]: it must have that of argument 0, [2], or one that this broadcasts to\n  code: userOp/gradient-shape`,
    )),
  ofFunction({ forward: (ctx, x: Tensor) => (ctx.saveForBackward(x, 3 as never), x.mul(2)) }, "ArgumentError", "saved tensor 1 must be a tensor, not 3\n  code: tapegrad/not-a-tensor"),
  ofFunction({ forward: (ctx, x: Tensor) => (ctx.markNonDifferentiable(3 as never), x.mul(2)) }, "ArgumentError", "output 0 must be a tensor, not 3\n  code: tapegrad/not-a-tensor"),
  {
    call: () => own({ forward: (ctx) => ctx.setMaterializeGrads(1 as never) }).apply(leaf([1])),
    error: "IndexError",
    message: "setMaterializeGrads: on 1 must be true or false\n  code: setMaterializeGrads/option",
  },
  {
    call: () => {
      const saving = own({ forward: (ctx, x: Tensor) => (ctx.saveForBackward(x, null), x.mul(2)), backward: (ctx, dOut: Tensor) => dOut.mul(ctx.savedTensors[0] as Tensor) });
      const out = saving.apply(leaf([1, 2])).sum();
      out.backward();
      out.backward();
    },
    error: "GradError",
    message: "backward: the graph was already used up at Own: its saved tensors were released by an earlier backward\n  hint: pass { retainGraph: true } to the earlier backward\n  code: backward/released",
  },
  {
    call: () => {
      const saving = own({ forward: (ctx, x: Tensor, y: Tensor) => (ctx.saveForBackward(x, y), x.mul(2)), backward: (ctx, dOut: Tensor) => [dOut.mul(ctx.savedTensors[0] as Tensor), null] });
      const y = ones([2]);
      const out = saving.apply(leaf([1, 2]), y).sum();
      y.add_(1);
      out.backward();
    },
    error: "GradError",
    message: "backward: savedTensors[1] [2], saved by Own at version 0, was changed in place: it is at version 1\n  hint: change a copy (x.clone()), or use the op that is not in place\n  code: backward/changed",
  },
  {
    call: () => {
      const x = leaf([1, 2]);
      const [dx] = grad([own({ backward: onceDifferentiable(twice) }).apply(x).sum()], [x], { createGraph: true });
      dx.sum().backward();
    },
    error: "GradError",
    message: "Own: its backward is marked onceDifferentiable: the gradient that it gave cannot be differentiated\n  hint: leave out createGraph, or write backward in ordinary ops and without the mark\n  code: function/once-differentiable",
  },
  ...[undefined, {}].map((value): ErrorSample => ({
    call: () => onceDifferentiable(value as never),
    error: "IndexError",
    message: `onceDifferentiable: backward ${value === undefined ? "undefined" : "an object"} must be a function\n  code: onceDifferentiable/option`,
  })),
];

function interpreted(make: (below: Interpreter) => unknown): void {
  const remove = pushInterpreter(make as (below: Interpreter) => Interpreter);
  try {
    tensor([1]).mul(2);
  } finally {
    remove();
  }
}

const interpreters: readonly ErrorSample[] = [
  { call: () => pushInterpreter(3 as never), error: "IndexError", message: "pushInterpreter: make 3 must be a function\n  code: pushInterpreter/option" },
  ...[undefined, {}].map((made): ErrorSample => ({
    call: () => interpreted(() => made),
    error: "IndexError",
    message: `pushInterpreter: the interpreter that was made ${made === undefined ? "undefined" : "an object"} must be an object with a function run\n  code: pushInterpreter/option`,
  })),
  {
    call: () => interpreted((below) => ({ run: (...call: Parameters<Interpreter["run"]>) => void below.run(...call) })),
    error: "ArgumentError",
    message: "pushInterpreter: the interpreter's run gave undefined for mul\n  hint: return what below.run(op, inputs, attrs, call) gives\n  code: interpreter/result",
  },
];

/** Ops, functions and interpreters of programs, declared wrongly or doing something else than they say. */
export const errorsOfExtensions: readonly ErrorSample[] = [...declarations, ...behaviour, ...functions, ...interpreters];
