import { notATensor } from "./copies.ts";
import { isElementArray, nestedShape, tensor } from "./creation.ts";
import { encode, fitsInteger } from "./encode.ts";
import { IndexError, inTheNameOf, ShapeError } from "./errors.ts";
import { sameShape } from "./shape.ts";
import { showValue } from "./show-value.ts";
import { Tensor, tensorFromHost, type ElementArray, type NestedArray } from "./tensor.ts";

type NestedIntegers = number | readonly NestedIntegers[];

/** Positions or class labels: a tensor of integers, or arrays of them, nested or typed. */
export type IntegerData = Tensor | readonly NestedIntegers[] | ElementArray | BigInt64Array;

/**
 * The tensor of positions or labels that were given as one or as arrays. Plain arrays give int32 where that holds them, else int64, so that what
 * is out of range is so by its own number.
 *
 * Throws    ArgumentError `tapegrad/not-a-tensor`, `tapegrad/two-copies`; IndexError `OP/integer`, ShapeError `OP/ragged`
 */
export function integersOf(op: string, name: string, data: IntegerData): Tensor {
  if (Tensor.isTensor(data)) return data;
  if (isElementArray(data)) return tensor(data);
  if (!Array.isArray(data)) throw notATensor(op, name, data, undefined, "a tensor or an array of integers");
  const shape = nestedShape(data);
  const flat: number[] = [];
  collect(op, name, data, shape, 0, flat);
  const dtype = flat.every((value) => fitsInteger(value, "int32")) ? "int32" : "int64";
  return tensorFromHost(encode(op, flat, dtype), shape, dtype);
}

/** Class labels, or the probabilities of all classes as nested arrays of the logits' shape. */
export type TargetData = IntegerData | readonly NestedArray[];

/** As `integersOf`; nested arrays of the logits' shape are probabilities, in the logits' dtype. */
export function targetsOf(op: string, data: TargetData, logits: Tensor): Tensor {
  if (Array.isArray(data) && sameShape(nestedShape(data as readonly NestedArray[]), logits.shape)) return inTheNameOf(op, () => tensor(data as readonly NestedArray[], logits.dtype));
  return integersOf(op, "targets", data as IntegerData);
}

/** Appends the integers to `flat`; `place` is where in the argument they stand. */
function collect(op: string, place: string, data: unknown, shape: readonly number[], depth: number, flat: number[]): void {
  const size = shape[depth];
  if (size === undefined) {
    if (!Number.isSafeInteger(data)) throw new IndexError({ op, fact: `${place} = ${showValue(data)} must be an integer`, code: `${op}/integer`, data: { value: data } });
    flat.push(data as number);
    return;
  }
  if (!Array.isArray(data) || data.length !== size) {
    throw new ShapeError({ op, fact: `${place} must be an array of ${size}, as long as its neighbours, not ${showValue(data)}`, code: `${op}/ragged`, data: { size } });
  }
  for (let i = 0; i < size; i++) collect(op, `${place}[${i}]`, data[i], shape, depth + 1, flat);
}
