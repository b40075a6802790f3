import ts from "typescript";
import { findMarkdownExamples } from "../doc-examples/find-examples.ts";

/** The program that README.md shows, as it stands there. */
export function readmeProgram(root: string): string {
  const [program] = findMarkdownExamples(root, "README.md");
  if (program === undefined) throw new Error("README.md shows no program");
  return program.code;
}

/** A program without its types, for engines and bundlers that know none. */
export function withoutTypes(program: string): string {
  return ts.transpileModule(program, { compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true } }).outputText;
}

/** Gradients, ops of its own and what sees them, random numbers, products that several threads share, and fused ones: what only works if everything is found. No top-level await. */
export const smallProgram = `
import { getNumThreads, kernelInfo, manualSeed, randn, tensor } from "tapegrad";
import { defineOp, Function, pushInterpreter } from "tapegrad/extend";
const square = defineOp({ name: "square of my own", inputs: ["x"], saves: ["x"], infer: ([x]) => x, forward: ([x]) => x.mul(x), backward: { x: (dOut, { x }) => dOut.mul(x).mul(2) } });
class Same extends Function {
  static forward(_, x) { return x; }
  static backward(_, dOut) { return dOut; }
}
const names = [];
const remove = pushInterpreter((below) => ({ run: (op, inputs, attrs, call) => (names.push(op.name), below.run(op, inputs, attrs, call)) }));
const x = tensor([1, 2, 3], { requiresGrad: true });
Same.apply(square.run([x])).sum().backward();
remove();
manualSeed(1);
const m = randn([300, 300]);
let sum = 0;
for (let i = 0; i < 20; i++) sum += m.matmul(m).mean().item();
console.log(JSON.stringify({ gradient: x.grad.toArray(), names, sum, threads: getNumThreads(), fma: kernelInfo().fma }));
`;
