import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installTapegrad } from "./consumer/install.ts";
import { tools } from "./processes.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/** A test that passes and four that fail; `test` comes from either runner. */
const tests = `
import fc from "fast-check";
import { tensor } from "tapegrad";
import { checkGradients, expectClose, tensors } from "tapegrad/testing";

const product = (x) => x.mul(x);
test("passes", () => fc.assert(fc.property(tensors({ dtype: "float64", values: "apart" }), (x) => checkGradients(product, [x])), { seed: 1 }));
test("differs", () => expectClose(tensor([[1, 2]]), [[1, 2.5]]));
test("differs in dtype", () => expectClose(tensor([1]), tensor([1], "float64")));
test("has another gradient", () => checkGradients((x) => x.mul(x.detach()), [tensor([1, 2], "float64")]));
test("has a counterexample", () => fc.assert(fc.property(tensors(), (x) => x.isContiguous()), { seed: 1 }));
`;

let folder = "";
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "test-runners-"));
  await installTapegrad(root, folder);
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true }));

function run(args: readonly string[]): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8", env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0", NODE_TEST_CONTEXT: undefined, VITEST: undefined } });
  return { status, output: stdout + stderr };
}

test("without fast-check, comparisons and gradient checks work, and arbitraries say what is missing", () => {
  writeFileSync(join(folder, "alone.mjs"), `
import { tensor } from "tapegrad";
import { checkGradients, expectClose, tensors } from "tapegrad/testing";
expectClose(tensor([1, 2]), [1, 2]);
console.log(checkGradients((x) => x.exp(), [tensor([1, 2], "float64")], { order: 2 }));
try { tensors(); } catch (error) { console.log(String(error)); }
`);
  const { status, output } = run(["alone.mjs"]);
  expect(output).toBe("true\nArgumentError: tensors: the package fast-check is not installed: arbitraries are its own\n  hint: npm install --save-dev fast-check\n  code: testing/no-fast-check\n");
  expect(status).toBe(0);
});

describe("what fails is printed with its message", () => {
  beforeAll(() => {
    // "junction" is what Windows lets everybody make; elsewhere it is any link.
    for (const name of ["fast-check", "vitest"]) symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name), "junction");
  });

  const messages = [
    "expectClose: 1 of 2 elements differs",
    "greatest absolute difference: 0.5 at [0, 1], 2 where 2.5 is expected (atol 0.00001)",
    "expectClose: the dtype is float32, float64 is expected",
    "checkGradients: d output[1] / d input 0[1] is 2 on the tape, 4 numerically",
    "Counterexample: [Tensor [2, 2] float32, strides [1, 2]: [[0, 0], [0, 0]]]",
  ];

  test("by node:test, with both values", () => {
    writeFileSync(join(folder, "node.test.mjs"), `import test from "node:test";\n${tests}`);
    const { status, output } = run(["--test", "--test-reporter=tap", "node.test.mjs"]);
    for (const message of messages) expect(output).toContain(message);
    expect(output).toMatch(/expected:\s+0:\s+0: 1\s+1: 2.5\s+actual:\s+0:\s+0: 1\s+1: 2\s/);
    expect(output).toMatch(/# pass 1\n# fail 4/);
    expect(status).toBe(1);
  });

  test("by vitest, with their difference", () => {
    writeFileSync(join(folder, "vitest.test.mjs"), `import { test } from "vitest";\n${tests}`);
    const { status, output } = run([join(root, tools.vitest), "run", "--root", folder, "--reporter=default", "vitest.test.mjs"]);
    for (const message of messages) expect(output).toContain(message);
    expect(output).toMatch(/-\s+2\.5,\n\s*\+\s+2,/);
    expect(output).toMatch(/4 failed \| 1 passed/);
    expect(status).toBe(1);
  });
});
