import { expect, test } from "vitest";
import { niceRange, quantile } from "./axis-range.ts";

test.each([
  [[1.13, 2.31], { min: 1, max: 2.5, interval: 0.5 }],
  [[0.1, 0.3], { min: 0.1, max: 0.3, interval: 0.05 }],
  [[10, 62.4], { min: 0, max: 80, interval: 20 }],
  [[0, 0.00031], { min: 0, max: 0.0004, interval: 0.0001 }],
  [[NaN, 3, Infinity, 5], { min: 3, max: 5, interval: 0.5 }],
  [[], { min: 0, max: 1, interval: 0.5 }],
])("of %j", (values, range) => {
  expect(niceRange(values)).toEqual(range);
});

test("of equal values there is room above and below; bounds are kept", () => {
  for (const value of [0, 1, 0.1, 99.7, 1e6, -3]) {
    const { min, max, interval } = niceRange([value, value]);
    expect(min).toBeLessThanOrEqual(value);
    expect(max).toBeGreaterThanOrEqual(value);
    expect(max - min).toBeGreaterThanOrEqual(interval);
  }
  const { min, max } = niceRange([0, 100], 0, 100);
  expect([min, max]).toEqual([0, 100]);
  expect(niceRange([100, 100], 0, 100).max).toBe(100);
});

test("quantiles", () => {
  const values = Array.from({ length: 101 }, (_, i) => 100 - i);
  expect([0, 0.5, 0.99, 1].map((share) => quantile(values, share))).toEqual([0, 50, 99, 100]);
  expect(quantile([], 0.5)).toBeNaN();
});
