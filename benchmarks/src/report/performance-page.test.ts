import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { ArgumentError } from "../arguments.ts";
import { findLosses } from "./losses.ts";
import { performancePage, writePerformancePage } from "./performance-page.ts";
import { readReports } from "./report.ts";
import { labelOf } from "./words.ts";

const fixtures = fileURLToPath(new URL("./fixtures", import.meta.url));
const files = readdirSync(fixtures).map((name) => join(fixtures, name));
const reports = readReports(files);
const page = performancePage(reports, "## By hand\n\nWritten by a person.\n");

const folder = mkdtempSync(join(tmpdir(), "tapegrad-performance-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("reports come in the order of the suites, whatever the order of the files", () => {
  expect(reports.map(({ suite }) => suite)).toEqual(["train", "train", "ops", "overhead", "memory", "peak", "startup", "scale"]);
  expect(reports.map(({ machine }) => machine.blas)).toEqual([true, false, true, true, true, true, true, true]);
  expect(readReports(files.toReversed())).toEqual(reports);
});

test("the page has conditions, losses, a section for each report, and ends with the notes", () => {
  const headings = page.text.split("\n").filter((line) => line.startsWith("## "));
  expect(headings).toEqual([
    "## Conditions",
    "## Where PyTorch is better",
    "## Training steps: 2 threads, BLAS on, Node 20",
    "## Training steps: 2 threads, BLAS off, Node 20",
    "## Single ops: 2 threads, BLAS on, Node 20",
    "## Cost of a recorded op: 2 threads, BLAS on, Node 20",
    "## Memory of a long loop: 2 threads, BLAS on, Node 20",
    "## Largest resident set: 2 threads, BLAS on, Node 20",
    "## Start of a process: 2 threads, BLAS on, Node 20",
    "## Doubling batch and width: 2 threads, BLAS on, Node 20",
    "## By hand",
  ]);
  expect(page.text.endsWith("Written by a person.\n")).toBe(true);
  expect(page.text).toContain("**train, 2 threads, BLAS off, Node 20**: warning: other programs kept 0 cores busy before and 1.5 after");
  expect(page.text).not.toContain("NaN");
  expect(page.text).not.toContain("undefined");
});

test("every plot that the page shows is there, and every one that is there is shown", () => {
  const shown = [...page.text.matchAll(/!\[[^\]]+\]\(performance\/([^)]+)\)/g)].map(([, name]) => name);
  expect(shown).toEqual([...page.plots.keys()]);
  for (const svg of page.plots.values()) expect(svg).toMatch(/^<svg [^]*<\/svg>\n$/);
});

test("the same reports give the same page", () => {
  expect(performancePage(reports, "## By hand\n\nWritten by a person.\n")).toEqual(page);
});

test("what loses to PyTorch is listed, the worst first", () => {
  const losses = findLosses(reports);
  const advantages = losses.map(({ advantage }) => advantage);
  expect(advantages).toEqual(advantages.toSorted((a, b) => a - b));
  expect(Math.max(...advantages)).toBeLessThan(1);
  // More is better for calls, of which the time is shown; less is better for milliseconds.
  const depthwise = losses.find(({ name }) => name === "conv depthwise input gradient");
  expect(depthwise).toMatchObject({ suite: "ops", conditions: "2 threads, BLAS on, Node 20", ours: "6.645 ms", theirs: "0.7215 ms" });
  expect(depthwise?.advantage).toBeCloseTo(0.7215 / 6.645, 3);
  expect(losses.map(({ name }) => name)).toContain("first op");
  expect(losses.map(({ name }) => name)).not.toContain("import");
});

test("a new page replaces the plots of an old one and leaves the notes alone", () => {
  writeFileSync(join(folder, "performance-notes.md"), "## Notes\n");
  writePerformancePage(reports, folder);
  const all = readdirSync(join(folder, "performance"));
  expect(all).toHaveLength(page.plots.size);
  writePerformancePage(reports.slice(0, 1), folder);
  expect(readdirSync(join(folder, "performance"))).toEqual(["train-threads-2-blas-on-node-20.svg"]);
  expect(readFileSync(join(folder, "performance.md"), "utf8")).toMatch(/\n## Notes\n$/);
  expect(readFileSync(join(folder, "performance-notes.md"), "utf8")).toBe("## Notes\n");
});

test("what is no report is refused, and so are two that were measured alike", () => {
  const file = join(folder, "empty.json");
  writeFileSync(file, '{"suite":"train","rows":[]}');
  expect(() => readReports([file])).toThrow(new ArgumentError(`--report ${file} has no rows of a suite`));
  writeFileSync(file, "rows");
  expect(() => readReports([file])).toThrow(/^--report .*empty.json cannot be read: /);
  const ops = join(fixtures, "ops.json");
  expect(() => readReports([ops, ops])).toThrow(new ArgumentError("--report has ops-threads-2-blas-on-node-20 twice"));
});

test("labels have two digits, or whole numbers", () => {
  expect([0.1234, [2.345, 3], 123.4, 4567.8, null].map((value) => labelOf({ value }))).toEqual(["0.12", "2.3", "120", "4,568", ""]);
});
