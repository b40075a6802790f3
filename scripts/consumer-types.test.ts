import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tools } from "./processes.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/** TAPEGRAD_TYPESCRIPT=5.7.2,5.8,5.9,latest npm test -- consumer-types installs these and compiles with each of them, everything. */
const versions = (process.env["TAPEGRAD_TYPESCRIPT"] ?? "").split(",").filter((version) => version !== "");

const program = `
import fc from "fast-check";
import { checkGradients, expectClose, modulesOf, shapes, tensors, type GradientReport } from "tapegrad/testing";
import { DataLoader, loadCheckpoint, nn, optim, scope, tensor, TensorDataset, type DType, type Tensor } from "tapegrad";
import { defineOp, Function, onceDifferentiable, pushInterpreter, type FunctionContext, type Interpreter } from "tapegrad/extend";

class Net extends nn.Module {
  readonly fc = new nn.Linear(2, 1);
  override forward(x: Tensor): Tensor {
    return this.fc.forward(x);
  }
}

class Attention extends nn.Module {
  override forward(query: Tensor, key: Tensor): [out: Tensor, weights: Tensor] {
    const weights = query.matmul(key);
    return [weights.matmul(key), weights];
  }
}

const [out, weights]: [Tensor, Tensor] = new Attention().forward(tensor([[1]]), tensor([[1]]));
const stack = new nn.Sequential(new nn.Linear(4, 3), new nn.ReLU(), new nn.Conv2d(1, 1, 1));
const parts: [nn.Parameter, nn.ReLU, nn.Linear, number] = [stack[0].weight, stack.at(1), stack.at(-3), stack.at(-1).inChannels];
const anyLength: nn.Sequential = stack;
const layer: nn.Module = anyLength.at(0);
class Stack extends nn.Sequential<[nn.Linear, nn.ReLU]> {}
const stacked: nn.Linear = new Stack(new nn.Linear(1, 1), new nn.ReLU())[0];
class Gelu extends nn.Module {
  static override readonly traits: nn.LayerTraits = { keepsNothing: true };
  override forward(x: Tensor): Tensor {
    return x.relu();
  }
}
// @ts-expect-error Two inputs are not one.
const single: nn.Module = new Attention();
// @ts-expect-error A ReLU has no weight.
stack[1].weight;

const scaled = defineOp({
  name: "my/scaled",
  inputs: ["x", "scale?", "more..."],
  outputs: ["out", "twice"],
  saves: ["x", "scale", "more"],
  infer: ([x]) => [x, x],
  forward: ([x, scale, ...more], { factor }: { readonly factor: number }, [spec]) => {
    const out = more.reduce((sum, each) => sum.add(each), scale === null ? x.mul(factor) : x.mul(scale)).to(spec.dtype);
    return [out, out.mul(2)];
  },
  backward: { x: ([dOut, dTwice], { attrs }) => (dOut ?? dTwice ?? tensor(0)).mul(attrs.factor), scale: null, more: ([dOut], { more }, at) => (dOut ?? tensor(0)).mul(more[at] ?? 1) },
});
const [first, second]: readonly [Tensor, Tensor] = scaled.run([tensor([1]), null, tensor([2])], { factor: 3 });
// @ts-expect-error Attributes that may not be left out.
scaled.run([tensor([1]), null]);
class Clip extends Function {
  static forward(ctx: FunctionContext<[x: Tensor]>, x: Tensor, limit: number): [out: Tensor, limit: number] {
    ctx.saveForBackward(x);
    return [x.clamp(-limit, limit), limit];
  }
  static backward = onceDifferentiable((ctx: FunctionContext<[x: Tensor]>, dOut: Tensor): [Tensor, null] => [dOut.mul(ctx.savedTensors[0]), null]);
}
const clipped: [Tensor, number] = Clip.apply(first, 2);
// @ts-expect-error A limit is a number.
Clip.apply(second, "2");
const asIs = (below: Interpreter): Interpreter => ({ run: (op, inputs, attrs, call) => below.run(op, inputs, attrs, call) });
const remove: () => void = pushInterpreter(asIs);

const net = new Net();
const optimizer = new optim.Adam(net.parameters(), { lr: 0.1 });
const loader = new DataLoader(new TensorDataset(tensor([[1, 2]])), { batchSize: 1 });
const { epoch }: { readonly epoch: number } = loadCheckpoint("checkpoint.safetensors", { model: net, optimizer, loader });
for (const [x] of loader) scope(() => net.forward(x).sum().backward());
const dtype: DType = "float32";
const values: Float32Array | Float64Array = tensor([epoch]).to(dtype).toTypedArray("float32");
// @ts-expect-error The types are there, and no any.
const wrong: string = tensor([1]).item();
export { clipped, Gelu, remove, layer, out, parts, single, stacked, values, weights, wrong };

checkGradients((x) => x.mul(x), [tensor([1], "float64")]);
checkGradients(new Attention(), [tensor([[1]]), tensor([[1]])], { order: 2 });
const [worst]: GradientReport[] = checkGradients((x: Tensor, { scale }: { scale: Tensor }) => ({ y: x.mul(scale) }), [tensor([1]), { scale: tensor(2) }], { report: true });
// @ts-expect-error It takes two tensors.
checkGradients(new Attention(), [tensor([[1]])]);
expectClose(tensor([1]), [[1, 2], [3]], { rtol: 0.1 });
const { features, input }: { features: number; input: Tensor } = fc.sample(modulesOf((features: number) => new nn.Linear(features, 1), fc.nat(), (features) => [1, features]))
  .map(({ module, input }) => ({ features: module.inFeatures, input }))[0]!;
fc.assert(fc.property(tensors({ shape: shapes({ minRank: 1 }), dtype: ["float32", "bool"], layout: "strided" }), ({ shape: [length] }: Tensor) => length !== undefined));
export { features, input, worst };
`;

interface Setting {
  readonly lib: readonly string[];
  readonly types: readonly string[];
  readonly options?: object;
}

const nodeNext = { module: "nodenext" };
const bundler = { module: "esnext", moduleResolution: "bundler", exactOptionalPropertyTypes: true, isolatedModules: true };

/** With and without the libraries of browsers, of Node, and of later editions. */
const settings: readonly Setting[] = [
  { lib: ["ES2022"], types: [], options: nodeNext },
  { lib: ["ES2022", "DOM"], types: [], options: bundler },
  { lib: ["ES2023"], types: ["node"], options: nodeNext },
];
const moreSettings: readonly Setting[] = [["ES2022"], ["ES2023", "ESNext.Disposable"], ["ES2022", "DOM"], ["ESNext"], ["ESNext", "DOM"]].flatMap((lib) =>
  [[], ["node"]].flatMap((types) => [nodeNext, bundler].map((options) => ({ lib, types, options }))),
);

let folder = "";
beforeAll(() => {
  spawnSync(process.execPath, [tools.tsc, "--build", "packages/tapegrad"], { cwd: root, encoding: "utf8" });
  folder = mkdtempSync(join(tmpdir(), "consumer-types-"));
  mkdirSync(join(folder, "node_modules/@types"), { recursive: true });
  // "junction" is what Windows lets everybody make; elsewhere it is any link.
  symlinkSync(join(root, "packages/tapegrad"), join(folder, "node_modules/tapegrad"), "junction");
  symlinkSync(join(root, "node_modules/@types/node"), join(folder, "node_modules/@types/node"), "junction");
  symlinkSync(join(root, "node_modules/fast-check"), join(folder, "node_modules/fast-check"), "junction");
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(join(folder, "program.ts"), program);
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true }));

/** What the compiler says, with the libraries checked too. */
function compile(compiler: string, { lib, types, options }: Setting): string {
  const compilerOptions = { noEmit: true, strict: true, skipLibCheck: false, target: "es2022", lib, types, ...options };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["program.ts"] }));
  return spawnSync(process.execPath, [compiler, "--project", folder], { cwd: folder, encoding: "utf8" }).stdout;
}

const own = join(root, tools.tsc);

test.each(settings)("a program compiles with all its libraries checked: lib $lib, types $types", (setting) => {
  expect(compile(own, setting)).toBe("");
});

test("what does not compile is seen", () => {
  expect(compile(own, { lib: ["ES2015"], types: [], options: nodeNext })).toContain("error TS");
});

test.each(versions)("so it does with TypeScript %s", (version) => {
  const place = mkdtempSync(join(folder, "typescript-"));
  // On Windows npm is a script, which needs a shell.
  const installed = spawnSync("npm", ["install", "--prefix", place, "--no-audit", "--no-fund", `typescript@${version}`], { encoding: "utf8", shell: process.platform === "win32" });
  expect(installed.status, installed.stderr).toBe(0);
  const compiler = join(place, "node_modules/typescript/bin/tsc");
  for (const setting of moreSettings) expect(`${JSON.stringify(setting)} ${compile(compiler, setting)}`).toBe(`${JSON.stringify(setting)} `);
}, 600_000);
