import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { StepError, run } from "./processes.mjs";
import { buildKernels, buildTypeScript, checkNode, installDependencies } from "./set-up.mjs";

const repository = fileURLToPath(new URL("..", import.meta.url));
let root = "";
let shown = "";

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "set-up-"));
  shown = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    shown += text;
    return true;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

function put(file: string, text: string): void {
  mkdirSync(join(root, file, ".."), { recursive: true });
  writeFileSync(join(root, file), text);
}

/** How often a step ran since the last look. */
function runs(title: string): number {
  const count = shown.split(`${title} ...`).length - 1;
  shown = "";
  return count;
}

describe("checkNode", () => {
  test.each(["20.19.0", "20.20.2", "22.0.0", "100.1.0"])("takes %s", (version) => {
    expect(() => checkNode(repository, version)).not.toThrow();
  });

  test.each(["18.20.0", "20.9.0", "20.18.9"])("refuses %s", (version) => {
    expect(() => checkNode(repository, version)).toThrow(`tapegrad needs Node 20.19 or newer; this is Node ${version}`);
  });
});

describe("buildKernels", () => {
  const build = 'import { mkdirSync, writeFileSync } from "node:fs"; const dist = new URL("dist/", import.meta.url); mkdirSync(dist, { recursive: true }); writeFileSync(new URL("kernels.wasm", dist), "");';

  test("compiles when the module is missing or older, and only then", async () => {
    put("packages/kernels/build.mjs", build);
    put("packages/kernels/assembly/index.ts", "");
    await buildKernels(root);
    expect(runs("compiling the kernels")).toBe(1);
    await buildKernels(root);
    expect(runs("compiling the kernels")).toBe(0);
    const later = new Date(Date.now() + 5000);
    utimesSync(join(root, "packages/kernels/assembly/index.ts"), later, later);
    await buildKernels(root);
    expect(runs("compiling the kernels")).toBe(1);
  });

  test("a failure shows the compiler's words and names step and exit code", async () => {
    put("packages/kernels/build.mjs", 'console.log("bad type"); process.exit(3);');
    const error: unknown = await buildKernels(root).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StepError);
    expect(error).toMatchObject({ exitCode: 3, message: "bad type\ncompiling the kernels failed (exit code 3)" });
  });
});

test("buildTypeScript runs again only after a change of what it reads", async () => {
  put("pnpm-lock.yaml", "");
  put("node_modules/typescript/bin/tsc", "");
  put("scripts/bundle.mjs", "");
  put("packages/a/package.json", "{}");
  put("packages/a/src/index.ts", "");
  put("packages/a/src/index.test.ts", "");
  await buildTypeScript(root);
  expect(runs("compiling TypeScript")).toBe(1);
  const later = new Date(Date.now() + 5000);
  utimesSync(join(root, "packages/a/src/index.test.ts"), later, later);
  await buildTypeScript(root);
  expect(runs("compiling TypeScript")).toBe(0);
  utimesSync(join(root, "packages/a/src/index.ts"), later, later);
  await buildTypeScript(root);
  expect(runs("compiling TypeScript")).toBe(1);
  put("packages/a/tsconfig.json", "{}");
  await buildTypeScript(root);
  await buildTypeScript(root);
  expect(runs("compiling TypeScript"), "without dist/.tsbuildinfo").toBe(2);
});

test("installDependencies says when npx is not there", async () => {
  put("pnpm-lock.yaml", "");
  put("package.json", '{ "packageManager": "pnpm@10.0.0" }');
  vi.stubEnv("PATH", root);
  await expect(installDependencies(root)).rejects.toThrow(/npx, which comes with npm, cannot be started \(.*\); is npm installed\?/);
});

test("a process that dies of a signal has the shell's exit code", async () => {
  const { exitCode } = await run(process.execPath, ["-e", "process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000)"], { cwd: root, capture: true });
  expect(exitCode).toBe(143);
});

describe("the command line", () => {
  function call(...args: string[]) {
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: repository, encoding: "utf8" });
    return { status, stderr };
  }

  test("without a command it says what there is", () => {
    expect(call("scripts/run.mjs")).toEqual({ status: 2, stderr: expect.stringMatching(/^usage: npm run <command>[\s\S]*example NAME/) });
  });

  test("an unknown command is named", () => {
    expect(call("scripts/run.mjs", "tset")).toEqual({ status: 2, stderr: expect.stringMatching(/^unknown command "tset"\nusage/) });
  });

  test("an unknown lint step is named", () => {
    expect(call("scripts/lint.mjs", "esling")).toEqual({ status: 2, stderr: expect.stringContaining('no lint step "esling"; there are eslint, types, imports, unused, api') });
  });
});
