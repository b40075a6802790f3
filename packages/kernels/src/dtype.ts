import { Float16Array } from "@petamoriken/float16";

/** The element types, float32 being the default. */
export type DType = "float32" | "float64" | "float16" | "int64" | "int32" | "uint8" | "bool";

/** Typed arrays that hold elements on the host; bool lives in bytes 0 and 1, float16 in its 16-bit patterns. */
export type NumberArray = Float32Array | Float64Array | Uint16Array | Int32Array | Uint8Array;

/** The same with int64, whose elements are bigints. */
export type HostArray = NumberArray | BigInt64Array;

interface DTypeInfo {
  readonly name: DType;
  /** The code that kernels understand (`assembly/dtype.ts`). */
  readonly code: number;
  readonly bytes: number;
  readonly isFloating: boolean;
  readonly create: (buffer: ArrayBufferLike, byteOffset: number, length: number) => HostArray;
}

const float32Info: DTypeInfo = { name: "float32", code: 0, bytes: 4, isFloating: true, create: (b, o, n) => new Float32Array(b, o, n) };
const float64Info: DTypeInfo = { name: "float64", code: 1, bytes: 8, isFloating: true, create: (b, o, n) => new Float64Array(b, o, n) };
const float16Info: DTypeInfo = { name: "float16", code: 2, bytes: 2, isFloating: true, create: (b, o, n) => new Uint16Array(b, o, n) };
const int64Info: DTypeInfo = { name: "int64", code: 6, bytes: 8, isFloating: false, create: (b, o, n) => new BigInt64Array(b, o, n) };
const int32Info: DTypeInfo = { name: "int32", code: 3, bytes: 4, isFloating: false, create: (b, o, n) => new Int32Array(b, o, n) };
const uint8Info: DTypeInfo = { name: "uint8", code: 4, bytes: 1, isFloating: false, create: (b, o, n) => new Uint8Array(b, o, n) };
const boolInfo: DTypeInfo = { name: "bool", code: 5, bytes: 1, isFloating: false, create: (b, o, n) => new Uint8Array(b, o, n) };

/** What the engine knows of each dtype. */
export const dtypeInfo: Readonly<Record<DType, DTypeInfo>> = {
  float32: float32Info,
  float64: float64Info,
  float16: float16Info,
  int64: int64Info,
  int32: int32Info,
  uint8: uint8Info,
  bool: boolInfo,
};

export const allDTypes = Object.keys(dtypeInfo) as readonly DType[];

/** A float16 view of 16-bit patterns, for reading and writing them as numbers on the host. */
export function float16View(bits: Uint16Array): Float16Array {
  return new Float16Array(bits.buffer, bits.byteOffset, bits.length);
}
