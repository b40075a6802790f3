import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkOutputFile, checkOutputFolder, OutputError, writeWhole } from "./outputs.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tapegrad-outputs-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a file is written whole, its folders made", () => {
  const path = join(folder, "runs/a/figures.json");
  writeWhole(path, "one");
  writeWhole(path, "two");
  expect(readFileSync(path, "utf8")).toBe("two");
  expect(readdirSync(join(folder, "runs/a"))).toEqual(["figures.json"]);
});

test("a file that cannot be written: one line, and nothing left", () => {
  const path = join(folder, "figures.json");
  mkdirSync(join(path, "inside"), { recursive: true });
  expect(() => writeWhole(path, "new")).toThrow(new OutputError(`${path} could not be written: is a folder`));
  const below = join(folder, "file", "figures.json");
  writeFileSync(join(folder, "file"), "old");
  expect(() => writeWhole(below, "new")).toThrow(new OutputError(`${below} could not be written: a part of the path is a file, not a folder`));
  expect(readFileSync(join(folder, "file"), "utf8")).toBe("old");
  expect(readdirSync(folder).sort()).toEqual(["figures.json", "file"]);
});

test("what is there or can be made passes, and nothing is left", () => {
  writeFileSync(join(folder, "old.json"), "old");
  checkOutputFile("json", join(folder, "old.json"));
  checkOutputFile("json", join(folder, "a/b/new.json"));
  checkOutputFolder("out", join(folder, "c/d"), 1000);
  checkOutputFolder("out", folder, 1000);
  expect(readdirSync(folder)).toEqual(["old.json"]);
  expect(readFileSync(join(folder, "old.json"), "utf8")).toBe("old");
});

test("a folder where a file goes, a file where a folder goes, at any depth", () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  expect(() => checkOutputFile("json", folder)).toThrow(new OutputError(`--json ${folder}: is a folder`));
  for (const path of [file, join(file, "a"), join(file, "a/b")]) {
    expect(() => checkOutputFolder("out", path, 1)).toThrow(new OutputError(`--out ${path}: ${file} is a file, not a folder`));
  }
  expect(() => checkOutputFile("json", join(file, "a.json"))).toThrow(new OutputError(`--json ${join(file, "a.json")}: ${file} is a file, not a folder`));
  const long = join(folder, "x".repeat(300));
  expect(() => checkOutputFile("json", long)).toThrow(new OutputError(`--json ${long}: the name is too long`));
});

test.runIf(process.platform === "linux")("a disk that is full, a file system that takes nothing", () => {
  symlinkSync("/dev/full", join(folder, "full"));
  expect(() => checkOutputFolder("out", "/proc/tapegrad", 1)).toThrow(/^--out \/proc\/tapegrad: /);
  expect(() => checkOutputFile("json", "/proc/sys/tapegrad.json")).toThrow(OutputError);
});
