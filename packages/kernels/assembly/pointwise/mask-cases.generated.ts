// Made of operations.mjs; `node packages/kernels/generate.mjs` makes it anew.
import * as code from "./codes.generated";
import * as op from "./mask-ops";
import { row } from "./mask-rows";

export function floatTestRow<T>(kind: i32, x: usize, out: usize, n: i32, stride: i32): void {
  switch (kind) {
    case code.LOGICAL_NOT: row<op.IsZero, T>(x, x, out, n, stride, stride); return;
    case code.ISNAN: row<op.Ne, T>(x, x, out, n, stride, stride); return;
    case code.ISINF: row<op.IsInf, T>(x, x, out, n, stride, stride); return;
    case code.ISFINITE: row<op.IsFinite, T>(x, x, out, n, stride, stride); return;
    default: unreachable();
  }
}

export function integerTestRow<T>(kind: i32, x: usize, out: usize, n: i32, stride: i32): void {
  switch (kind) {
    case code.LOGICAL_NOT: row<op.IsZero, T>(x, x, out, n, stride, stride); return;
    case code.ISNAN: memory.fill(out, 0, n); return;
    case code.ISINF: memory.fill(out, 0, n); return;
    case code.ISFINITE: memory.fill(out, 1, n); return;
    default: unreachable();
  }
}

export function comparisonRow<T>(kind: i32, a: usize, b: usize, out: usize, n: i32, strideA: i32, strideB: i32): void {
  switch (kind) {
    case code.EQ: row<op.Eq, T>(a, b, out, n, strideA, strideB); return;
    case code.NE: row<op.Ne, T>(a, b, out, n, strideA, strideB); return;
    case code.LT: row<op.Lt, T>(a, b, out, n, strideA, strideB); return;
    case code.LE: row<op.Le, T>(a, b, out, n, strideA, strideB); return;
    case code.GT: row<op.Gt, T>(a, b, out, n, strideA, strideB); return;
    case code.GE: row<op.Ge, T>(a, b, out, n, strideA, strideB); return;
    case code.LOGICAL_AND: row<op.LogicalAnd, T>(a, b, out, n, strideA, strideB); return;
    case code.LOGICAL_OR: row<op.LogicalOr, T>(a, b, out, n, strideA, strideB); return;
    case code.LOGICAL_XOR: row<op.LogicalXor, T>(a, b, out, n, strideA, strideB); return;
    default: unreachable();
  }
}
