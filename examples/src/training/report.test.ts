import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nn } from "tapegrad";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { countParameters, report } from "./report.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tapegrad-report-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  vi.restoreAllMocks();
});

test("figures are printed, and written where asked for", () => {
  const lines: string[] = [];
  vi.spyOn(console, "log").mockImplementation((line: unknown) => void lines.push(String(line)));
  const figures = { system: "lenet", seed: 2, data: "synthetic images", metrics: { testAccuracy: 0.654321, epochs: 10 }, seconds: 12.34, parameters: 62006 };
  const path = join(folder, "figures.json");
  expect(report(figures, path)).toBe(figures);
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(figures);
  expect(lines.join("\n")).toMatch(/lenet, seed 2, synthetic images: 62,006 parameters, 12\.3 s\n {2}testAccuracy +0\.654321\n {2}epochs +10/);
  report({ ...figures, data: null }, undefined);
  expect(lines.join("\n")).toContain("lenet, seed 2: 62,006 parameters");
  expect(readdirSync(folder)).toEqual(["figures.json"]);
});

test("the parameters of a model are counted", () => {
  expect(countParameters(new nn.Sequential(new nn.Linear(4, 3), new nn.BatchNorm1d(3)))).toBe(4 * 3 + 3 + 3 + 3);
});
