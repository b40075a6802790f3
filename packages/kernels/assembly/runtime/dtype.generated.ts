// Made of operations.mjs; `node packages/kernels/generate.mjs` makes it anew.
// bool is stored as bytes 0 and 1, bfloat16 as the upper half of a float32.
export const F32: i32 = 0;
export const F64: i32 = 1;
export const F16: i32 = 2;
export const I32: i32 = 3;
export const U8: i32 = 4;
export const BOOL: i32 = 5;
export const I64: i32 = 6;
export const BF16: i32 = 7;

/** The size of an element. */
export function bytesOf(dtype: i32): usize {
  if (dtype == F32 || dtype == I32) return 4;
  if (dtype == F64 || dtype == I64) return 8;
  if (dtype == F16 || dtype == BF16) return 2;
  return 1;
}
