import { checkOptions, defaultGenerator, IndexError, optionRules, permutation, type Generator } from "@tapegrad/tensor";
import { collate } from "./collate.ts";
import type { Collated, Dataset } from "./dataset.ts";
import { countText, datasetText } from "./dataset-text.ts";
import { checkIndex } from "./item-index.ts";

/**
 * Some items of a data set, in an order of their own.
 *
 * Throws    IndexError `dataset/index`
 * @example
 * const firstTen = new Subset(new TensorDataset(arange(100)), arange(10).toTypedArray());
 * firstTen.length; // 10
 */
export class Subset<Item> implements Dataset<Item> {
  readonly dataset: Dataset<Item>;
  readonly indices: Int32Array;

  constructor(dataset: Dataset<Item>, indices: ArrayLike<number>) {
    for (let at = 0; at < indices.length; at++) checkIndex("Subset", indices[at] ?? NaN, dataset.length);
    this.dataset = dataset;
    this.indices = Int32Array.from(indices);
  }

  get length(): number {
    return this.indices.length;
  }

  get(index: number): Item {
    checkIndex("Subset.get", index, this.length);
    return this.dataset.get(this.indices[index] ?? NaN);
  }

  getBatch(indices: Int32Array, generator?: Generator): Collated<Item> {
    const own = indices.map((index) => this.indices[index] ?? NaN);
    return batchOf(this.dataset, own, generator);
  }

  /** How many items, and of what: `Subset(5 items of TensorDataset(50 items: int32 []))`. */
  toString(): string {
    return `Subset(${countText(this.length, "item")} of ${datasetText(this.dataset)})`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** A batch by the data set's fast path, or put together item by item. */
export function batchOf<Item>(dataset: Dataset<Item>, indices: Int32Array, generator?: Generator): Collated<Item> {
  if (dataset.getBatch !== undefined) return dataset.getBatch(indices, generator);
  return collate(Array.from(indices, (index) => dataset.get(index)));
}

/**
 * A data set cut at random into parts of the given lengths, or of the given fractions if these sum up to 1; what
 * fractions leave over goes to the parts one by one.
 *
 * Throws    IndexError `randomSplit/lengths`, `randomSplit/option`; ArgumentError `randomSplit/unknown-option`
 * @example
 * const [train, validation] = randomSplit(new TensorDataset(arange(50)), [0.9, 0.1], { generator: new Generator(1) });
 * validation.length; // 5
 */
export function randomSplit<Item, const Lengths extends readonly number[]>(
  dataset: Dataset<Item>,
  lengths: Lengths,
  options: { readonly generator?: Generator } = {},
): { [Part in keyof Lengths]: Subset<Item> } {
  checkOptions("randomSplit", options, { generator: optionRules.generator });
  const counts = partLengths(dataset.length, lengths);
  const order = permutation(dataset.length, options.generator ?? defaultGenerator);
  let at = 0;
  const parts = counts.map((count) => new Subset(dataset, order.subarray(at, (at += count))));
  return parts as { [Part in keyof Lengths]: Subset<Item> };
}

function partLengths(total: number, lengths: readonly number[]): number[] {
  const sum = lengths.reduce((a, b) => a + b, 0);
  const isValid = lengths.length > 0 && lengths.every((length) => length >= 0);
  if (isValid && sum === total && lengths.every(Number.isInteger)) return [...lengths];
  if (!isValid || Math.abs(sum - 1) > 1e-9)
    throw new IndexError({
      op: "randomSplit",
      fact: `lengths [${lengths.join(", ")}] must sum up to the ${total} items of the data set, or as fractions to 1, not ${sum}`,
      code: "randomSplit/lengths",
      data: { lengths, total },
    });
  const counts = lengths.map((fraction) => Math.floor(total * fraction));
  const left = total - counts.reduce((a, b) => a + b, 0);
  return counts.map((count, part) => count + (part < left ? 1 : 0));
}
