import { arange, IndexError, rand, ShapeError, tensor, zeros } from "@tapegrad/tensor";
import { expect, test } from "vitest";
import { TensorDataset } from "./tensor-dataset.ts";

const x = tensor([[1, 2], [3, 4], [5, 6]]);
const y = tensor([7, 8, 9], { dtype: "int32" });

test("an item is an entry of each, a batch several", () => {
  const set = new TensorDataset(x, y);
  expect(set.length).toBe(3);
  const [itemX, itemY] = set.get(1);
  expect([itemX.toArray(), itemY.item()]).toEqual([[3, 4], 8]);
  const [batchX, batchY] = set.getBatch(Int32Array.of(2, 0, 2));
  expect([batchX.toArray(), batchY.toArray()]).toEqual([[[5, 6], [1, 2], [5, 6]], [9, 7, 9]]);
});

test("one tensor alone", () => {
  expect(new TensorDataset(arange(4)).getBatch(Int32Array.of(3))[0].toArray()).toEqual([3]);
});

test("sizes that differ, no tensors, a 0-d tensor", () => {
  expect(() => new TensorDataset(x, zeros([2]))).toThrow(ShapeError);
  expect(() => new TensorDataset(x, zeros([2]))).toThrow(
    "TensorDataset: all tensors must have the same first dimension, not 3, 2\n" +
      "  0  [3, 2]  float32\n  1  [2]  float32\n  code: tensorDataset/size",
  );
  expect(() => new TensorDataset()).toThrow("TensorDataset: it needs at least one tensor\n  code: tensorDataset/size");
  expect(() => new TensorDataset(tensor(1))).toThrow("not none");
});

test.each([-1, 3, 0.5])("no item %d", (index) => {
  const set = new TensorDataset(rand([3]));
  expect(() => set.get(index)).toThrow(IndexError);
  expect(() => set.get(index)).toThrow(`TensorDataset.get: index ${index} is outside [0, 3)\n  code: dataset/index`);
});
