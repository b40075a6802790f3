import { dtypeInfo, storageFrom, type DType, type HostArray } from "@tapegrad/kernels";
import { contiguousStrides, sizeOf, type Shape } from "../../../shape.ts";
import { Tensor } from "../../../tensor.ts";
import type { StreamPlace } from "../../backend.ts";

/** An array of a dtype's host type. */
export function arrayOf(dtype: DType, values: readonly number[]): HostArray {
  const { bytes, create } = dtypeInfo[dtype];
  const array = create(new ArrayBuffer(bytes * values.length), 0, values.length);
  if (array instanceof BigInt64Array) values.forEach((value, i) => { array[i] = BigInt(Math.trunc(value)); });
  else array.set(values);
  return array;
}

const specials: Readonly<Record<"float" | "int32" | "uint8" | "bool" | "half", readonly number[]>> = {
  float: [0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 1e-40, 3e-39, 1e30, -1e30, 88, -104, Infinity, -Infinity, NaN, NaN],
  int32: [0, 1, -1, 2147483647, -2147483648, 65536, -7],
  uint8: [0, 1, 2, 128, 255],
  bool: [0, 1],
  half: [0, 0x8000, 0x3c00, 0x7c00, 0xfc00, 1, 0x0400, 0x7f80, 0x3f81],
};

const longSpecials = [0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, 2n ** 62n + 2n ** 54n + 1n, -(2n ** 31n) - 5n, 3n];

/** How the elements of an operand lie. */
export type Layout = "dense" | "shifted" | "transposed" | "stepped" | "broadcast";
export const layouts: readonly Layout[] = ["dense", "shifted", "transposed", "stepped", "broadcast"];

/** Random operands, the same ones for the same seed (xorshift32). */
export class Operands {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed + 1, 0x9e3779b9) | 1;
    for (let i = 0; i < 8; i++) this.bits();
  }

  bits(): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return this.#state >>> 0;
  }

  /** An integer in [low, high]. */
  integer(low: number, high: number): number {
    return low + (this.bits() % (high - low + 1));
  }

  number(low: number, high: number): number {
    return low + ((this.bits() >>> 8) / 2 ** 24) * (high - low);
  }

  choice<T>(values: readonly T[]): T {
    return values[this.bits() % values.length] as T;
  }

  shape(rank = this.integer(0, 4)): Shape {
    return Array.from({ length: rank }, () => this.integer(1, 4));
  }

  place(): StreamPlace {
    // The low half of the counter is about to carry, as it once in 2^34 elements is.
    return [this.bits() | 0, this.bits() | 0, this.choice([0, -1, -2, 7]), this.choice([0, -1, 3])];
  }

  /** Any elements of a dtype, its special ones among them. */
  any(dtype: DType, count: number): HostArray {
    const isSpecial = (): boolean => this.bits() % 3 === 0;
    if (dtype === "int64") {
      return BigInt64Array.from({ length: count }, () => (isSpecial() ? this.choice(longSpecials) : BigInt.asIntN(64, (BigInt(this.bits()) << 32n) | BigInt(this.bits())) >> BigInt(this.integer(0, 62))));
    }
    const isHalf = dtype === "float16" || dtype === "bfloat16", isFloat = dtype === "float32" || dtype === "float64";
    const own = specials[isHalf ? "half" : isFloat ? "float" : dtype];
    const ordinary = (): number => {
      if (isFloat) return this.number(-3, 3) * 2 ** this.integer(-3, 3);
      if (dtype === "bool") return this.integer(0, 1);
      return dtype === "int32" ? this.bits() >> this.integer(0, 30) : this.bits();
    };
    return arrayOf(dtype, Array.from({ length: count }, () => (isSpecial() ? this.choice(own) : ordinary())));
  }

  /** Numbers between -2 and 2, or those that `ordinary` tells. */
  mild(dtype: DType, count: number, ordinary: () => number = () => this.number(-2, 2)): HostArray {
    return arrayOf(dtype, Array.from({ length: count }, ordinary));
  }

  /** A tensor whose elements lie as asked; `values` makes what its storage holds. */
  tensor(dtype: DType, shape: Shape, layout: Layout = "dense", values: (count: number) => HostArray = (count) => this.any(dtype, count)): Tensor {
    const dense = contiguousStrides(shape), size = sizeOf(shape);
    switch (layout) {
      case "dense": return new Tensor(storageFrom(dtype, values(size)), shape);
      case "shifted": return new Tensor(storageFrom(dtype, values(size + 3)), shape, null, 3);
      case "transposed": {
        const strides = contiguousStrides(shape.toReversed()).toReversed();
        return new Tensor(storageFrom(dtype, values(size + 1)), shape, strides, 1);
      }
      case "stepped": return new Tensor(storageFrom(dtype, values(2 * size + 1)), shape, dense.map((stride) => 2 * stride), 1);
      case "broadcast": return new Tensor(storageFrom(dtype, values(size)), shape, dense.map((stride, dim) => (dim % 2 === 0 ? 0 : stride)));
    }
  }

  /** A row-major tensor of mild numbers, somewhere in its storage. */
  mildTensor(dtype: DType, shape: Shape, layout: Layout = this.choice(["dense", "shifted"]), ordinary?: () => number): Tensor {
    return this.tensor(dtype, shape, layout, (count) => this.mild(dtype, count, ordinary));
  }

  /** Row-major positions, or labels, in [low, high]. */
  indices(shape: Shape, low: number, high: number): Tensor {
    return this.mildTensor("int32", shape, undefined, () => this.integer(low, high));
  }
}
