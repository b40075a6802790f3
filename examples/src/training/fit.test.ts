import { manualSeed, nn, optim } from "tapegrad";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { accuracy } from "./evaluate.ts";
import { describeEpoch, fit, type FitOptions } from "./fit.ts";
import { l2Penalty } from "./l2-penalty.ts";
import { warmupAndCosine } from "./learning-rate.ts";
import { syntheticImages } from "./synthetic-images.ts";

beforeEach(() => {
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  manualSeed(1);
});
afterEach(() => vi.restoreAllMocks());

const images = syntheticImages(1, 8, 200, undefined);

/** Trains a linear classifier; tells the rates that it saw, too. */
async function train(options: Partial<FitOptions> = {}) {
  const model = new nn.Sequential(new nn.Flatten(), new nn.Linear(64, 10));
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const rates: number[] = [];
  const step = optimizer.step.bind(optimizer);
  optimizer.step = () => {
    rates.push(optimizer.paramGroups[0]?.lr ?? NaN);
    step();
  };
  const records = await fit(model, images, optimizer, { epochs: 2, batchSize: 50, ...options });
  return { model, records, rates };
}

test("training lowers the loss and raises the accuracy", async () => {
  const { model, records } = await train({ epochs: 12 });
  expect(records.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
  const losses = records.map(({ loss }) => loss);
  expect(losses).toEqual([...losses].sort((a, b) => b - a));
  expect(records.at(-1)?.accuracy).toBeGreaterThan(0.5);
  expect(await accuracy(model, images, 33)).toBeGreaterThan(0.5);
  expect(model.training).toBe(true);
});

test("the rate follows the training", async () => {
  expect((await train()).rates).toEqual(new Array(8).fill(0.1));
  expect((await train({ learningRate: (progress) => 1 - progress })).rates).toEqual([1, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125]);
});

test("the penalty pulls the weights towards zero", async () => {
  const size = ({ model }: { model: nn.Module }): number => l2Penalty(model.parameters(), 2).item();
  const free = await train();
  const model = new nn.Sequential(new nn.Flatten(), new nn.Linear(64, 10));
  const parameters = model.parameters();
  await fit(model, images, new optim.SGD(parameters, { lr: 0.1 }), { epochs: 2, batchSize: 50, penalty: () => l2Penalty(parameters, 3) });
  expect(size({ model })).toBeLessThan(0.5 * size(free));
});

test("a signal ends the training behind the running step", async () => {
  const interruption = new AbortController();
  const { records, rates } = await train({
    signal: interruption.signal,
    learningRate: (progress) => {
      if (progress >= 0.25) interruption.abort();
      return 0.1;
    },
  });
  expect(rates).toHaveLength(3);
  expect(records).toHaveLength(1);
});

test("afterEpoch is awaited", async () => {
  const seen: number[] = [];
  await train({
    afterEpoch: async ({ epoch }) => {
      await Promise.resolve();
      seen.push(epoch);
    },
  });
  expect(seen).toEqual([1, 2]);
});

test("an epoch in a line", () => {
  const record = { epoch: 3, loss: 1.23456, accuracy: 0.5, imagesPerSecond: 1234.5, seconds: 1 };
  expect(describeEpoch(record)).toBe("  epoch 3: loss 1.2346, accuracy 50.00%, 1235 images/s");
  expect(describeEpoch(record, { valAccuracy: 0.4321 })).toBe("  epoch 3: loss 1.2346, accuracy 50.00%, 1235 images/s, valAccuracy 43.21%");
});

test("warmup and cosine", () => {
  const rate = warmupAndCosine(2, 0.25);
  expect([0, 0.125, 0.25, 1].map(rate)).toEqual([0, 1, 2, 0]);
  expect(rate(0.625)).toBeCloseTo(1);
});
