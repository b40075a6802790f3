import { isFloating, isHalf, tensor, type DType, type SampleInput, type Shape, type Tensor } from "@tapegrad/tensor";
import type { Random } from "./random.ts";

/** Distance of values from the points in `avoid`: well beyond the reach of the numeric stencil, 0.002. */
const clearance = 0.2;
/** Distance between values that must be distinct, at least. */
const spacing = 0.05;

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((size, n) => size * n, 1);
}

/** Values for an operand of a sample: within its range, away from what it avoids, distinct where it asks for that. */
export function valuesFor(input: SampleInput, dtype: DType, random: Random): number[] {
  if (input.values !== undefined) return [...input.values];
  const size = sizeOf(input.shape);
  if (dtype === "bool") return Array.from({ length: size }, () => Math.floor(random() * 2));
  const [low, high] = rangeFor(input, dtype);
  if (isFloating(dtype)) return input.distinct === true ? distinctFloats(size, low, high, random) : scattered(size, low, high, input.avoid ?? [], random);
  if (input.distinct === true) return shuffled(Array.from({ length: size }, (_, i) => low + i), random);
  return Array.from({ length: size }, () => integerBetween(low, high, input.avoid ?? [], random));
}

/** Integers for a floating operand: what the exact comparisons use. Null where the range holds no integers. */
export function integersFor(input: SampleInput, dtype: DType, random: Random): number[] | null {
  if (input.values !== undefined) return [...input.values];
  const [low = -2, high = 2] = input.range ?? [];
  const [from, to] = [Math.ceil(low), Math.floor(high)];
  const choices = Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i).filter((v) => !(input.avoid ?? []).includes(v));
  if (choices.length === 0) return null;
  const size = sizeOf(input.shape);
  if (input.distinct === true) return isHalf(dtype) && size > (dtype === "float16" ? 1000 : 250) ? null : shuffled(Array.from({ length: size }, (_, i) => i - (size >> 1)), random);
  return Array.from({ length: size }, () => choices[Math.floor(random() * choices.length)] as number);
}

function rangeFor(input: SampleInput, dtype: DType): readonly [number, number] {
  const [low, high] = input.range ?? [-2, 2];
  if (isFloating(dtype)) return [low, high];
  const least = dtype === "uint8" ? 0 : -9;
  const [from, to] = [Math.max(Math.ceil(low), least), Math.floor(high)];
  const usable = Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i).filter((v) => !(input.avoid ?? []).includes(v));
  // A range between two integers is meant for fractions: any integers do.
  return usable.length > 0 ? [from, to] : [least, 9];
}

function scattered(size: number, low: number, high: number, avoid: readonly number[], random: Random): number[] {
  return Array.from({ length: size }, () => {
    while (true) {
      const value = low + random() * (high - low);
      if (avoid.every((point) => Math.abs(value - point) >= clearance)) return value;
    }
  });
}

function distinctFloats(size: number, low: number, high: number, random: Random): number[] {
  const step = Math.max(spacing, (high - low) / Math.max(size, 1));
  return shuffled(Array.from({ length: size }, (_, i) => low + (i + 0.5) * step), random);
}

function integerBetween(low: number, high: number, avoid: readonly number[], random: Random): number {
  while (true) {
    const value = low + Math.floor(random() * (high - low + 1));
    if (!avoid.includes(value)) return value;
  }
}

function shuffled(values: number[], random: Random): number[] {
  for (let i = values.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [values[i], values[j]] = [values[j] as number, values[i] as number];
  }
  return values;
}

/** A row-major tensor of values. */
export function fromValues(values: ArrayLike<number>, shape: Shape, dtype: DType): Tensor {
  // Values that must be distinct may be more than bytes can tell apart: they wrap.
  return tensor(dtype === "uint8" ? Uint8Array.from(values) : Float64Array.from(values), { shape, dtype });
}
