import { bfloat16Bits, type DType, type HostArray } from "@tapegrad/kernels";
import { Float16Array } from "@petamoriken/float16";
import { DTypeError, IndexError } from "./errors.ts";
import type { ElementArray } from "./tensor.ts";

/** What each integer dtype holds; a negative number that fits wraps in uint8, as in PyTorch. */
const bounds = { int64: [-(2 ** 63), 2 ** 63], int32: [-(2 ** 31), 2 ** 31], uint8: [-255, 256] } as const;

const largestFloat = { float32: 3.4028235677973366e38, float64: Infinity, float16: 65520, bfloat16: 2 ** 128 - 2 ** 119 } as const;

/** The dtype of a typed array. Throws DTypeError `tensor/array-type`. */
export function elementDType(data: ElementArray | BigInt64Array): DType {
  if (data instanceof Float32Array) return "float32";
  if (data instanceof Float64Array) return "float64";
  if (data instanceof Int32Array) return "int32";
  if (data instanceof Uint8Array) return "uint8";
  if (data instanceof BigInt64Array) return "int64";
  if (data instanceof Float16Array) return "float16";
  throw new DTypeError({
    op: "tensor",
    fact: `a ${Object.prototype.toString.call(data).slice(8, -1)} has no dtype`,
    hint: "use a Float32Array, Float64Array, Float16Array, BigInt64Array, Int32Array or Uint8Array",
    code: "tensor/array-type",
  });
}

/**
 * Host elements of numbers in a dtype: bool as 0 and 1, 16-bit floats as bit patterns, integers without the fraction.
 *
 * Throws    IndexError `OP/value` for a number that the integer dtype does not hold
 */
export function encode(op: string, values: ArrayLike<number> | BigInt64Array, dtype: DType): HostArray {
  if (values instanceof BigInt64Array) return encodeBigInts(op, values, dtype);
  switch (dtype) {
    case "float32": return Float32Array.from(values);
    case "float64": return Float64Array.from(values);
    case "float16": return new Uint16Array(Float16Array.from(values).buffer);
    case "bfloat16": return bfloat16Bits(values);
    case "bool": return Uint8Array.from(values, (value) => (value === 0 ? 0 : 1));
    case "int64": return BigInt64Array.from({ length: values.length }, (_, i) => BigInt(Math.trunc(held(op, values[i] as number, "int64", i))));
    case "int32": return Int32Array.from(values, (value, i) => held(op, value, "int32", i));
    case "uint8": return Uint8Array.from(values, (value, i) => held(op, value, "uint8", i));
  }
}

function encodeBigInts(op: string, values: BigInt64Array, dtype: DType): HostArray {
  return dtype === "int64" ? values : encode(op, Array.from(values, Number), dtype);
}

function held(op: string, value: number, dtype: keyof typeof bounds, position: number): number {
  if (fitsInteger(value, dtype)) return value;
  throw new IndexError({
    op,
    fact: `the value ${value} at position ${position} does not fit into ${dtype}`,
    ...(dtype === "int64" ? {} : { hint: 'use the dtype "int64" or a floating one' }),
    code: `${op}/value`,
    data: { value, position, dtype },
  });
}

/** Whether an integer dtype holds the integer part of a number. */
export function fitsInteger(value: number, dtype: keyof typeof bounds): boolean {
  const [lowest, end] = bounds[dtype];
  const whole = Math.trunc(value);
  return whole >= lowest && whole < end;
}

/** Throws IndexError `OP/value` for a number that the dtype does not hold. */
export function requireRepresentable(op: string, value: number, dtype: DType): void {
  if (typeof value === "number" && isRepresentable(value, dtype)) return;
  throw new IndexError({ op, fact: `the value ${String(value)} does not fit into ${dtype}`, code: `${op}/value`, data: { value, dtype } });
}

function isRepresentable(value: number, dtype: DType): boolean {
  if (dtype === "bool") return true;
  if (dtype === "int64" || dtype === "int32" || dtype === "uint8") return fitsInteger(value, dtype);
  return !Number.isFinite(value) || Math.abs(value) < largestFloat[dtype];
}
