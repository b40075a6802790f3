import { manualSeed, nn, noGrad, type Tensor } from "tapegrad";
import { expect, test } from "vitest";
import { BestWeights } from "./best-weights.ts";
import { glorotWeights, heWeights, normalWeights } from "./normal-weights.ts";

const deviationOf = (weight: Tensor): number => weight.detach().std().item();

test("normal weights have the deviation asked for, and no bias", () => {
  manualSeed(1);
  const layer = normalWeights(new nn.Linear(200, 100), 0.3);
  expect(deviationOf(layer.weight)).toBeCloseTo(0.3, 2);
  expect(layer.bias?.abs().sum().item()).toBe(0);
  expect(layer.parameters()).toHaveLength(2);
  expect(normalWeights(new nn.Linear(3, 2, { bias: false }), 1).bias).toBeNull();
});

test("He's and Glorot's deviations count the inputs and outputs of a weight", () => {
  manualSeed(1);
  expect(deviationOf(heWeights(new nn.Conv2d(16, 64, 5)).weight)).toBeCloseTo(Math.sqrt(2 / (16 * 25)), 2);
  expect(deviationOf(heWeights(new nn.Linear(200, 100)).weight)).toBeCloseTo(0.1, 2);
  expect(deviationOf(glorotWeights(new nn.Conv2d(16, 64, 5)).weight)).toBeCloseTo(Math.sqrt(2 / ((16 + 64) * 25)), 2);
});

test("the best weights come back", () => {
  const model = new nn.Linear(2, 1);
  const best = new BestWeights(model);
  const set = (value: number): void => {
    noGrad(() => model.weight.fill_(value));
  };
  for (const [value, accuracy] of [[1, 0.2], [2, 0.9], [3, 0.9], [4, 0.5]] as const) {
    set(value);
    best.note(accuracy);
  }
  expect(best.restore()).toBe(0.9);
  expect(model.weight.toArray()).toEqual([[2, 2]]);
});
