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

type Decode = (bytes: DataView<ArrayBuffer>, count: number) => ArrayLike<number> | ArrayLike<bigint>;

const own = (bytes: number, dtype: DType): FileDType => ({ bytes, dtype, decode: null });
const decoded = (bytes: number, dtype: DType, read: (view: DataView, at: number) => number): FileDType => ({
  bytes,
  dtype,
  decode: (view, count) => Float64Array.from({ length: count }, (_, i) => read(view, i * bytes)),
});
const bigints = (bytes: number, read: (view: DataView, at: number) => bigint): FileDType => ({
  bytes,
  dtype: "int64",
  decode: (view, count) => BigInt64Array.from({ length: count }, (_, i) => read(view, i * bytes)),
});

function float8(name: Parameters<typeof float8Values>[0]): FileDType {
  let values: Float32Array | null = null;
  return decoded(1, "float32", (view, at) => (values ??= float8Values(name))[view.getUint8(at)] as number);
}

/** A number that int64 does not hold. */
export class BeyondInt64 extends RangeError {
  readonly value: bigint;
  constructor(value: bigint) {
    super(`${value} is beyond int64`);
    this.value = value;
  }
}

function unsigned64(view: DataView, at: number): bigint {
  const value = view.getBigUint64(at, true);
  if (value > 0x7fff_ffff_ffff_ffffn) throw new BeyondInt64(value);
  return value;
}

/** The dtypes of the format that tensors can hold. */
export const fileDTypes: ReadonlyMap<string, FileDType> = new Map([
  ["F32", own(4, "float32")],
  ["F64", own(8, "float64")],
  ["F16", own(2, "float16")],
  ["I64", own(8, "int64")],
  ["I32", own(4, "int32")],
  ["U8", own(1, "uint8")],
  ["BOOL", decoded(1, "bool", (view, at) => (view.getUint8(at) === 0 ? 0 : 1))],
  ["BF16", own(2, "bfloat16")],
  ["I8", decoded(1, "int32", (view, at) => view.getInt8(at))],
  ["I16", decoded(2, "int32", (view, at) => view.getInt16(at, true))],
  ["U16", decoded(2, "int32", (view, at) => view.getUint16(at, true))],
  ["U32", bigints(4, (view, at) => BigInt(view.getUint32(at, true)))],
  ["U64", bigints(8, unsigned64)],
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
