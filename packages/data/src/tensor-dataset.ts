import { describe, indexSelect, requireTensor, select, ShapeError, tensor, type Tensor } from "@tapegrad/tensor";
import type { Collated, Dataset } from "./dataset.ts";
import { countText, entryText } from "./dataset-text.ts";
import { checkIndex } from "./item-index.ts";

/**
 * Tensors of equal first dimension; item i is the i-th entry of each.
 *
 * Throws    ShapeError `tensorDataset/size`; ArgumentError `tapegrad/not-a-tensor`, `tapegrad/two-copies`
 * @example
 * const set = new TensorDataset(rand([10, 3]), arange(10));
 * const [x, y] = set.get(4);
 * y.item(); // 4
 */
export class TensorDataset<Tensors extends readonly Tensor[]> implements Dataset<Tensors> {
  readonly tensors: Tensors;
  readonly length: number;

  constructor(...tensors: Tensors) {
    tensors.forEach((one, index) => requireTensor("TensorDataset", `tensor ${index}`, one));
    const sizes = tensors.map((one) => one.shape[0]);
    const [length] = sizes;
    if (length === undefined || sizes.some((size) => size !== length))
      throw new ShapeError({
        op: "TensorDataset",
        fact:
          tensors.length === 0
            ? "it needs at least one tensor"
            : `all tensors must have the same first dimension, not ${sizes.map((size) => size ?? "none").join(", ")}`,
        details: tensors.map((one, index) => describe(String(index), one)),
        code: "tensorDataset/size",
        data: { sizes },
      });
    this.tensors = tensors;
    this.length = length;
  }

  get(index: number): Tensors {
    checkIndex("TensorDataset.get", index, this.length);
    return this.#each((one) => select(one, 0, index)) as Tensors;
  }

  getBatch(indices: Int32Array): Collated<Tensors> {
    const rows = tensor(indices);
    return this.#each((one) => indexSelect(one, 0, rows)) as Collated<Tensors>;
  }

  /** How many items, and what is in one: `TensorDataset(10 items: float32 [3], int32 [])`. */
  toString(): string {
    return `TensorDataset(${countText(this.length, "item")}: ${this.tensors.map(entryText).join(", ")})`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /** A tuple as long as `tensors`, which is more than the type of `map` can say. */
  #each(pick: (one: Tensor) => Tensor): unknown {
    return this.tensors.map(pick);
  }
}
