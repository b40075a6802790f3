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

/** Gradients, random numbers, products that several threads share, and fused ones: what only works if everything is found. No top-level await. */
export const smallProgram = `
import { getNumThreads, kernelInfo, manualSeed, randn, tensor } from "tapegrad";
const x = tensor([1, 2, 3], { requiresGrad: true });
x.mul(x).sum().backward();
manualSeed(1);
const m = randn([300, 300]);
let sum = 0;
for (let i = 0; i < 20; i++) sum += m.matmul(m).mean().item();
console.log(JSON.stringify({ gradient: x.grad.toArray(), sum, threads: getNumThreads(), fma: kernelInfo().fma }));
`;
