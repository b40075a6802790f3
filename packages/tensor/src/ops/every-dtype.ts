import type { DType } from "@tapegrad/kernels";

/** For ops that only move elements. */
export const everyDType: readonly DType[] = ["float32", "float64", "float16", "bfloat16", "int64", "int32", "uint8", "bool"];

/** For ops that compute with numbers but need no fractions. */
export const numericDTypes: readonly DType[] = ["float32", "float64", "float16", "bfloat16", "int64", "int32", "uint8"];

/** For indices and labels. */
export const integerDTypes: readonly DType[] = ["int64", "int32", "uint8"];
