import { checkOptions, defaultGenerator, Generator, optionRules, permutation, type GeneratorState, type OptionRules } from "@tapegrad/tensor";
import type { Collated, Dataset } from "./dataset.ts";
import { datasetText } from "./dataset-text.ts";
import { checkedState, type DataLoaderState, type LoaderPlan } from "./loader-state.ts";
import { nextTurn } from "./next-turn.ts";
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

/** An epoch under way. */
interface Epoch {
  readonly order: Int32Array;
  readonly orderFrom: GeneratorState | null;
  /** Batches that it has given. */
  position: number;
}

/**
 * Batches of a data set, one epoch per loop.
 *
 * `for (const batch of loader)` is the plain loop. `for await (const batch of loader)` turns the event loop once after
 * every batch, so that timers and input get their turn.
 *
 * `stateDict()` says where the loop stands that gave a batch last, and `loadStateDict` lets the next loop go on behind that batch, or begin
 * an epoch if that one had come to its end. A loop that was left early stands where it was left: a program that cuts its epochs
 * short saves the generator instead.
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
  /** The epoch that gave a batch last, unless it is over. */
  #running: Epoch | null = null;
  /** One that the next loop is to go on with. */
  #resumed: Epoch | null = null;

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
    const epoch = this.#begin();
    while (this.#goesOn(epoch)) yield this.#next(epoch);
  }

  async *[Symbol.asyncIterator](): AsyncIterableIterator<Collated<Item>> {
    const epoch = this.#begin();
    while (this.#goesOn(epoch)) {
      yield this.#next(epoch);
      await nextTurn();
    }
  }

  /** Where the loader stands, its generator included: numbers that JSON keeps. */
  stateDict(): DataLoaderState {
    const { position, orderFrom } = this.#running ?? this.#resumed ?? { position: null, orderFrom: null };
    return { ...this.#plan(), position, orderFrom, generator: this.#generator.getState() };
  }

  /**
   * Lets the next loop go on where the saved one stood, and sets the generator to where it was. Nothing is changed unless the state
   * fits. A random data set or transform must draw from the generator that it is given.
   *
   * Throws    SerializationError `dataLoader/state`, `generator/state`
   * @example
   * const loader = new DataLoader(new TensorDataset(arange(6)), { batchSize: 2 });
   * for (const [x] of loader) if (x.amax().item() === 3) break;
   * const resumed = new DataLoader(new TensorDataset(arange(6)), { batchSize: 2 });
   * resumed.loadStateDict(loader.stateDict());
   * [...resumed].map(([x]) => x.toArray()); // [[4, 5]]
   */
  loadStateDict(saved: DataLoaderState): void {
    this.prepareLoad(saved)();
  }

  /** Checks what `loadStateDict` checks, and throws what it throws; what it returns then cannot fail. @internal */
  prepareLoad(saved: unknown): () => void {
    const { position, orderFrom, generator } = checkedState(saved, this.#plan(), this.length);
    new Generator().setState(generator);
    const resumed = position === null ? null : { ...this.#epochFrom(orderFrom), position };
    return () => {
      this.#generator.setState(generator);
      this.#running = null;
      this.#resumed = resumed;
    };
  }

  /** How many batches, of what: `DataLoader(3 batches of 4, shuffled, of TensorDataset(10 items: float32 [3]))`. */
  toString(): string {
    const batches = `${this.length} ${this.length === 1 ? "batch" : "batches"} of ${this.batchSize}`;
    return `DataLoader(${batches}${this.#shuffle ? ", shuffled" : ""}, of ${datasetText(this.dataset)})`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  #plan(): LoaderPlan {
    return { items: this.dataset.length, batchSize: this.batchSize, shuffle: this.#shuffle, dropLast: this.dropLast };
  }

  #begin(): Epoch {
    const resumed = this.#resumed;
    this.#resumed = null;
    this.#running = null;
    if (resumed !== null) return (this.#running = resumed);
    const { length } = this.dataset;
    if (!this.#shuffle) return { order: Int32Array.from({ length }, (_, index) => index), orderFrom: null, position: 0 };
    const orderFrom = this.#generator.getState();
    return { order: permutation(length, this.#generator), orderFrom, position: 0 };
  }

  /** The epoch that was begun when the generator stood there, drawn anew: no order is saved. */
  #epochFrom(orderFrom: GeneratorState | null): Epoch {
    const { length } = this.dataset;
    if (!this.#shuffle || orderFrom === null) return { order: Int32Array.from({ length }, (_, index) => index), orderFrom: null, position: 0 };
    const generator = new Generator();
    generator.setState(orderFrom);
    return { order: permutation(length, generator), orderFrom, position: 0 };
  }

  #goesOn(epoch: Epoch): boolean {
    if (epoch.position < this.length) return true;
    if (this.#running === epoch) this.#running = null;
    return false;
  }

  #next(epoch: Epoch): Collated<Item> {
    const batch = this.#batch(epoch.order, epoch.position);
    epoch.position++;
    this.#running = epoch;
    return batch;
  }

  #batch(order: Int32Array, at: number): Collated<Item> {
    const indices = order.slice(at * this.batchSize, (at + 1) * this.batchSize);
    const batch = batchOf(this.dataset, indices, this.#generator);
    return this.#transform === undefined ? batch : this.#transform(batch, this.#generator);
  }
}
