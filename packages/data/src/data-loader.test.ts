import { arange, defaultGenerator, Generator, IndexError, manualSeed, tensor, type Tensor } from "@tapegrad/tensor";
import { expect, test } from "vitest";
import { DataLoader, type DataLoaderOptions } from "./data-loader.ts";
import type { Dataset } from "./dataset.ts";
import { TensorDataset } from "./tensor-dataset.ts";

const numbers = new TensorDataset(arange(10));
const epoch = (loader: DataLoader<readonly [Tensor]>) => [...loader].map(([x]) => x.toArray());
const load = (options: DataLoaderOptions<readonly [Tensor]>) => new DataLoader(numbers, options);

test("batches in order, the last one smaller or left out", () => {
  const loader = load({ batchSize: 4 });
  expect(loader.length).toBe(3);
  expect(epoch(loader)).toEqual([[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]);
  const whole = load({ batchSize: 4, dropLast: true });
  expect(whole.length).toBe(2);
  expect(epoch(whole)).toEqual([[0, 1, 2, 3], [4, 5, 6, 7]]);
  expect(epoch(load({ batchSize: 20 }))).toEqual([[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]]);
  expect(load({ batchSize: 20, dropLast: true }).length).toBe(0);
  expect(epoch(load({}))).toHaveLength(10);
});

test("shuffled: every item once, in another order each epoch, the same for the same seed", () => {
  const loader = load({ batchSize: 3, shuffle: true, generator: new Generator(7) });
  const [first, second] = [epoch(loader).flat(), epoch(loader).flat()];
  expect(first).not.toEqual(second);
  for (const order of [first, second]) expect([...order].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const again = load({ batchSize: 3, shuffle: true, generator: new Generator(7) });
  expect([epoch(again).flat(), epoch(again).flat()]).toEqual([first, second]);
});

test("without a generator the default one, which manualSeed seeds", () => {
  const orders = [1, 1, 2].map((seed) => {
    manualSeed(seed);
    return epoch(load({ batchSize: 10, shuffle: true }))[0];
  });
  expect(orders[0]).toEqual(orders[1]);
  expect(orders[0]).not.toEqual(orders[2]);
});

test("a transform sees every batch, and the generator", () => {
  const generator = new Generator(1);
  const seen: Generator[] = [];
  const transform: DataLoaderOptions<readonly [Tensor]>["transform"] = ([x], own) => {
    seen.push(own);
    return [tensor(x.shape)];
  };
  expect(epoch(load({ batchSize: 4, transform, generator }))).toEqual([[4], [4], [2]]);
  expect(seen).toEqual([generator, generator, generator]);
  epoch(load({ batchSize: 10, transform }));
  expect(seen.at(-1)).toBe(defaultGenerator);
});

test("a data set of one's own, batched item by item", () => {
  const squares: Dataset<[Tensor, number]> = { length: 3, get: (index) => [tensor([index * index]), index] };
  const [batch] = [...new DataLoader(squares, { batchSize: 3 })];
  expect(batch?.map((entry) => entry.toArray())).toEqual([[[0], [1], [4]], [0, 1, 2]]);
});

test("items that are objects with strings and typed arrays", () => {
  const items: Dataset<{ pixels: Uint8Array; file: string; label: number }> = {
    length: 3,
    get: (index) => ({ pixels: Uint8Array.of(index, 9), file: `${index}.png`, label: index % 2 }),
  };
  const loader = new DataLoader(items, { batchSize: 2, transform: (batch) => ({ ...batch, pixels: batch.pixels.to("float32") }) });
  const batches = [...loader].map(({ pixels, file, label }) => [pixels.dtype, pixels.toArray(), file, label.toArray()]);
  expect(batches).toEqual([
    ["float32", [[0, 9], [1, 9]], ["0.png", "1.png"], [0, 1]],
    ["float32", [[2, 9]], ["2.png"], [0]],
  ]);
});

test("for await: the same batches, and the event loop turns after each", async () => {
  let turns = 0;
  let isOver = false;
  const turn = () => {
    turns++;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  const turnsAtBatch: number[] = [];
  const found: unknown[] = [];
  for await (const [x] of load({ batchSize: 4 })) {
    turnsAtBatch.push(turns);
    found.push(x.toArray());
  }
  isOver = true;
  expect(found).toEqual([[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]);
  expect(turnsAtBatch[1]).toBeGreaterThan(turnsAtBatch[0] ?? Infinity);
  expect(turnsAtBatch[2]).toBeGreaterThan(turnsAtBatch[1] ?? Infinity);
  expect(turns).toBeGreaterThan(turnsAtBatch[2] ?? Infinity);
});

test("a loop can end early, and the next one starts anew", async () => {
  const loader = load({ batchSize: 4 });
  for (const [x] of loader) {
    expect(x.toArray()).toEqual([0, 1, 2, 3]);
    break;
  }
  for await (const [x] of loader) {
    expect(x.toArray()).toEqual([0, 1, 2, 3]);
    break;
  }
  expect(epoch(loader)).toHaveLength(3);
});

test.each([0, -1, 1.5, NaN, Infinity])("batchSize %d", (batchSize) => {
  expect(() => load({ batchSize })).toThrow(IndexError);
  expect(() => load({ batchSize })).toThrow(
    `DataLoader: batchSize ${batchSize} must be a positive integer\n  code: dataLoader/option`,
  );
});
