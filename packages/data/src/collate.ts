import { copyOf, DataError, isElementArray, notATensor, showValue, stack, Tensor, tensor, type ElementArray } from "@tapegrad/tensor";
import type { Collated } from "./dataset.ts";

/**
 * Items put together as a batch, as PyTorch's `default_collate` does it: tensors are stacked along a new first dimension,
 * and typed arrays as tensors of their dtype; integers become an int32 tensor, bigints an int64 one and booleans a bool
 * one; strings stay as they are, in an array; arrays and plain objects are put together entry by entry.
 *
 * A number that is no integer is refused: the dtype of a batch must not depend on which items are in it.
 *
 * Throws    DataError `collate/kind`, `collate/number`, `collate/length`, `collate/key`; ShapeError `cat/shape`;
 *           ArgumentError `tapegrad/two-copies`; DTypeError `tensor/array-type` for typed arrays that no dtype corresponds to
 * @example
 * const [x, y] = collate([[tensor([1, 2]), 0], [tensor([3, 4]), 7]] as [Tensor, number][]);
 * x.shape; // [2, 2]
 * y.toArray(); // [0, 7]
 * @example
 * const batch = collate([{ pixels: new Uint8Array(4), name: "a" }, { pixels: new Uint8Array(4), name: "b" }]);
 * batch.pixels.shape; // [2, 4]
 * batch.name; // ["a", "b"]
 */
export function collate<Item>(items: readonly Item[]): Collated<Item> {
  return collateValues(items) as Collated<Item>;
}

function collateValues(values: readonly unknown[]): unknown {
  const [first] = values;
  if (first instanceof Tensor) return stack(values.map((value) => (value instanceof Tensor ? value : fail("kind", first, value))));
  if (isElementArray(first)) return stack(values.map((value) => tensor(likeTypedArray(first, value))));
  if (typeof first === "boolean")
    return tensor(values.map((value) => (typeof value === "boolean" ? value : fail("kind", first, value))));
  if (typeof first === "bigint")
    return tensor(BigInt64Array.from(values, (value) => (typeof value === "bigint" ? value : fail("kind", first, value))));
  if (typeof first === "number") return integers(values);
  if (typeof first === "string") return values.map((value) => (typeof value === "string" ? value : fail("kind", first, value)));
  if (Array.isArray(first)) return entriesOf(first, values);
  if (isPlainObject(first)) return membersOf(first, values);
  return fail("kind", first, first);
}

function entriesOf(first: readonly unknown[], values: readonly unknown[]): unknown[] {
  const arrays = values.map((value): readonly unknown[] => {
    if (!Array.isArray(value)) return fail("kind", first, value);
    return value.length === first.length ? value : fail("length", first, value);
  });
  return first.map((_, entry) => collateValues(arrays.map((array) => array[entry])));
}

/** The members that the first one has; what others have besides is left out, as in PyTorch. */
function membersOf(first: Readonly<Record<string, unknown>>, values: readonly unknown[]): Record<string, unknown> {
  const objects = values.map((value) => (isPlainObject(value) ? value : fail("kind", first, value)));
  const member = (object: Readonly<Record<string, unknown>>, key: string, index: number): unknown => {
    if (Object.hasOwn(object, key)) return object[key];
    throw new DataError({
      op: "collate",
      fact: `items must be alike, but item ${index} has no ${showValue(key)}`,
      code: "collate/key",
      data: { index, key },
    });
  };
  return Object.fromEntries(Object.keys(first).map((key) => [key, collateValues(objects.map((object, index) => member(object, key, index)))]));
}

function likeTypedArray(first: ElementArray | BigInt64Array, value: unknown): ElementArray | BigInt64Array {
  if (!isElementArray(value)) return fail("kind", first, value);
  return value.length === first.length ? value : fail("length", first, value);
}

/** Data and nothing else: of an object of a class nobody knows what belongs to it. */
function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
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
    hint: "tensors, typed arrays, integers, booleans and strings can be, and arrays and plain objects of them",
    code: `collate/${reason}`,
  });
}

function nameOf(value: unknown): string {
  if (value instanceof Tensor) return "a tensor";
  if (Array.isArray(value) || isElementArray(value)) return `${Array.isArray(value) ? "an array" : `a ${value.constructor.name}`} of ${value.length}`;
  if (value === null || value === undefined) return String(value);
  return typeof value === "object" ? showValue(value) : `a value of type ${typeof value}`;
}
