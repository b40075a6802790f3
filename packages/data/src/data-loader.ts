import { setImmediate as nextTurn } from "node:timers/promises";
import { checkOptions, defaultGenerator, optionRules, permutation, type Generator, type OptionRules } from "@tapegrad/tensor";
import type { Collated, Dataset } from "./dataset.ts";
import { batchOf } from "./subset.ts";

/** How a DataLoader goes through its data set. */
export interface DataLoaderOptions<Item> {
  /** 1 unless told. */
  readonly batchSize?: number;
  /** A new random order in every epoch. */
  readonly shuffle?: boolean;
  /** What the order and random transforms are drawn from: the default generator unless told. */
  readonly generator?: Generator;
  /** Leave out the last batch if it is smaller than the others. */
  readonly dropLast?: boolean;
  /** Applied to every batch, for what the data set does not do itself. */
  readonly transform?: (batch: Collated<Item>, generator: Generator) => Collated<Item>;
}

const rules: OptionRules<DataLoaderOptions<never>> = {
  batchSize: optionRules.positiveInteger,
  shuffle: optionRules.boolean,
  generator: optionRules.generator,
  dropLast: optionRules.boolean,
  transform: optionRules.callable,
};

/**
 * Batches of a data set, one epoch per loop.
 *
 * `for (const batch of loader)` is the plain loop. `for await (const batch of loader)` turns the event loop once after
 * every batch, so that timers and input get their turn.
 *
 * Throws    IndexError `dataLoader/option`, ArgumentError `dataLoader/unknown-option`, and what the data set throws
 * @example
 * const loader = new DataLoader(new TensorDataset(rand([10, 3]), arange(10)), { batchSize: 4, shuffle: true });
 * for (const [x, y] of loader) console.log(x.shape, y.shape);
 */
export class DataLoader<Item> implements Iterable<Collated<Item>>, AsyncIterable<Collated<Item>> {
  readonly dataset: Dataset<Item>;
  readonly batchSize: number;
  readonly dropLast: boolean;
  readonly #shuffle: boolean;
  readonly #generator: Generator;
  readonly #transform: DataLoaderOptions<Item>["transform"];

  constructor(dataset: Dataset<Item>, options: DataLoaderOptions<Item> = {}) {
    checkOptions("DataLoader", options, rules, "dataLoader");
    const { batchSize = 1, shuffle = false, generator = defaultGenerator, dropLast = false } = options;
    this.dataset = dataset;
    this.batchSize = batchSize;
    this.dropLast = dropLast;
    this.#shuffle = shuffle;
    this.#generator = generator;
    this.#transform = options.transform;
  }

  /** Number of batches in an epoch. */
  get length(): number {
    const batches = this.dataset.length / this.batchSize;
    return this.dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  *[Symbol.iterator](): IterableIterator<Collated<Item>> {
    const order = this.#order();
    for (let batch = 0; batch < this.length; batch++) yield this.#batch(order, batch);
  }

  async *[Symbol.asyncIterator](): AsyncIterableIterator<Collated<Item>> {
    const order = this.#order();
    for (let batch = 0; batch < this.length; batch++) {
      yield this.#batch(order, batch);
      await nextTurn();
    }
  }

  #order(): Int32Array {
    const { length } = this.dataset;
    return this.#shuffle ? permutation(length, this.#generator) : Int32Array.from({ length }, (_, index) => index);
  }

  #batch(order: Int32Array, at: number): Collated<Item> {
    const indices = order.slice(at * this.batchSize, (at + 1) * this.batchSize);
    const batch = batchOf(this.dataset, indices, this.#generator);
    return this.#transform === undefined ? batch : this.#transform(batch, this.#generator);
  }
}
