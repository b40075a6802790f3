import { expect, test } from "vitest";
import { OutputError } from "./outputs.ts";
import { choiceOption, isPositive, isPositiveInteger, numberOption, readOptions, UsageError } from "./options.ts";

test("options that are left out have their defaults", () => {
  expect(readOptions([])).toEqual({ seed: 1, quick: false, json: undefined, data: undefined, own: {} });
});

test("all options", () => {
  const args = ["--seed", "3", "--quick", "--json", "out.json", "--data", "cifar", "--part", "fashion"];
  expect(readOptions(args, ["part"])).toEqual({ seed: 3, quick: true, json: "out.json", data: "cifar", own: { part: "fashion" } });
});

test.each([
  [["--seed", "one"], "--seed one: must be an integer"],
  [["--seed", "1.5"], "--seed 1.5: must be an integer"],
  [["--seed", " "], "--seed  : must be an integer"],
  [["--sead", "1"], "Unknown option '--sead'"],
  [["--json"], "Option '--json <value>' argument missing"],
  [["cifar"], "Unexpected argument 'cifar'"],
])("%j: %s", (args, message) => {
  expect(() => readOptions(args)).toThrow(UsageError);
  expect(() => readOptions(args)).toThrow(message);
});

test("a file that cannot be written is told before anything is done", () => {
  expect(() => readOptions(["--json", "."])).toThrow(new OutputError("--json .: is a folder"));
});

test("numbers within a range", () => {
  expect(numberOption("epochs", "4", 3, isPositiveInteger, "a positive integer")).toBe(4);
  expect(numberOption("epochs", undefined, 3, isPositiveInteger, "a positive integer")).toBe(3);
  for (const text of ["0", "-1", "2.5", "x"]) {
    expect(() => numberOption("epochs", text, 3, isPositiveInteger, "a positive integer")).toThrow(`--epochs ${text}: must be a positive integer`);
  }
  expect(numberOption("lr", "1e-3", 1, isPositive, "a positive number")).toBe(1e-3);
  for (const text of ["0", "Infinity"]) expect(() => numberOption("lr", text, 1, isPositive, "a positive number")).toThrow(`--lr ${text}: must be a positive number`);
});

test("one of several words", () => {
  expect(choiceOption("norm", undefined, ["batch", "layer"])).toBe("batch");
  expect(choiceOption("norm", "layer", ["batch", "layer"])).toBe("layer");
  expect(() => choiceOption("norm", "group", ["batch", "layer"])).toThrow("--norm group: must be one of batch, layer");
});
