import { copyOf, DataError, notATensor, stack, Tensor, tensor } from "@tapegrad/tensor";
import type { Collated } from "./dataset.ts";

/**
 * Items put together as a batch: tensors are stacked along a new first dimension, integers become an int32 tensor and
 * booleans a bool one, tuples are put together entry by entry.
 *
 * Throws    DataError `collate/kind`, `collate/number`, `collate/length`; ShapeError `cat/shape`; ArgumentError `tapegrad/two-copies`
 * @example
 * const [x, y] = collate([[tensor([1, 2]), 0], [tensor([3, 4]), 7]] as [Tensor, number][]);
 * x.shape; // [2, 2]
 * y.toArray(); // [0, 7]
 */
export function collate<Item>(items: readonly Item[]): Collated<Item> {
  return collateValues(items) as Collated<Item>;
}

function collateValues(values: readonly unknown[]): unknown {
  const [first] = values;
  if (first instanceof Tensor) return stack(values.map((value) => (value instanceof Tensor ? value : fail("kind", first, value))));
  if (typeof first === "boolean")
    return tensor(values.map((value) => (typeof value === "boolean" ? value : fail("kind", first, value))));
  if (typeof first === "number") return integers(values);
  if (!Array.isArray(first)) return fail("kind", first, first);
  return first.map((_, entry) =>
    collateValues(
      values.map((value) => {
        if (!Array.isArray(value)) return fail("kind", first, value);
        if (value.length !== first.length) return fail("length", first, value);
        return value[entry] as unknown;
      }),
    ),
  );
}

function integers(values: readonly unknown[]): Tensor {
  const found = Int32Array.from({ length: values.length }, (_, index) => {
    const value = values[index];
    if (typeof value !== "number") return fail("kind", values[0], value);
    if (Number.isInteger(value)) return value;
    throw new DataError({
      op: "collate",
      fact: `item ${index} has the number ${value}; only integers become a tensor of their own`,
      hint: `return tensor(${value}) from the dataset`,
      code: "collate/number",
      data: { index, value },
    });
  });
  return tensor(found);
}

function fail(reason: "kind" | "length", first: unknown, other: unknown): never {
  for (const value of [first, other]) if (copyOf(value) !== null && !(value instanceof Tensor)) throw notATensor("collate", "a value", value);
  const facts = {
    kind:
      first === other
        ? `${nameOf(first)} cannot be put together as a batch`
        : `items must be alike, but one has ${nameOf(first)} where another has ${nameOf(other)}`,
    length: `items must be alike, but one is ${nameOf(first)} and another ${nameOf(other)}`,
  };
  throw new DataError({
    op: "collate",
    fact: facts[reason],
    hint: "tensors, integers, booleans and arrays of them can be",
    code: `collate/${reason}`,
  });
}

function nameOf(value: unknown): string {
  if (value instanceof Tensor) return "a tensor";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return value === null || value === undefined ? String(value) : `a value of type ${typeof value}`;
}
