import { spawnSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installTapegrad } from "./consumer/install.ts";
import { readmeProgram } from "./consumer/programs.ts";
import { findEngine } from "./set-up.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const [bun, deno] = [findEngine(root, "bun"), findEngine(root, "deno")];
const unlessFetched = bun === null || deno === null ? ' (left out: "npm run engines" fetches Bun and Deno)' : "";

/** A training with products that two threads share, on more than fits into memory if nothing of it is given back. */
const training = `
import { crossEntropy, getNumThreads, manualSeed, memoryStats, nn, optim, randint, randn } from "tapegrad";
manualSeed(1);
const model = new nn.Sequential(new nn.Linear(256, 256), new nn.ReLU(), new nn.Linear(256, 10));
const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
const [x, y] = [randn([2048, 256]), randint(0, 10, [2048])];
let loss = 0;
for (let i = 0; i < 60; i++) {
  optimizer.zeroGrad();
  const each = crossEntropy(model.forward(x), y);
  each.backward();
  optimizer.step();
  loss = each.item();
}
console.log(JSON.stringify({ loss, threads: getNumThreads(), mebibytes: Math.round((memoryStats().resident + memoryStats().spilled) / 2 ** 20) }));
`;

let folder = "";
beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "engines-")));
  await installTapegrad(root, folder);
  writeFileSync(join(folder, "readme.ts"), readmeProgram(root));
  writeFileSync(join(folder, "training.mjs"), training);
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** On two threads and without a BLAS. */
function run(file: string, args: readonly string[]): Ended {
  const env = { ...process.env, NODE_OPTIONS: "", NO_COLOR: "1", TAPEGRAD_THREADS: "2", TAPEGRAD_BLAS: "off" };
  const { status, stdout, stderr } = spawnSync(file, args, { cwd: folder, env, encoding: "utf8" });
  return { status, out: stdout, err: stderr };
}

/** What the training comes to in Node; other engines may round differently in the last bits, without fused products. */
function expectTraining({ status, out, err }: Ended, threads = 2): void {
  expect([status, err]).toEqual([0, ""]);
  const found = JSON.parse(out) as { loss: number; threads: number; mebibytes: number };
  const { loss } = JSON.parse(run(process.execPath, ["training.mjs"]).out) as { loss: number };
  expect(found).toEqual({ loss: expect.closeTo(loss, 4) as number, threads, mebibytes: expect.any(Number) as number });
  expect(found.mebibytes).toBeLessThan(300);
}

describe.skipIf(bun === null)(`Bun${unlessFetched}`, () => {
  test("runs the README's program", () => {
    const { status, out, err } = run(bun ?? "", ["run", "readme.ts"]);
    expect([status, err]).toEqual([0, ""]);
    expect(Number(out)).toBeCloseTo(0.98, 1);
  });

  test("trains on two threads in bounded memory", () => expectTraining(run(bun ?? "", ["run", "training.mjs"])));
});

describe.skipIf(deno === null)(`Deno${unlessFetched}`, () => {
  const runDeno = (file: string, ...permissions: readonly string[]): Ended => run(deno ?? "", ["run", "--no-prompt", "--quiet", ...permissions, file]);

  test.each(["--allow-all", "--allow-read", "--allow-read --allow-ffi", "--allow-read --allow-env"])("runs the README's program with %s, and says what keeps the BLAS from it", (given) => {
    const permissions = given.split(" ");
    const { status, out, err } = runDeno("readme.ts", ...permissions);
    // Without the environment TAPEGRAD_BLAS=off is not seen.
    const warning = err.replace(/^\(.*\) \[blas\/(koffi|surroundings)\] Warning: .* \(Requires (ffi|env) access.*\); matrix products do without a BLAS\n/, "$1");
    expect([status, warning]).toEqual([0, permissions.includes("--allow-all") || permissions.includes("--allow-env") ? "" : permissions.includes("--allow-ffi") ? "surroundings" : "koffi"]);
    expect(Number(out)).toBeCloseTo(0.98, 1);
  });

  test("trains on two threads in bounded memory", () => expectTraining(runDeno("training.mjs", "--allow-all")));

  test("says which permission it lacks to read the kernels", () => {
    const { status, out, err } = runDeno("readme.ts");
    expect([status, out]).toEqual([1, ""]);
    expect(err).toMatch(/NotCapable: Requires read access to ".*kernels-fma\.wasm", run again with the --allow-read flag/);
  });
});
