import { setImmediate as nextTurn } from "node:timers/promises";
import { defaultGenerator, IndexError, permutation, type Generator } from "@tapegrad/tensor";
import type { Collated, Dataset } from "./dataset.ts";
import { batchOf } from "./subset.ts";

/** How a DataLoader goes through its data set. */
export interface DataLoaderOptions<Item, Batch = Collated<Item>> {
  /** 1 unless told. */
  readonly batchSize?: number;
  /** A new random order in every epoch. */
  readonly shuffle?: boolean;
  /** What the order and random transforms are drawn from: the default generator unless told. */
  readonly generator?: Generator;
  /** Leave out the last batch if it is smaller than the others. */
  readonly dropLast?: boolean;
  /** Applied to every batch, for what the data set does not do itself. */
  readonly transform?: (batch: Collated<Item>, generator: Generator) => Batch;
}

/**
 * Batches of a data set, one epoch per loop.
 *
 * `for (const batch of loader)` is the plain loop. `for await (const batch of loader)` turns the event loop once after
 * every batch, so that timers, input and the collector's finalizers get their turn: memory of tensors that nobody holds
 * any more is then freed without a copy.
 *
 * Throws    IndexError `dataLoader/batchSize`, and what the data set throws
 * @example
 * const loader = new DataLoader(new TensorDataset(rand([10, 3]), arange(10)), { batchSize: 4, shuffle: true });
 * for (const [x, y] of loader) console.log(x.shape, y.shape);
 */
export class DataLoader<Item, Batch = Collated<Item>> implements Iterable<Batch>, AsyncIterable<Batch> {
  readonly dataset: Dataset<Item>;
  readonly batchSize: number;
  readonly dropLast: boolean;
  readonly #shuffle: boolean;
  readonly #generator: Generator;
  readonly #transform: (batch: Collated<Item>, generator: Generator) => Batch;

  constructor(dataset: Dataset<Item>, ...[options]: OptionsOf<Item, Batch>) {
    const { batchSize = 1, shuffle = false, generator = defaultGenerator, dropLast = false } = options ?? {};
    if (!Number.isInteger(batchSize) || batchSize < 1)
      throw new IndexError({
        op: "DataLoader",
        fact: `batchSize ${batchSize} must be an integer, 1 or more`,
        code: "dataLoader/batchSize",
        data: { batchSize },
      });
    this.dataset = dataset;
    this.batchSize = batchSize;
    this.dropLast = dropLast;
    this.#shuffle = shuffle;
    this.#generator = generator;
    this.#transform = options?.transform ?? ((batch) => batch as Batch);
  }

  /** Number of batches in an epoch. */
  get length(): number {
    const batches = this.dataset.length / this.batchSize;
    return this.dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  *[Symbol.iterator](): Generator_<Batch> {
    const order = this.#order();
    for (let batch = 0; batch < this.length; batch++) yield this.#batch(order, batch);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Batch, void, void> {
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

  #batch(order: Int32Array, batch: number): Batch {
    const indices = order.slice(batch * this.batchSize, (batch + 1) * this.batchSize);
    return this.#transform(batchOf(this.dataset, indices, this.#generator), this.#generator);
  }
}
