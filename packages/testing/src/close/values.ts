import { ArgumentError, formatShape, isElementArray, showValue, tensor, Tensor, type DType, type ElementArray, type Shape } from "@tapegrad/tensor";

/** Numbers, bigints or booleans in arrays of arrays. */
export type NestedValues = number | bigint | boolean | readonly NestedValues[];

/** What can be compared. */
export type Comparable = Tensor | ElementArray | BigInt64Array | NestedValues;

/** Elements, row by row, with what is known of them. */
export interface Values {
  /** Null for a flat typed array, which may have any shape of as many elements. */
  readonly shape: Shape | null;
  /** Null for numbers in arrays, which may have any dtype. */
  readonly dtype: DType | null;
  /** Only tensors must agree in it: typed arrays stand for the numbers they hold. */
  readonly isTensor: boolean;
  readonly elements: ArrayLike<number | bigint>;
}

/** Throws ArgumentError `OP/values` for what holds no numbers, or lists that are not of one length. */
export function valuesOf(op: string, name: string, given: unknown): Values {
  if (given instanceof Tensor) return { shape: given.shape, dtype: given.dtype, isTensor: true, elements: given.toTypedArray() };
  if (isElementArray(given)) return { shape: null, dtype: tensor(given.slice(0, 0)).dtype, isTensor: false, elements: given };
  const shape: number[] = [];
  for (let level = given; Array.isArray(level); level = level[0] as unknown) shape.push(level.length);
  const elements: (number | bigint)[] = [];
  collect(op, name, given, shape, 0, elements);
  return { shape, dtype: null, isTensor: false, elements };
}

function collect(op: string, name: string, value: unknown, shape: Shape, depth: number, into: (number | bigint)[]): void {
  const length = shape[depth];
  const fits = length === undefined ? !Array.isArray(value) : Array.isArray(value) && value.length === length;
  if (Array.isArray(value) && fits) {
    for (const element of value) collect(op, name, element, shape, depth + 1, into);
    return;
  }
  if (Array.isArray(value) || (!fits && isNumeric(value))) {
    const found = Array.isArray(value) ? `a list of ${value.length}` : showValue(value);
    const wanted = length === undefined ? "a number" : `a list of ${length}`;
    throw new ArgumentError({ op, fact: `${name} is ragged: ${found} where the first of ${formatShape(shape)} is ${wanted}`, code: `${op}/values` });
  }
  if (!isNumeric(value)) throw new ArgumentError({ op, fact: `${name} holds ${showValue(value)}: it must be a tensor, a typed array, or numbers in arrays`, code: `${op}/values` });
  into.push(typeof value === "boolean" ? Number(value) : value);
}

const isNumeric = (value: unknown): value is number | bigint | boolean => typeof value === "number" || typeof value === "bigint" || typeof value === "boolean";
