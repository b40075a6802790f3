import { Float16Array } from "@petamoriken/float16";
import { dtypeCodes } from "./operations.generated.ts";

/** The element types, float32 being the default. */
export type DType = "float32" | "float64" | "float16" | "bfloat16" | "int64" | "int32" | "uint8" | "bool";

/** Typed arrays that hold elements on the host; bool lives in bytes 0 and 1, float16 and bfloat16 in their 16-bit patterns. */
export type NumberArray = Float32Array | Float64Array | Uint16Array | Int32Array | Uint8Array;

/** The same with int64, whose elements are bigints. */
export type HostArray = NumberArray | BigInt64Array;

interface DTypeInfo {
  readonly name: DType;
  /** The code that kernels understand (operations.mjs). */
  readonly code: number;
  readonly bytes: number;
  readonly isFloating: boolean;
  readonly create: (buffer: ArrayBufferLike, byteOffset: number, length: number) => HostArray;
}

const float32Info: DTypeInfo = { name: "float32", code: dtypeCodes.float32, bytes: 4, isFloating: true, create: (b, o, n) => new Float32Array(b, o, n) };
const float64Info: DTypeInfo = { name: "float64", code: dtypeCodes.float64, bytes: 8, isFloating: true, create: (b, o, n) => new Float64Array(b, o, n) };
const float16Info: DTypeInfo = { name: "float16", code: dtypeCodes.float16, bytes: 2, isFloating: true, create: (b, o, n) => new Uint16Array(b, o, n) };
const bfloat16Info: DTypeInfo = { name: "bfloat16", code: dtypeCodes.bfloat16, bytes: 2, isFloating: true, create: (b, o, n) => new Uint16Array(b, o, n) };
const int64Info: DTypeInfo = { name: "int64", code: dtypeCodes.int64, bytes: 8, isFloating: false, create: (b, o, n) => new BigInt64Array(b, o, n) };
const int32Info: DTypeInfo = { name: "int32", code: dtypeCodes.int32, bytes: 4, isFloating: false, create: (b, o, n) => new Int32Array(b, o, n) };
const uint8Info: DTypeInfo = { name: "uint8", code: dtypeCodes.uint8, bytes: 1, isFloating: false, create: (b, o, n) => new Uint8Array(b, o, n) };
const boolInfo: DTypeInfo = { name: "bool", code: dtypeCodes.bool, bytes: 1, isFloating: false, create: (b, o, n) => new Uint8Array(b, o, n) };

/** What the engine knows of each dtype. */
export const dtypeInfo: Readonly<Record<DType, DTypeInfo>> = {
  float32: float32Info,
  float64: float64Info,
  float16: float16Info,
  bfloat16: bfloat16Info,
  int64: int64Info,
  int32: int32Info,
  uint8: uint8Info,
  bool: boolInfo,
};

export const allDTypes = Object.keys(dtypeInfo) as readonly DType[];

/** Whether a dtype holds fractions, and so has gradients. */
export function isFloating(dtype: DType): boolean {
  return dtypeInfo[dtype].isFloating;
}

/** Whether a dtype is a storage format of 16 bits: what computes with it does so in float32, and rounds once. */
export function isHalf(dtype: DType): dtype is "float16" | "bfloat16" {
  return dtype === "float16" || dtype === "bfloat16";
}

/** The dtype that numbers of a dtype are computed in. */
export function computedDType(dtype: DType): DType {
  return isHalf(dtype) ? "float32" : dtype;
}

/** A float16 view of 16-bit patterns, for reading and writing them as numbers on the host. */
export function float16View(bits: Uint16Array): Float16Array {
  return new Float16Array(bits.buffer, bits.byteOffset, bits.length);
}

/** The numbers behind the patterns of bfloat16, the upper halves of those of float32: JavaScript has no array of them. */
export function bfloat16Values(bits: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(bits, (pattern) => pattern << 16).buffer);
}

/** Numbers as bfloat16: rounded once, ties to even, NaN kept. */
export function bfloat16Bits(values: ArrayLike<number>): Uint16Array {
  const near = Float32Array.from(values);
  const patterns = new Uint32Array(near.buffer);
  return Uint16Array.from(patterns, (pattern, i) => {
    const [value, rounded] = [values[i] as number, near[i] as number];
    if (Number.isNaN(value)) return 0x7fc0;
    // An inexact float32 takes its odd neighbour, so that the second rounding knows on which side of a tie the number lies.
    const odd = rounded === value ? pattern : (Math.abs(rounded) > Math.abs(value) ? pattern - 1 : pattern) | 1;
    return (odd + 0x7fff + ((odd >>> 16) & 1)) >>> 16;
  });
}
