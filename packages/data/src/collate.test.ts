import { tensor, type Tensor } from "@tapegrad/tensor";
import { expect, test } from "vitest";
import { collate } from "./collate.ts";
import { dataError } from "./testing/data-error.ts";

test("tensors are stacked, integers become int32, booleans bool", () => {
  const items: [Tensor, number, boolean][] = [
    [tensor([1, 2]), 3, true],
    [tensor([4, 5]), -6, false],
  ];
  const [x, y, flags] = collate(items);
  expect([x.dtype, x.toArray()]).toEqual(["float32", [[1, 2], [4, 5]]]);
  expect([y.dtype, y.toArray()]).toEqual(["int32", [3, -6]]);
  expect([flags.dtype, flags.toArray()]).toEqual(["bool", [true, false]]);
});

test("items that are no tuples, and tuples in tuples", () => {
  expect(collate([7, 8]).toArray()).toEqual([7, 8]);
  expect(collate([tensor(1), tensor(2)]).toArray()).toEqual([1, 2]);
  const [[a, b], c] = collate([
    [[tensor([1]), 2], 3],
    [[tensor([4]), 5], 6],
  ] as [[Tensor, number], number][]);
  expect([a.toArray(), b.toArray(), c.toArray()]).toEqual([[[1], [4]], [2, 5], [3, 6]]);
});

test("a number that is no integer", async () => {
  const error = await dataError(() => collate([1, 0.5]));
  expect(error.message).toBe(
    "collate: item 1 has the number 0.5; only integers become a tensor of their own\n" +
      "  hint: return tensor(0.5) from the dataset\n  code: collate/number",
  );
});

test.each<[unknown[], string, string]>([
  [["a"], "a value of type string cannot be put together as a batch", "collate/kind"],
  [[null], "null cannot be put together as a batch", "collate/kind"],
  [[], "undefined cannot be put together as a batch", "collate/kind"],
  [[1, true], "items must be alike, but one has a value of type number where another has a value of type boolean", "collate/kind"],
  [[true, 1], "items must be alike, but one has a value of type boolean where another has a value of type number", "collate/kind"],
  [[tensor(1), 1], "items must be alike, but one has a tensor where another has a value of type number", "collate/kind"],
  [[[1], 1], "items must be alike, but one has an array of 1 where another has a value of type number", "collate/kind"],
  [[[1], [1, 2]], "items must be alike, but one is an array of 1 and another an array of 2", "collate/length"],
])("%o", async (items, fact, code) => {
  const error = await dataError(() => collate(items));
  expect(error.message).toBe(`collate: ${fact}\n  hint: tensors, integers, booleans and arrays of them can be\n  code: ${code}`);
});
