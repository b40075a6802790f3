/** Operations that write bool bytes, by dtype. */
import { BOOL, F32, F64, I32, I64, U8 } from "../runtime/dtype.generated";
import { comparisonRow, floatTestRow, integerTestRow } from "./mask-cases.generated";

/** One row of a comparison or logical operation; strides in elements. */
export function maskedBinaryRow(
  kind: i32, dtype: i32, a: usize, b: usize, out: usize, n: i32, strideA: i32, strideB: i32,
): void {
  switch (dtype) {
    case F32: comparisonRow<f32>(kind, a, b, out, n, strideA, strideB); return;
    case F64: comparisonRow<f64>(kind, a, b, out, n, strideA, strideB); return;
    case I32: comparisonRow<i32>(kind, a, b, out, n, strideA, strideB); return;
    case I64: comparisonRow<i64>(kind, a, b, out, n, strideA, strideB); return;
    case U8:
    case BOOL: comparisonRow<u8>(kind, a, b, out, n, strideA, strideB); return;
    default: unreachable();
  }
}

/** One row of a unary operation with bool results; the stride is in elements. */
export function maskedUnaryRow(kind: i32, dtype: i32, x: usize, out: usize, n: i32, stride: i32): void {
  switch (dtype) {
    case F32: floatTestRow<f32>(kind, x, out, n, stride); return;
    case F64: floatTestRow<f64>(kind, x, out, n, stride); return;
    case I32: integerTestRow<i32>(kind, x, out, n, stride); return;
    case I64: integerTestRow<i64>(kind, x, out, n, stride); return;
    case U8:
    case BOOL: integerTestRow<u8>(kind, x, out, n, stride); return;
    default: unreachable();
  }
}
