import type { Arbitrary } from "fast-check";
import type { DType } from "@tapegrad/tensor";
import type { FastCheck } from "./fast-check.ts";

/**
 * What elements are: "any" number that the dtype holds, NaN and infinities too; "finite" ones; or "apart", which numeric derivatives need:
 * distinct, within 8 of 0 where there are few, and farther from each other and from 0 than a numeric derivative steps (200 of them in 16-bit
 * dtypes, which have no more).
 */
export type ElementKind = "any" | "finite" | "apart";

/** The largest finite number, the smallest normal and the smallest subnormal one, and the step from 1 to the next. */
const floats = {
  float64: [Number.MAX_VALUE, 2 ** -1022, 2 ** -1074, 2 ** -52],
  float32: [(2 - 2 ** -23) * 2 ** 127, 2 ** -126, 2 ** -149, 2 ** -23],
  float16: [65504, 2 ** -14, 2 ** -24, 2 ** -10],
  bfloat16: [(2 - 2 ** -7) * 2 ** 127, 2 ** -126, 2 ** -133, 2 ** -7],
} as const satisfies Partial<Record<DType, readonly number[]>>;

const integers = { int64: [-(2 ** 53 - 1), 2 ** 53 - 1], int32: [-(2 ** 31), 2 ** 31 - 1], uint8: [0, 255] } as const;

/** One element. Small integers come often, so that tensors have ties, and are what others shrink to: 0 before all. */
export function elementOf(fc: FastCheck, dtype: DType, kind: "any" | "finite"): Arbitrary<number> {
  if (dtype === "bool") return fc.integer({ min: 0, max: 1 });
  if (dtype === "int64" || dtype === "int32" || dtype === "uint8") {
    const [min, max] = integers[dtype];
    const small = fc.integer({ min: Math.max(min, -3), max: 3 });
    return fc.oneof({ withCrossShrink: true }, { weight: 6, arbitrary: small }, { weight: 3, arbitrary: fc.integer({ min: Math.max(min, -100), max: 100 }) }, { weight: 1, arbitrary: fc.constantFrom(min, max) });
  }
  const [largest, normal, subnormal, unit] = floats[dtype];
  // 1000 steps to each side, a power of two apart: every one is a number of the dtype, or near one.
  const usual = fc.integer({ min: -1000, max: 1000 }).map((step) => step / 64 + 0);
  const finite = [-0, normal, -normal, subnormal, -subnormal, 1 + unit, -1 - unit, largest, -largest, Math.sqrt(normal), Math.sqrt(largest)];
  return fc.oneof(
    { withCrossShrink: true },
    { weight: 6, arbitrary: fc.integer({ min: -3, max: 3 }) },
    { weight: 6, arbitrary: usual },
    { weight: 2, arbitrary: fc.constantFrom(...finite) },
    ...(kind === "any" ? [{ weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity) }] : []),
  );
}

/** How far apart elements are: a power of two, so that every dtype holds them; a numeric derivative steps 0.002 to each side. */
const gap: Readonly<Record<Exclude<DType, "bool">, number>> = { float64: 1 / 128, float32: 1 / 128, float16: 1 / 16, bfloat16: 1 / 16, int64: 1, int32: 1, uint8: 1 };

/** Half a gap beside the grid, so that none is 0; integers are on it. */
const atPlace = (place: number, dtype: Exclude<DType, "bool">): number => (gap[dtype] === 1 ? place : (place + 0.5) * gap[dtype]);

/** Elements that are as far apart as a numeric derivative needs. In integer dtypes they are distinct; bool has but two. */
export function elementsApart(fc: FastCheck, dtype: DType, size: number): Arbitrary<number[]> {
  if (dtype === "bool") return fc.array(elementOf(fc, dtype, "finite"), { minLength: size, maxLength: size, size: "max" });
  const half = Math.max(gap[dtype] === 1 / 128 ? 500 : 100, Math.ceil(size / 2));
  const least = dtype === "uint8" ? 0 : -half;
  // Neither an array of unique numbers nor a shuffled one: fast-check takes minutes for those that are large.
  return fc.nat().map((seed) => someOf(2 * half, size, seed).map((place) => atPlace(least + place, dtype)));
}

/** As many of the numbers below `below`, each once and in no order. */
function someOf(below: number, count: number, seed: number): number[] {
  const all = Array.from({ length: below }, (_, i) => i);
  let state = seed | 0;
  for (let i = 0; i < count; i++) {
    // mulberry32
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    const other = i + (((mixed ^ (mixed >>> 14)) >>> 0) % (below - i));
    [all[i], all[other]] = [all[other] as number, all[i] as number];
  }
  return all.slice(0, count);
}

/** The simplest that are apart. */
export function simplestApart(dtype: DType, size: number): number[] {
  return Array.from({ length: size }, (_, place) => (dtype === "bool" ? place % 2 : atPlace(place, dtype)));
}

/** Numbers that say the same more simply, the simplest first. */
export function simpler(value: number): number[] {
  if (Object.is(value, 0)) return [];
  if (!Number.isFinite(value)) return [0, 1, 1000, -1000];
  const whole = Math.trunc(value) + 0;
  const candidates = [0, 1, 0.5, Math.abs(value), whole, Math.trunc(Math.sqrt(Math.abs(value))), Math.trunc(value / 2) + 0, whole - Math.sign(whole)];
  return [...new Set(candidates)].filter((other) => isSimpler(other, value));
}

/** Integers are simpler than fractions, short numbers than long ones, positive ones than negative. */
function isSimpler(a: number, b: number): boolean {
  if (Number.isInteger(a) !== Number.isInteger(b)) return Number.isInteger(a);
  if (Math.abs(a) !== Math.abs(b)) return Math.abs(a) < Math.abs(b);
  const isNegative = (value: number): boolean => value < 0 || Object.is(value, -0);
  return isNegative(b) && !isNegative(a);
}

/** Whether a dtype has this number, as far as finite ones go. */
export function holds(dtype: DType, value: number): boolean {
  if (dtype === "bool") return value === 0 || value === 1;
  if (dtype === "int64" || dtype === "int32" || dtype === "uint8") return Number.isInteger(value) && value >= integers[dtype][0] && value <= integers[dtype][1];
  return !Number.isFinite(value) || Math.abs(value) <= floats[dtype][0];
}
