import { arange, Generator, manualSeed, rand, SerializationError, type Tensor } from "@tapegrad/tensor";
import fc from "fast-check";
import { expect, test } from "vitest";
import { DataLoader, type DataLoaderOptions } from "./data-loader.ts";
import type { DataLoaderState } from "./loader-state.ts";
import { TensorDataset } from "./tensor-dataset.ts";

type Options = DataLoaderOptions<readonly [Tensor]>;
const loaderOf = (items: number, options: Options) => new DataLoader(new TensorDataset(arange(items)), options);
const noisy: Options["transform"] = ([x], generator) => [x.add(rand(x.shape, { generator }))];
/** Goes through an epoch until `each`, which sees the batches, says that it is enough. */
function walk(loader: DataLoader<readonly [Tensor]>, each: (x: Tensor) => unknown): void {
  for (const [x] of loader) if (each(x) === "enough") break;
}
/** As a file gives it back. */
const copied = (state: DataLoaderState): DataLoaderState => JSON.parse(JSON.stringify(state)) as DataLoaderState;

const cases = fc.record({
  items: fc.integer({ min: 0, max: 13 }),
  batchSize: fc.integer({ min: 1, max: 5 }),
  shuffle: fc.boolean(),
  dropLast: fc.boolean(),
  own: fc.boolean(),
  random: fc.boolean(),
  isAsync: fc.boolean(),
});

test("a loader that takes over a state gives what the saved one goes on to give, from any batch of any epoch", async () => {
  await fc.assert(fc.asyncProperty(cases, fc.nat(), async ({ items, batchSize, shuffle, dropLast, own, random, isAsync }, cut) => {
    const make = (seed: number) => {
      manualSeed(seed);
      return loaderOf(items, { batchSize, shuffle, dropLast, ...(own ? { generator: new Generator(`own ${seed}`) } : {}), ...(random ? { transform: noisy } : {}) });
    };
    const epoch = async (loader: DataLoader<readonly [Tensor]>, each: (x: number[]) => void): Promise<void> => {
      if (isAsync) for await (const [x] of loader) each(x.toArray() as number[]);
      else for (const [x] of loader) each(x.toArray() as number[]);
    };
    const loader = make(1);
    const stop = cut % (3 * loader.length + 1);
    let saved = copied(loader.stateDict()), seen = 0, epochsBefore = 0;
    const after: number[][][] = [];
    for (let i = 0; i < 3; i++) {
      if (seen > stop || (seen === stop && stop > 0) || stop === 0) after.push([]);
      await epoch(loader, (x) => {
        seen++;
        if (seen <= stop) {
          epochsBefore = i;
          if (seen === stop) {
            saved = copied(loader.stateDict());
            after.push([]);
          }
        } else after.at(-1)?.push(x);
      });
    }
    const resumed = make(2);
    resumed.loadStateDict(saved);
    expect(copied(resumed.stateDict())).toEqual(saved);
    const found: number[][][] = [];
    for (let i = stop === 0 ? 0 : epochsBefore; i < 3; i++) {
      found.push([]);
      await epoch(resumed, (x) => found.at(-1)?.push(x));
    }
    expect(found).toEqual(after);
    expect(copied(resumed.stateDict())).toEqual(copied(loader.stateDict()));
  }), { numRuns: 100 });
});

test("between two epochs there is no place", () => {
  const loader = loaderOf(6, { batchSize: 2 });
  expect(loader.stateDict().position).toBeNull();
  const places: unknown[] = [];
  walk(loader, () => places.push(loader.stateDict().position));
  expect(places).toEqual([1, 2, 3]);
  expect(loader.stateDict().position).toBeNull();
});

test("an epoch saved at its last batch has none left; a loop that was left stands where it was left, until the next begins", () => {
  const loader = loaderOf(6, { batchSize: 2, shuffle: true, generator: new Generator(1) });
  let last = loader.stateDict();
  walk(loader, () => {
    last = loader.stateDict();
  });
  const resumed = loaderOf(6, { batchSize: 2, shuffle: true, generator: new Generator(2) });
  resumed.loadStateDict(last);
  expect([[...resumed].length, [...resumed].length]).toEqual([0, 3]);
  walk(loader, () => "enough");
  expect(loader.stateDict().position).toBe(1);
  expect([...loader]).toHaveLength(3);
  expect(loader.stateDict().position).toBeNull();
});

const good: DataLoaderState = { items: 6, batchSize: 2, shuffle: true, dropLast: false, position: 1, orderFrom: new Generator(1).getState(), generator: new Generator(2).getState() };

test.each<[state: unknown, fact: string]>([
  [null, "a state must be an object, as stateDict() gives it, not null"],
  ["x", 'a state must be an object, as stateDict() gives it, not "x"'],
  [{}, "items is undefined in the state, 6 in the loader"],
  [{ ...good, items: 7 }, "items is 7 in the state, 6 in the loader"],
  [{ ...good, batchSize: 3 }, "batchSize is 3 in the state, 2 in the loader"],
  [{ ...good, shuffle: false }, "shuffle is false in the state, true in the loader"],
  [{ ...good, dropLast: true }, "dropLast is true in the state, false in the loader"],
  [{ ...good, position: -1 }, "position -1 in the state must be an integer, 0 or more, or null"],
  [{ ...good, position: "1" }, 'position "1" in the state must be an integer, 0 or more, or null'],
  [{ ...good, position: 4 }, "position 4 in the state lies behind the 3 batches of an epoch"],
  [{ ...good, orderFrom: null }, "orderFrom is missing in the state: where the order of the running epoch was drawn from"],
])("%j is refused, and changes nothing", (state, fact) => {
  const loader = loaderOf(6, { batchSize: 2, shuffle: true, generator: new Generator(3) });
  walk(loader, () => "enough");
  const before = loader.stateDict();
  const load = (): void => loader.loadStateDict(state as DataLoaderState);
  expect(load).toThrow(SerializationError);
  expect(load).toThrow(`DataLoader.loadStateDict: ${fact}\n  hint: make the loader as the one that was saved\n  code: dataLoader/state`);
  expect(loader.stateDict()).toEqual(before);
});

test.each(["generator", "orderFrom"])("a %s that is none is refused, and changes nothing", (name) => {
  const loader = loaderOf(6, { batchSize: 2, shuffle: true, generator: new Generator(3) });
  const before = loader.stateDict();
  for (const wrong of [{}, 5, { key: [1, 2], counter: [0, -1] }]) {
    expect(() => loader.loadStateDict({ ...good, [name]: wrong })).toThrow("code: generator/state");
    expect(loader.stateDict()).toEqual(before);
  }
  loader.loadStateDict(good);
  expect(loader.stateDict()).toEqual(good);
});
