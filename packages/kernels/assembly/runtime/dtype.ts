/** Codes of the dtypes, as the host passes them (`packages/kernels/src/dtype.ts`). */
export const F32: i32 = 0;
export const F64: i32 = 1;
export const F16: i32 = 2;
export const I32: i32 = 3;
export const U8: i32 = 4;
/** Stored as bytes 0 and 1. */
export const BOOL: i32 = 5;
export const I64: i32 = 6;
/** Stored as the upper half of a float32. */
export const BF16: i32 = 7;
