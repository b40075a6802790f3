import { expect, test } from "vitest";
import { dataError } from "../testing/data-error.ts";
import { parseIdx } from "./idx.ts";

const parse = (...bytes: number[]) => parseIdx("Test.load", "a-idx2-ubyte", Uint8Array.from(bytes));
const header = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3];

test("dimensions and bytes", () => {
  const { dims, data } = parse(...header, 1, 2, 3, 4, 5, 255);
  expect(dims).toEqual([2, 3]);
  expect([...data]).toEqual([1, 2, 3, 4, 5, 255]);
});

test("a part of a larger buffer", () => {
  const bytes = Uint8Array.from([9, 9, 0, 0, 8, 1, 0, 0, 0, 1, 7, 9]);
  expect([...parseIdx("Test.load", "a", bytes.subarray(2, 11)).data]).toEqual([7]);
});

test.each([
  [[], "it begins with nothing, not 0x000008nn"],
  [[31, 139, 8, 0, 0], "it begins with 0x1f8b0800, not 0x000008nn"],
  [[0, 0, 13, 1, 0, 0, 0, 1, 0, 0, 0, 0], "it begins with 0x00000d01, not 0x000008nn"],
  [[0, 0, 8, 0], "it begins with 0x00000800, not 0x000008nn"],
])("not idx: %j", async (bytes, reason) => {
  const error = await dataError(() => parse(...bytes));
  expect(error.message).toBe(`Test.load: a-idx2-ubyte is not an idx file of unsigned bytes: ${reason}\n  code: idx/magic`);
});

test.each([
  [[...header, 1, 2, 3, 4, 5], "has 17 bytes, not 18 for [2, 3]", "idx/truncated"],
  [[...header, 1, 2, 3, 4, 5, 6, 7], "has 19 bytes, not 18 for [2, 3]", "idx/size"],
  [header.slice(0, 8), "has 8 bytes, not 12 for its header alone", "idx/truncated"],
])("the wrong length: %j", async (bytes, fact, code) => {
  const error = await dataError(() => parse(...bytes));
  expect(error.message).toBe(`Test.load: a-idx2-ubyte ${fact}\n  code: ${code}`);
});

test("a file may claim 255 dimensions", async () => {
  const error = await dataError(() => parse(0, 0, 8, 255, ...Array.from({ length: 255 }, () => [0, 0, 0, 2]).flat()));
  expect(error.message).toBe(`Test.load: a-idx2-ubyte has 1024 bytes, not ${1024 + 2 ** 255} for [2, 2, 2, 2, 2, 2, 2, 2, and 247 more]\n  code: idx/truncated`);
});
