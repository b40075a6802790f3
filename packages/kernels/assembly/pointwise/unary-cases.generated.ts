// Made of operations.mjs; `node packages/kernels/generate.mjs` makes it anew.
import { element, saturated } from "../math/lanes";
import * as code from "./codes.generated";
import * as op from "./unary-ops";
import { expRowOf, lightRow, logRowOf, powRow, row, sigmoidRowOf } from "./unary-rows";

/** What integers share with floats. */
// @ts-ignore: decorator
@inline function numberRow<T>(kind: i32, x: usize, out: usize, n: i32, stride: i32, p0: f64, p1: f64): void {
  const p = element<T>(p0);
  switch (kind) {
    case code.NEG: lightRow<op.Neg, T>(kind, x, out, n, stride, p, p); return;
    case code.ABS: lightRow<op.Abs, T>(kind, x, out, n, stride, p, p); return;
    case code.SIGN: lightRow<op.Sign, T>(kind, x, out, n, stride, p, p); return;
    case code.SQUARE: lightRow<op.Square, T>(kind, x, out, n, stride, p, p); return;
    case code.RELU: lightRow<op.Relu, T>(kind, x, out, n, stride, p, p); return;
    case code.CLAMP: lightRow<op.Clamp, T>(kind, x, out, n, stride, saturated<T>(p0), saturated<T>(p1)); return;
    case code.ADD_SCALAR: lightRow<op.AddScalar, T>(kind, x, out, n, stride, p, p); return;
    case code.MUL_SCALAR: lightRow<op.MulScalar, T>(kind, x, out, n, stride, p, p); return;
    case code.RSUB_SCALAR: lightRow<op.RsubScalar, T>(kind, x, out, n, stride, p, p); return;
    default: unreachable();
  }
}

export function floatRow<T>(kind: i32, x: usize, out: usize, n: i32, stride: i32, p0: f64, p1: f64): void {
  const p = element<T>(p0);
  switch (kind) {
    case code.SQRT: row<op.Sqrt, T>(x, out, n, stride, p, p); return;
    case code.RSQRT: row<op.Rsqrt, T>(x, out, n, stride, p, p); return;
    case code.RECIPROCAL: row<op.Reciprocal, T>(x, out, n, stride, p, p); return;
    case code.EXP: expRowOf<T>(x, out, n, stride); return;
    case code.EXPM1: row<op.Expm1, T>(x, out, n, stride, p, p); return;
    case code.LOG: logRowOf<T>(x, out, n, stride); return;
    case code.LOG1P: row<op.Log1p, T>(x, out, n, stride, p, p); return;
    case code.LOG2: row<op.Log2, T>(x, out, n, stride, p, p); return;
    case code.LOG10: row<op.Log10, T>(x, out, n, stride, p, p); return;
    case code.SIN: row<op.Sin, T>(x, out, n, stride, p, p); return;
    case code.COS: row<op.Cos, T>(x, out, n, stride, p, p); return;
    case code.TAN: row<op.Tan, T>(x, out, n, stride, p, p); return;
    case code.TANH: row<op.Tanh, T>(x, out, n, stride, p, p); return;
    case code.SIGMOID: sigmoidRowOf<T>(x, out, n, stride); return;
    case code.FLOOR: row<op.Floor, T>(x, out, n, stride, p, p); return;
    case code.CEIL: row<op.Ceil, T>(x, out, n, stride, p, p); return;
    case code.ROUND: row<op.Round, T>(x, out, n, stride, p, p); return;
    case code.TRUNC: row<op.Trunc, T>(x, out, n, stride, p, p); return;
    case code.ERF: row<op.Erf, T>(x, out, n, stride, p, p); return;
    case code.SOFTPLUS: row<op.Softplus, T>(x, out, n, stride, p, element<T>(p1)); return;
    case code.LEAKY_RELU: lightRow<op.LeakyRelu, T>(kind, x, out, n, stride, p, p); return;
    case code.POW_SCALAR: powRow<T>(x, out, n, stride, p0); return;
    default: numberRow<T>(kind, x, out, n, stride, p0, p1);
  }
}

export function integerRow<T>(kind: i32, x: usize, out: usize, n: i32, stride: i32, p0: f64, p1: f64): void {
  numberRow<T>(kind, x, out, n, stride, p0, p1);
}
