import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { suiteNames } from "./arguments.ts";
import { readReports } from "./report/report.ts";

/** As a user starts it: it builds what has to be built, and its workers are processes. */
const command = fileURLToPath(new URL("../../scripts/run.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "tapegrad-benchmarks-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The least that shows the whole of a suite. */
const narrowed: Readonly<Record<string, readonly string[]>> = {
  train: ["--only", "lenet"],
  ops: ["--only", "64k"],
  peak: ["--only", "mlp"],
  scale: ["--only", "mlp batch"],
};

test.each(suiteNames)("quick %s writes a report, without Python", async (suite) => {
  const json = join(folder, `${suite}.json`);
  const args = ["bench", "--suite", suite, "--quick", "--threads", "1", "--json", json, ...(narrowed[suite] ?? [])];
  await promisify(execFile)(process.execPath, [command, ...args, "--blas", "off"]);
  const [report] = readReports([json]);
  expect(report).toMatchObject({ suite, quick: true, machine: { threads: 1, blas: false, peers: {} } });
});

test("a page is made of the reports", async () => {
  const files = suiteNames.map((suite) => join(folder, `${suite}.json`));
  const { stdout } = await promisify(execFile)(process.execPath, [command, "bench", "--report", ...files, "--docs", folder]);
  expect(stdout.trim()).toBe(join(folder, "performance.md"));
  expect(readFileSync(join(folder, "performance.md"), "utf8")).toContain("ops (quick: measures nothing)");
});
