import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { executeNode, mergePlans, nothing, planOf, programsOf, watchSources } from "./dev.mjs";

const repository = fileURLToPath(new URL("..", import.meta.url));
const vitest = "node_modules/vitest/vitest.mjs";
const generate = ["packages/kernels/generate.mjs"];
const build = ["packages/kernels/build.mjs"];
const kernelTests = [vitest, "run", "packages/kernels/src", "--project", "all", "--passWithNoTests"];
const relatedTo = (...files: string[]) => [vitest, "related", "--run", ...files, "--project", "all", "--passWithNoTests"];

describe("planOf", () => {
  test.each([
    ["packages/optim/src/sgd.ts", [relatedTo("packages/optim/src/sgd.ts")]],
    ["packages/optim/src/training.test.ts", [relatedTo("packages/optim/src/training.test.ts")]],
    ["scripts/lint.mjs", [relatedTo("scripts/lint.mjs")]],
    ["packages/kernels/src/heap.ts", [relatedTo("packages/kernels/src/heap.ts")]],
    ["packages/kernels/assembly/conv/job.ts", [generate, build, kernelTests]],
    ["packages/kernels/operations.mjs", [generate, build, kernelTests]],
    ["packages/kernels/generate/codes.mjs", [generate, build, kernelTests]],
    ["packages/kernels/build.mjs", [build, kernelTests]],
    ["packages/kernels/src/operations.generated.ts", []],
    ["packages/kernels/assembly/pointwise/codes.generated.ts", []],
    ["scripts/consumer/notes.txt", []],
  ])("%s", (file, programs) => {
    expect(programsOf(planOf(file))).toEqual(programs);
  });

  test("plans go together: kernels come first, and each program runs once", () => {
    const files = ["packages/optim/src/sgd.ts", "packages/kernels/assembly/index.ts", "packages/optim/src/adam.ts", "packages/optim/src/sgd.ts"];
    const plan = files.map(planOf).reduce(mergePlans, nothing);
    expect(programsOf(plan)).toEqual([generate, build, kernelTests, relatedTo("packages/optim/src/sgd.ts", "packages/optim/src/adam.ts")]);
  });
});

describe("watchSources", () => {
  let root = "";
  let end = new AbortController();
  let watching = Promise.resolve();
  let shown: string[] = [];

  /** Programs that ran or run, with what ends each: a program is over when told its exit code, or interrupted. */
  let started: { args: readonly string[]; finish: (exitCode: number) => void }[] = [];

  function execute(_: string, args: readonly string[], signal: AbortSignal): Promise<number> {
    return new Promise((resolve) => {
      started.push({ args, finish: resolve });
      signal.addEventListener("abort", () => resolve(143));
    });
  }

  const put = (file: string): void => writeFileSync(join(root, file), `// ${Math.random()}`);
  const startedPrograms = () => started.map(({ args }) => args);

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "dev-"));
    for (const folder of ["packages/kernels/assembly/conv", "packages/kernels/src", "packages/optim/src", "scripts"]) mkdirSync(join(root, folder), { recursive: true });
    end = new AbortController();
    started = [];
    shown = [];
    watching = watchSources(root, end.signal, { execute, log: (line: string) => void shown.push(line), background: [["types"]] });
  });

  afterEach(async () => {
    end.abort();
    await watching;
    rmSync(root, { recursive: true });
  });

  test("runs what a change needs, and says how it went", async () => {
    expect(startedPrograms()).toEqual([["types"]]);
    put("packages/kernels/assembly/conv/job.ts");
    await vi.waitFor(() => expect(startedPrograms().slice(1)).toEqual([generate]), 5000);
    started.at(-1)?.finish(0);
    await vi.waitFor(() => expect(startedPrograms().slice(1)).toEqual([generate, build]));
    started.at(-1)?.finish(3);
    await vi.waitFor(() => expect(shown.at(-1)).toBe("failed; watching"));
    expect(startedPrograms().slice(1)).toEqual([generate, build]);
    put("packages/optim/src/sgd.ts");
    await vi.waitFor(() => expect(startedPrograms().at(-1)).toEqual(relatedTo("packages/optim/src/sgd.ts")), 5000);
    started.at(-1)?.finish(0);
    await vi.waitFor(() => expect(shown.at(-1)).toBe("ok; watching"));
  });

  test("a change ends what runs, and is done with the rest of it", async () => {
    put("packages/optim/src/sgd.ts");
    await vi.waitFor(() => expect(startedPrograms().at(-1)).toEqual(relatedTo("packages/optim/src/sgd.ts")), 5000);
    put("packages/optim/src/adam.ts");
    await vi.waitFor(() => expect(startedPrograms().at(-1)).toEqual(relatedTo("packages/optim/src/sgd.ts", "packages/optim/src/adam.ts")), 5000);
    expect(shown.filter((line) => line.endsWith("watching"))).toEqual([]);
  });

  test("ends when told, with what it runs", async () => {
    put("packages/optim/src/sgd.ts");
    await vi.waitFor(() => expect(started).toHaveLength(2), 5000);
    end.abort();
    await watching;
    put("packages/optim/src/adam.ts");
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(started).toHaveLength(2);
  });
});

test("executeNode gives the exit code, and ends a program that is not wanted any more", async () => {
  expect(await executeNode(repository, ["--eval", "process.exit(3)"], new AbortController().signal)).toBe(3);
  const end = new AbortController();
  const running = executeNode(repository, ["--eval", "setInterval(() => {}, 1000)"], end.signal);
  end.abort();
  expect(await running).not.toBe(0);
});

// Signals of POSIX: Windows has no other end than a kill.
test.skipIf(process.platform === "win32")("`npm run dev` ends with exit code 0 at Ctrl-C, and leaves no process", async () => {
  const child = spawn(process.execPath, ["scripts/run.mjs", "dev"], { cwd: repository, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    if (text.includes("watching; Ctrl-C ends it")) child.kill("SIGINT");
  });
  // The streams close when the last process that has them is gone.
  const code = await new Promise((resolve) => child.on("close", resolve));
  expect(output).toContain("watching; Ctrl-C ends it");
  expect(code).toBe(0);
});
