// Made of operations.mjs; `node packages/kernels/generate.mjs` makes it anew.
import * as op from "./binary-ops";
import { lightRow, row } from "./binary-rows";
import * as code from "./codes.generated";

/** What integers share with floats. */
function numberRow<T>(
  kind: i32, a: usize, b: usize, out: usize, n: i32, strideA: i32, strideB: i32, nextA: usize, nextB: usize, nextOut: usize,
): void {
  switch (kind) {
    case code.ADD: lightRow<op.Add, T>(kind, a, b, out, n, strideA, strideB, nextA, nextB, nextOut); return;
    case code.SUB: lightRow<op.Sub, T>(kind, a, b, out, n, strideA, strideB, nextA, nextB, nextOut); return;
    case code.MUL: lightRow<op.Mul, T>(kind, a, b, out, n, strideA, strideB, nextA, nextB, nextOut); return;
    case code.DIV: row<op.Div, T>(a, b, out, n, strideA, strideB); return;
    case code.POW: row<op.Pow, T>(a, b, out, n, strideA, strideB); return;
    case code.MAXIMUM: lightRow<op.Maximum, T>(kind, a, b, out, n, strideA, strideB, nextA, nextB, nextOut); return;
    case code.MINIMUM: lightRow<op.Minimum, T>(kind, a, b, out, n, strideA, strideB, nextA, nextB, nextOut); return;
    case code.REMAINDER: row<op.Remainder, T>(a, b, out, n, strideA, strideB); return;
    case code.FLOOR_DIVIDE: row<op.FloorDivide, T>(a, b, out, n, strideA, strideB); return;
    default: unreachable();
  }
}

export function floatRow<T>(
  kind: i32, a: usize, b: usize, out: usize, n: i32, strideA: i32, strideB: i32, nextA: usize, nextB: usize, nextOut: usize,
): void {
  switch (kind) {
    case code.ATAN2: row<op.Atan2, T>(a, b, out, n, strideA, strideB); return;
    case code.RELU_GRAD: lightRow<op.ReluGrad, T>(kind, a, b, out, n, strideA, strideB, nextA, nextB, nextOut); return;
    case code.SIGMOID_GRAD: lightRow<op.SigmoidGrad, T>(kind, a, b, out, n, strideA, strideB, nextA, nextB, nextOut); return;
    case code.TANH_GRAD: lightRow<op.TanhGrad, T>(kind, a, b, out, n, strideA, strideB, nextA, nextB, nextOut); return;
    default: numberRow<T>(kind, a, b, out, n, strideA, strideB, nextA, nextB, nextOut);
  }
}

// @ts-ignore: decorator
@inline export function integerRow<T>(
  kind: i32, a: usize, b: usize, out: usize, n: i32, strideA: i32, strideB: i32, nextA: usize, nextB: usize, nextOut: usize,
): void {
  numberRow<T>(kind, a, b, out, n, strideA, strideB, nextA, nextB, nextOut);
}
