import { tensor, type Tensor } from "@tapegrad/tensor";
import { expect, expectTypeOf, test } from "vitest";
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

test("objects entry by entry; strings stay; typed arrays keep their dtype; bigints become int64", () => {
  interface Item {
    readonly pixels: Uint8Array;
    readonly weights: readonly [Float32Array, Float64Array];
    readonly box: { readonly left: number; readonly isWhole: boolean };
    readonly name: "a" | "b";
    readonly id: bigint;
  }
  const items: Item[] = (["a", "b"] as const).map((name, at) => ({
    pixels: Uint8Array.of(at, 255),
    weights: [Float32Array.of(at + 0.5), new Float64Array(0)],
    box: { left: at, isWhole: at > 0 },
    name,
    id: 2n ** 60n + BigInt(at),
  }));
  const batch = collate(items);
  expect([batch.pixels.dtype, batch.pixels.toArray()]).toEqual(["uint8", [[0, 255], [1, 255]]]);
  expect([batch.weights[0].dtype, batch.weights[0].toArray()]).toEqual(["float32", [[0.5], [1.5]]]);
  expect([batch.weights[1].dtype, batch.weights[1].shape]).toEqual(["float64", [2, 0]]);
  expect([batch.box.left.dtype, batch.box.isWhole.toArray()]).toEqual(["int32", [false, true]]);
  expect([batch.id.dtype, batch.id.toTypedArray("int64")]).toEqual(["int64", BigInt64Array.of(2n ** 60n, 2n ** 60n + 1n)]);
  expectTypeOf(batch).toEqualTypeOf<{
    readonly pixels: Tensor;
    readonly weights: readonly [Tensor, Tensor];
    readonly box: { readonly left: Tensor; readonly isWhole: Tensor };
    readonly name: ("a" | "b")[];
    readonly id: Tensor;
  }>();
  expect(batch.name).toEqual(["a", "b"]);
});

// As PyTorch 2.15: default_collate of the same in Python.
test("as PyTorch: what is empty, what only others have, tuples with strings", () => {
  expect(collate(["x", "y"])).toEqual(["x", "y"]);
  expect(collate([[], []])).toEqual([]);
  expect(collate([{}, {}])).toEqual({});
  const more: { a: number; b?: number }[] = [{ a: 1 }, { a: 1, b: 1 }];
  const { a, ...others } = collate(more);
  expect([a.toArray(), others]).toEqual([[1, 1], {}]);
  const [numbers, words] = collate([[1, "a"], [2, "b"]] as [number, string][]);
  expectTypeOf(words).toEqualTypeOf<string[]>();
  expect([numbers.toArray(), words]).toEqual([[1, 2], ["a", "b"]]);
});

test("names that objects have anyway are names like others", () => {
  const item = JSON.parse('{ "__proto__": 1, "constructor": 2 }') as Record<string, number>;
  const batch = collate([item, item]);
  expect(Object.entries(batch).map(([key, value]) => [key, value.toArray()])).toEqual([["__proto__", [1, 1]], ["constructor", [2, 2]]]);
});

test("a name that another item lacks; typed arrays without a dtype", async () => {
  const error = await dataError(() => collate([{ a: 1 }, { a: 1 }, { b: 1 }] as { a: number }[]));
  expect(error.message).toBe('collate: items must be alike, but item 2 has no "a"\n  code: collate/key');
  expect(() => collate([Int16Array.of(1)] as unknown[])).toThrow("code: tensor/array-type");
});

test("a number that is no integer", async () => {
  const error = await dataError(() => collate([1, 0.5]));
  expect(error.message).toBe(
    "collate: item 1 has the number 0.5; only integers become a tensor of their own\n" +
      "  hint: return tensor(0.5) from the dataset\n  code: collate/number",
  );
});

test.each<[unknown[], string, string]>([
  [[Symbol("a")], "a value of type symbol cannot be put together as a batch", "collate/kind"],
  [[new Map()], "a Map cannot be put together as a batch", "collate/kind"],
  [["a", 1], "items must be alike, but one has a value of type string where another has a value of type number", "collate/kind"],
  [[1n, 1], "items must be alike, but one has a value of type bigint where another has a value of type number", "collate/kind"],
  [[[], [1]], "items must be alike, but one is an array of 0 and another an array of 1", "collate/length"],
  [[{}, []], "items must be alike, but one has an object where another has an array of 0", "collate/kind"],
  [[{}, new Date()], "items must be alike, but one has an object where another has a Date", "collate/kind"],
  [[Uint8Array.of(1), [1]], "items must be alike, but one has a Uint8Array of 1 where another has an array of 1", "collate/kind"],
  [[Uint8Array.of(1), Uint8Array.of(1, 2)], "items must be alike, but one is a Uint8Array of 1 and another a Uint8Array of 2", "collate/length"],
  [[null], "null cannot be put together as a batch", "collate/kind"],
  [[], "undefined cannot be put together as a batch", "collate/kind"],
  [[1, true], "items must be alike, but one has a value of type number where another has a value of type boolean", "collate/kind"],
  [[true, 1], "items must be alike, but one has a value of type boolean where another has a value of type number", "collate/kind"],
  [[tensor(1), 1], "items must be alike, but one has a tensor where another has a value of type number", "collate/kind"],
  [[[1], 1], "items must be alike, but one has an array of 1 where another has a value of type number", "collate/kind"],
  [[[1], [1, 2]], "items must be alike, but one is an array of 1 and another an array of 2", "collate/length"],
])("%o", async (items, fact, code) => {
  const error = await dataError(() => collate(items));
  expect(error.message).toBe(`collate: ${fact}\n  hint: tensors, typed arrays, integers, booleans and strings can be, and arrays and plain objects of them\n  code: ${code}`);
});
