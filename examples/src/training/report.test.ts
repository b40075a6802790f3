import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nn } from "tapegrad";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { countParameters, report, writeWhole } from "./report.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tapegrad-report-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  vi.restoreAllMocks();
});

test("a file is written whole, its folders made", () => {
  const path = join(folder, "runs/a/figures.json");
  writeWhole(path, "one");
  writeWhole(path, "two");
  expect(readFileSync(path, "utf8")).toBe("two");
  expect(readdirSync(join(folder, "runs/a"))).toEqual(["figures.json"]);
});

test("a file that cannot be written leaves the old one as it was", () => {
  const path = join(folder, "figures.json");
  writeFileSync(path, "old");
  // A folder stands where the unfinished file would go.
  mkdirSync(`${path}.part`);
  expect(() => writeWhole(path, "new")).toThrow("EISDIR");
  expect(readFileSync(path, "utf8")).toBe("old");
});

test("figures are printed, and written where asked for", () => {
  const lines: string[] = [];
  vi.spyOn(console, "log").mockImplementation((line: unknown) => void lines.push(String(line)));
  const figures = { system: "lenet", seed: 2, metrics: { testAccuracy: 0.654321, epochs: 10 }, seconds: 12.34, parameters: 62006 };
  const path = join(folder, "figures.json");
  expect(report(figures, path)).toBe(figures);
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(figures);
  expect(lines.join("\n")).toMatch(/lenet, seed 2: 62,006 parameters, 12\.3 s\n {2}testAccuracy +0\.654321\n {2}epochs +10/);
  report(figures, undefined);
  expect(readdirSync(folder)).toEqual(["figures.json"]);
});

test("the parameters of a model are counted", () => {
  expect(countParameters(new nn.Sequential(new nn.Linear(4, 3), new nn.BatchNorm1d(3)))).toBe(4 * 3 + 3 + 3 + 3);
});
