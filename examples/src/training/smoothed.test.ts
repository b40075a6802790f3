import { expect, test } from "vitest";
import { smoothed } from "./smoothed.ts";

test("a weighted mean of the values around", () => {
  const values = [3, -1, 4, 1, -5, 9, 2];
  const expected = values.map((_, i) => {
    const weights = values.map((_value, j) => Math.exp(-Math.abs(i - j) / 2));
    const sum = weights.reduce((total, weight) => total + weight);
    return values.reduce((total, value, j) => total + value * (weights[j] ?? NaN), 0) / sum;
  });
  for (const [i, value] of smoothed(values, 2).entries()) expect(value).toBeCloseTo(expected[i] ?? NaN, 12);
});

test("what is constant stays, what is straight does not lag behind, nothing is nothing", () => {
  for (const value of smoothed([2, 2, 2], 5)) expect(value).toBeCloseTo(2);
  const line = Array.from({ length: 101 }, (_, i) => i);
  expect(smoothed(line, 5)[50]).toBeCloseTo(50);
  expect(smoothed([], 5)).toEqual([]);
});
