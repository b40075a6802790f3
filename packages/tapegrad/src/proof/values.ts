import { expand, narrow, permute, reshape, slice, tensor, type DType, type Shape, type Tensor } from "@tapegrad/tensor";
import type { Input, Recipe } from "./input.ts";

/** What lies in the gaps of a view: a value that would show in any result. */
const filler = 77;

/** Element i of a seed's stream of 32-bit numbers (mulberry32). */
function bits(seed: number, i: number): number {
  const state = (seed + Math.imul(i + 1, 0x6d2b79f5)) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return (t ^ (t >>> 14)) >>> 0;
}

/** 2^n by steps that are all exact; engines differ on `2 ** n`. */
function powerOfTwo(n: number): number {
  let power = 1;
  for (let i = 0; i < Math.abs(n); i++) power *= n < 0 ? 0.5 : 2;
  return power;
}

interface Exponents {
  readonly largest: number;
  readonly smallest: number;
  /** Powers of two below `smallest`, which are subnormal. */
  readonly subnormal: number;
  readonly wide: number;
}

const exponents: Partial<Record<DType, Exponents>> = {
  float16: { largest: 15, smallest: -14, subnormal: 9, wide: 8 },
  float32: { largest: 127, smallest: -126, subnormal: 20, wide: 20 },
  float64: { largest: 1023, smallest: -1022, subnormal: 40, wide: 40 },
};

const specials = [0, -0, 1, -1, 0.5, -0.5, 2, -3, Infinity, -Infinity, 1.5, -2.5, NaN];
const extremes: Partial<Record<DType, readonly number[]>> = {
  // What a float64 holds: 3037000500 is the first whose square overflows.
  int64: [-(2 ** 63), 2 ** 63 - 1024, 0, 1, -1, 3037000500, -(2 ** 32), 2 ** 53 - 1],
  int32: [-(2 ** 31), 2 ** 31 - 1, 0, 1, -1, 46341, -65536, 2 ** 31 - 2],
  uint8: [0, 255, 1, 128, 127, 254, 16, 200],
};

/** One value of a recipe from 32 random bits. */
function valueOf(recipe: Recipe, dtype: DType, u: number, i: number): number {
  if (dtype === "bool") return u % 2;
  const span = exponents[dtype];
  const high = u >>> 20;
  const sign = u % 2 === 0 ? 1 : -1;
  const mantissa = 1 + (high % 8) / 8;
  switch (recipe) {
    case "index5": return u % 5;
    case "index3": return u % 3;
    case "index2": return u % 2;
    case "count": return i;
    case "ties": return dtype === "uint8" ? u % 3 : (u % 3) - 1;
    case "extremes": return extremes[dtype]?.[u % 8] ?? 0;
    default:
  }
  if (span === undefined) return dtype === "uint8" ? u % 10 : (u % 19) - 9;
  switch (recipe) {
    case "eighths": return ((u % 33) - 16) / 8;
    case "fine": return (high - 2048 + 0.5) / 1024;
    case "unit": return (high - 2048 + 0.5) / 2048;
    case "positive": return (high + 1) / 1024;
    case "zeros": return u % 3 === 0 ? 0 : ((high % 33) - 16) / 8;
    case "specials": return specials[u % 13] as number;
    case "everySpecial": return specials[i % 13] as number;
    case "infinite": return specials[u % 12] as number;
    case "large": return sign * mantissa * powerOfTwo(span.largest - ((u >>> 8) % 4));
    case "small": return sign * mantissa * powerOfTwo(span.smallest + 2 - ((u >>> 8) % (span.subnormal + 2)));
    case "wide": return sign * mantissa * powerOfTwo(((u >>> 8) % (2 * span.wide + 1)) - span.wide);
  }
}

const sizeOf = (shape: Shape): number => shape.reduce((size, n) => size * n, 1);

function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = (strides[i + 1] as number) * (shape[i + 1] as number);
  return strides;
}

/** Writes row-major `values` of a shape into `base`, element [i, j, ...] at offset + i strides[0] + j strides[1] + ... */
function place(values: ArrayLike<number>, shape: Shape, base: Float64Array, strides: readonly number[], offset: number): void {
  const index = shape.map(() => 0);
  for (let n = 0; n < values.length; n++) {
    base[offset + index.reduce((sum, i, d) => sum + i * (strides[d] as number), 0)] = values[n] as number;
    for (let d = shape.length - 1; d >= 0; d--) {
      index[d] = (index[d] as number) + 1;
      if (index[d] !== shape[d]) break;
      index[d] = 0;
    }
  }
}

function filled(shape: Shape): Float64Array {
  return new Float64Array(sizeOf(shape)).fill(filler);
}

/** The shape of what is stored: an expanded input repeats its first dimension that can be repeated. */
function storedShape({ shape, layout }: Input): Shape {
  const dim = shape.findIndex((size) => size > 1);
  return layout === "expanded" && dim >= 0 ? shape.with(dim, 1) : shape;
}

/** The numbers of an input, repeated ones once, before they are rounded to its dtype. */
export function numbersOf(input: Input, seed: number): Float64Array {
  const { values: recipe, dtype } = input;
  return typeof recipe === "string" ? Float64Array.from({ length: sizeOf(storedShape(input)) }, (_, i) => valueOf(recipe, dtype, bits(seed, i), i)) : Float64Array.from(recipe);
}

/** The tensor of an input of the case list. */
export function make(input: Input, seed: number): Tensor {
  const { shape, dtype, layout } = input;
  const own = storedShape(input);
  const values = numbersOf(input, seed);
  const plain = (data: ArrayLike<number>, size: Shape): Tensor => tensor(Float64Array.from(data), { shape: size, dtype });
  if (own !== shape) return expand(plain(values, own), shape);
  switch (layout) {
    case "plain":
    case "expanded":
      return plain(values, shape);
    case "transposed": {
      const turned = shape.toReversed();
      const base = filled(turned);
      place(values, shape, base, stridesOf(turned).toReversed(), 0);
      return permute(plain(base, turned), shape.map((_, d) => shape.length - 1 - d));
    }
    case "narrowed": {
      const around = shape.map((size) => size + 2);
      const base = filled(around);
      const strides = stridesOf(around);
      place(values, shape, base, strides, strides.reduce((sum, stride) => sum + stride, 0));
      return shape.reduce((view, size, d) => narrow(view, d, 1, size), plain(base, around));
    }
    case "stepped": {
      if (shape.length === 0) return plain(values, shape);
      const wide = shape.with(-1, 2 * (shape.at(-1) as number));
      const base = filled(wide);
      place(values, shape, base, stridesOf(wide).with(-1, 2), 1);
      return slice(plain(base, wide), shape.length - 1, 1, Infinity, 2);
    }
    case "offset": {
      const base = [filler, filler, filler, ...values, filler];
      return reshape(narrow(plain(base, [base.length]), 0, 3, values.length), shape);
    }
  }
}

/** The factor by which an output is multiplied before its gradient is taken. */
export function weightsFor(shape: Shape, dtype: DType, seed: number): Tensor {
  return make({ shape, dtype, values: "eighths", layout: "plain", constant: true }, seed);
}
