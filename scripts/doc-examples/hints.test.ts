import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { codeOf, hintsOfMessages, hintsOfSources } from "./find-hints.ts";
import { typeErrors } from "./type-errors.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What hints call things: in every program these are there. */
const declarations = `
class Net extends nn.Module {
  running = new nn.Buffer(ones([1]));
  scale = new nn.Parameter(ones([1]));
  forward(x: Tensor): Tensor { return x; }
}
const module = new Net();
const model = module;
const x: Tensor = ones([2, 2]);
const [y, a, b, base, condition, indices, targets, logits, input, images, parameter, result, name, factor, index, upstream] = Array<Tensor>(16).fill(x);
const [root, path, epoch] = ["folder", "file", 1] as const;
const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
const generator = new Generator(1);
const loader = new DataLoader(new TensorDataset(x));
const loss = sum(x);
`;

/** Options and names with empty brackets say less than a program: here is one that does what they say. */
const programs: Readonly<Record<string, string>> = {
  "{ retainGraph: true }": "loss.backward({ retainGraph: true }); loss.backward(null, { retainGraph: true }); grad([loss], [x], { retainGraph: true });",
  "{ allowUnused: true }": "grad([loss], [x], { allowUnused: true });",
  "{ requiresGrad: true }": "tensor([1], { requiresGrad: true });",
  '{ dtype: "float64" }': 'zeros([1], { dtype: "float64" });',
  "{ strict: false }": "model.loadStateDict({}, { strict: false });",
  'static stateNames = { field: "name" }': 'class Named extends nn.Module { static override stateNames = { field: "name" }; override forward(z: Tensor): Tensor { return z; } }',
  // The name of what was given as one; here it is a function's.
  'grad.to("float32")': '{ const grad = x; grad.to("float32"); }',
  "clone()": "x.clone();",
  "run([x])": 'defineOp({ name: "my/op", inputs: ["x"], infer: ([z]) => z, forward: ([z]) => z.mul(2) }).run([x]);',
  "Exp.apply(x)": "{ class Exp extends Function { static forward(_: FunctionContext, z: Tensor): Tensor { return z.exp(); } static backward(_: FunctionContext, dOut: Tensor): Tensor { return dOut; } } Exp.apply(x); }",
  "below.run(op, inputs, attrs, call)": "pushInterpreter((below) => ({ run: (op, inputs, attrs, call) => below.run(op, inputs, attrs, call) }));",
  "detach()": "x.detach();",
  "eval()": "model.eval();",
  "scope()": "scope(() => x);",
  "keep()": "keep(x);",
  "forward(x)": "module.forward(x);",
  "noGrad()": "noGrad(() => x.add_(1));",
  "model.parameters()": "new optim.SGD(model.parameters(), { lr: 0.1 });",
};

/** A piece of code as a program; an ellipsis stands for anything. */
const programOf = (piece: string): string => programs[piece] ?? `${piece.replace("...", "x.add_(1)")};`;

const printed = hintsOfMessages(root);
const written = hintsOfSources(root);
const whole = [...printed, ...written].filter(({ text }) => !text.includes("${"));

test("code in hints compiles", () => {
  const pieces = new Map<string, string>();
  for (const { file, text } of whole) for (const piece of codeOf(text)) pieces.set(piece, file);
  expect(pieces.size).toBeGreaterThan(25);
  const examples = [...pieces].map(([piece, file]) => ({ title: `${file}: ${piece}`, code: `${declarations}${programOf(piece)}`, compileOnly: true }));
  expect(typeErrors(root, examples)).toEqual([]);
});

describe("a hint that is put together is printed by a test", () => {
  const templates = written.filter(({ text }) => text.includes("${"));
  test.each(templates)("$file: $text", ({ text }) => {
    const literals = text.split(/\$\{(?:[^{}]|\{[^{}]*\})*\}/).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    const pattern = new RegExp(`^${literals.join(".*")}$`);
    expect(printed.filter((hint) => pattern.test(hint.text))).not.toEqual([]);
  });
});

test("code is found in hints", () => {
  expect(codeOf('convert it first: x.to("float32").div(255)')).toEqual(['x.to("float32").div(255)']);
  expect(codeOf("use x.mT or transpose")).toEqual(["x.mT"]);
  expect(codeOf("noGrad(() => m.w.copy_(x)) changes its values, m.w = new nn.Parameter(x) replaces it")).toEqual(["noGrad(() => m.w.copy_(x))", "m.w = new nn.Parameter(x)"]);
  expect(codeOf("pass { strict: false } to load what fits")).toEqual(["{ strict: false }"]);
  expect(codeOf("load one copy only: `npm ls x()` shows it")).toEqual([]);
});
