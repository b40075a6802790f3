import { bfloat16Bits, bfloat16Values, float16View, isHalf, type DType, type NumberArray } from "@tapegrad/kernels";
import type { Tensor } from "../../tensor.ts";
import { elementsOf, isLong, isZero, type Element, type Elements } from "./elements.ts";

const least = -(2n ** 63n), most = 2n ** 63n - 1n;

/** A float as an int64, cut off behind the point; what does not fit, NaN too, becomes the lowest int64, as on x86. */
function truncatedLong(value: number): bigint {
  return value >= -(2 ** 63) && value < 2 ** 63 ? BigInt(Math.trunc(value)) : least;
}

/** A float as an int32, likewise. */
function truncated(value: number): number {
  return value > -2147483649 && value < 2147483648 ? Math.trunc(value) : -2147483648;
}

/**
 * An int64 as a float64, to be rounded once more: where float64 does not hold it, the last bit that it does hold becomes 1, so that the
 * second rounding knows on which side of a tie the number lies.
 */
function roundedToOdd(value: bigint): number {
  const size = value < 0n ? -value : value;
  if (size < 2n ** 53n) return Number(value);
  const kept = (size >> 11n) | ((size & 2047n) === 0n ? 0n : 1n);
  return (value < 0n ? -2048 : 2048) * Number(kept);
}

/** Numbers as the 16-bit patterns of a dtype. */
function encoded(values: ArrayLike<number>, dtype: "float16" | "bfloat16"): Uint16Array {
  if (dtype === "bfloat16") return bfloat16Bits(values);
  const bits = new Uint16Array(values.length);
  float16View(bits).set(values);
  // One NaN, whatever the bits of the other were.
  return bits.map((pattern) => ((pattern & 0x7fff) > 0x7c00 ? 0x7e00 : pattern));
}

/** The numbers behind 16-bit patterns. */
function decoded(bits: Uint16Array, dtype: DType): Float32Array {
  return dtype === "bfloat16" ? bfloat16Values(bits) : Float32Array.from(float16View(bits.slice()));
}

/** Floats truncate to integers and wrap, integers wrap among themselves, anything but zero becomes true. */
export function cast(x: Tensor, out: Tensor): void {
  const elements = elementsOf(x), to = elementsOf(out);
  if (x.dtype === out.dtype) {
    const moved: Elements = to;
    for (let i = 0; i < to.length; i++) moved[i] = elements[i] as Element;
  } else if (out.dtype === "bool") {
    const from: Elements = elements instanceof Uint16Array ? decoded(elements, x.dtype) : elements, answers: Elements = to;
    for (let i = 0; i < to.length; i++) answers[i] = isZero(from[i] as Element) ? 0 : 1;
  } else if (isLong(elements)) {
    if (!isLong(to)) castLongs(elements, to, out.dtype);
  } else {
    const from = elements instanceof Uint16Array ? decoded(elements, x.dtype) : elements;
    if (isLong(to)) for (let i = 0; i < to.length; i++) to[i] = truncatedLong(from[i] as number);
    else castNumbers(from, to, out.dtype);
  }
}

function castNumbers(from: NumberArray, to: NumberArray, dtype: DType): void {
  if (isHalf(dtype)) to.set(encoded(from, dtype));
  else if (dtype === "float32" || dtype === "float64") to.set(from);
  // A Uint8Array keeps the low byte.
  else for (let i = 0; i < to.length; i++) to[i] = truncated(from[i] as number);
}

function castLongs(from: BigInt64Array, to: NumberArray, dtype: DType): void {
  if (isHalf(dtype)) to.set(encoded(Array.from(from, roundedToOdd), dtype));
  else if (dtype === "float32") for (let i = 0; i < to.length; i++) to[i] = roundedToOdd(from[i] as bigint);
  else if (dtype === "float64") for (let i = 0; i < to.length; i++) to[i] = Number(from[i]);
  else for (let i = 0; i < to.length; i++) to[i] = Number(BigInt.asIntN(32, from[i] as bigint));
}

/** A number as an int64: truncated, and the nearest one where there is none. */
export function saturatedLong(value: number): bigint {
  if (Number.isNaN(value)) return 0n;
  if (value >= 2 ** 63) return most;
  return value < -(2 ** 63) ? least : BigInt(Math.trunc(value));
}

/** A number as an element of a dtype that holds numbers, such as the other operand of `x + 3`: floats round, integers wrap. */
export function scalarOf(value: number, dtype: DType): number {
  if (dtype === "float64") return value;
  return dtype === "float32" ? Math.fround(value) : Number(BigInt.asIntN(32, saturatedLong(value)));
}

/** As `scalarOf`, but integers saturate: the bounds of a clamp. */
export function saturatedOf(value: number, dtype: DType): number {
  if (dtype === "float64") return value;
  if (dtype === "float32") return Math.fround(value);
  const [lowest, highest] = dtype === "int32" ? [-2147483648, 2147483647] : [0, 255];
  return Number(saturatedLong(Math.max(lowest, Math.min(highest, value))));
}

export function fill(out: Tensor, value: number): void {
  const to = elementsOf(out), { dtype } = out;
  if (isLong(to)) to.fill(saturatedLong(value));
  else if (isHalf(dtype)) to.fill(encoded([value], dtype)[0] as number);
  else if (dtype === "bool") to.fill(value === 0 ? 0 : 1);
  else to.fill(scalarOf(value, dtype));
}
