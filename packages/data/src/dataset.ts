import type { ElementArray, Generator, Tensor } from "@tapegrad/tensor";

/**
 * What a batch of items is: tensors, typed arrays, numbers, bigints and booleans become one tensor each, strings an array
 * of them; tuples, arrays and objects are batched entry by entry.
 */
export type Collated<Item> = [Item] extends [string]
  ? Item[]
  : Item extends Tensor | ElementArray | BigInt64Array | number | bigint | boolean
    ? Tensor
    : Item extends object
      ? { [Entry in keyof Item]: Collated<Item[Entry]> }
      : never;

/**
 * Items by their index. Whatever has these two members can be loaded.
 *
 * @example
 * const squares: Dataset<[Tensor, Tensor]> = {
 *   length: 100,
 *   get: (index) => [tensor([index]), tensor([index ** 2])],
 * };
 * [...new DataLoader(squares, { batchSize: 10 })].length; // 10
 */
export interface Dataset<Item> {
  readonly length: number;
  get(index: number): Item;
  /**
   * Many items at once, where that is faster than one by one. `generator` is what random transforms draw from.
   */
  getBatch?(indices: Int32Array, generator?: Generator): Collated<Item>;
}
