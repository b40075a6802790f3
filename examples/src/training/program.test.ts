import { DataError } from "tapegrad";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CheckError, checkEqual } from "./check.ts";
import { UsageError } from "./options.ts";
import { program } from "./program.ts";

let printed: unknown[] = [];
beforeEach(() => {
  printed = [];
  vi.spyOn(console, "error").mockImplementation((what: unknown) => void printed.push(what));
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

const fail = (error: Error) => program(() => Promise.reject(error));

test("a program that ends well leaves the exit code alone", async () => {
  await program(async () => undefined);
  expect([process.exitCode, printed]).toEqual([undefined, []]);
});

test("a wrong command line: its line, exit code 2", async () => {
  await fail(new UsageError("--seed x: must be an integer"));
  expect([process.exitCode, printed]).toEqual([2, ["--seed x: must be an integer"]]);
});

test("a promise not kept, or an error of the framework: its message, exit code 1", async () => {
  await fail(new CheckError("parameters: 3, not 4"));
  await fail(new DataError({ op: "CIFAR10.load", fact: "no CIFAR-10 in data", code: "cifar10/missing" }));
  expect([process.exitCode, printed]).toEqual([1, ["parameters: 3, not 4", "DataError: CIFAR10.load: no CIFAR-10 in data\n  code: cifar10/missing"]]);
});

test("an error that nobody foresaw: with its stack, exit code 1", async () => {
  const error = new TypeError("x is undefined");
  await fail(error);
  expect([process.exitCode, printed]).toEqual([1, [error]]);
});

test("checkEqual says what it found", () => {
  checkEqual("shapes", [[1, 2], [3]], [[1, 2], [3]]);
  expect(() => checkEqual("parameters", [156, 2416], [156, 2417])).toThrow(CheckError);
  expect(() => checkEqual("parameters", [156, 2416], [156, 2417])).toThrow("parameters: [156,2416], not [156,2417]");
});
