import { expect, test } from "vitest";
import { median, rounded } from "./statistics.ts";

test("the median of an odd number of values is the one in the middle", () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([7])).toBe(7);
});

test("the median of an even number of values lies between the two in the middle", () => {
  expect(median([10, 2, 4, 100])).toBe(7);
});

test("the median leaves its argument as it was", () => {
  const values = [3, 1, 2];
  median(values);
  expect(values).toEqual([3, 1, 2]);
});

test("no values have no median", () => {
  expect(() => median([])).toThrow(new RangeError("the median of no values"));
});

test("rounded keeps four digits", () => {
  expect(rounded(12345.678)).toBe(12350);
  expect(rounded(0.0012345678)).toBe(0.001235);
});
