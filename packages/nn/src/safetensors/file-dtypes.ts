import type { DType } from "@tapegrad/tensor";
import { float8Values } from "./float8.ts";

/** How elements of a file become elements of a tensor. */
export interface FileDType {
  readonly bytes: number;
  /** The dtype that they are loaded as: the same, or the next that holds every value. */
  readonly dtype: DType;
  /** The elements of some bytes; null where these are the tensor's own. */
  readonly decode: Decode | null;
}

type Decode = (bytes: ArrayBuffer, count: number) => Elements;

/** Elements that a tensor's take over by `set`, which converts what is narrower. */
type Elements = Int8Array | Int16Array | Uint8Array | Uint16Array | Float32Array | BigInt64Array;

const own = (bytes: number, dtype: DType): FileDType => ({ bytes, dtype, decode: null });

function float8(name: Parameters<typeof float8Values>[0]): FileDType {
  let values: Float32Array | null = null;
  return {
    bytes: 1,
    dtype: "float32",
    decode: (bytes, count) => {
      const table = (values ??= float8Values(name));
      return Float32Array.from(new Uint8Array(bytes, 0, count), (pattern) => table[pattern] as number);
    },
  };
}

function boolsFromBytes(bytes: ArrayBuffer, count: number): Uint8Array {
  return new Uint8Array(bytes, 0, count).map((byte) => (byte === 0 ? 0 : 1));
}

function longsFromUnsigned32(bytes: ArrayBuffer, count: number): BigInt64Array {
  const longs = new BigInt64Array(count);
  // The lower half of each is the number; the upper one stays 0.
  const halves = new Uint32Array(longs.buffer);
  new Uint32Array(bytes, 0, count).forEach((value, i) => (halves[2 * i] = value));
  return longs;
}

/** A number that int64 does not hold. */
export class BeyondInt64 extends RangeError {
  readonly value: bigint;
  constructor(value: bigint) {
    super(`${value} is beyond int64`);
    this.value = value;
  }
}

function longsFromUnsigned64(bytes: ArrayBuffer, count: number): BigInt64Array {
  const longs = new BigInt64Array(bytes, 0, count);
  const wrapped = longs.find((value) => value < 0n);
  if (wrapped !== undefined) throw new BeyondInt64(BigInt.asUintN(64, wrapped));
  return longs;
}

/** The dtypes of the format that tensors can hold. */
export const fileDTypes: ReadonlyMap<string, FileDType> = new Map<string, FileDType>([
  ["F32", own(4, "float32")],
  ["F64", own(8, "float64")],
  ["F16", own(2, "float16")],
  ["I64", own(8, "int64")],
  ["I32", own(4, "int32")],
  ["U8", own(1, "uint8")],
  ["BOOL", { bytes: 1, dtype: "bool", decode: boolsFromBytes }],
  ["BF16", own(2, "bfloat16")],
  ["I8", { bytes: 1, dtype: "int32", decode: (bytes, count) => new Int8Array(bytes, 0, count) }],
  ["I16", { bytes: 2, dtype: "int32", decode: (bytes, count) => new Int16Array(bytes, 0, count) }],
  ["U16", { bytes: 2, dtype: "int32", decode: (bytes, count) => new Uint16Array(bytes, 0, count) }],
  ["U32", { bytes: 4, dtype: "int64", decode: longsFromUnsigned32 }],
  ["U64", { bytes: 8, dtype: "int64", decode: longsFromUnsigned64 }],
  ["F8_E4M3", float8("F8_E4M3")],
  ["F8_E5M2", float8("F8_E5M2")],
  ["F8_E4M3FNUZ", float8("F8_E4M3FNUZ")],
  ["F8_E5M2FNUZ", float8("F8_E5M2FNUZ")],
  ["F8_E8M0", float8("F8_E8M0")],
]);

/** Bits of an element in the dtypes that the format has but no tensor here. */
export const otherDTypeBits: ReadonlyMap<string, number> = new Map([["F4", 4], ["F6_E2M3", 6], ["F6_E3M2", 6], ["C64", 64]]);

/** The dtype of the format that each of ours is written as. */
export const savedDTypes: Readonly<Record<DType, string>> = {
  float32: "F32", float64: "F64", float16: "F16", bfloat16: "BF16", int64: "I64", int32: "I32", uint8: "U8", bool: "BOOL",
};
