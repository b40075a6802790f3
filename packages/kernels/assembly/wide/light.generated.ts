/** The loops of pointwise/light.ts. */
// Made of operations.mjs; `node packages/kernels/generate.mjs` makes it anew.
import * as of2 from "../pointwise/binary-ops";
import * as code from "../pointwise/codes.generated";
import { binaryVectors, binaryVectorsWith, unaryVectors } from "../pointwise/light";
import * as of1 from "../pointwise/unary-ops";

export function binary(
  kind: i32, a: usize, b: usize, out: usize, end: usize, nextA: usize, nextB: usize, nextOut: usize, step: usize,
): void {
  switch (kind) {
    case code.ADD: inline.always(binaryVectors<of2.Add, f32>(a, b, out, end, nextA, nextB, nextOut, step)); return;
    case code.SUB: inline.always(binaryVectors<of2.Sub, f32>(a, b, out, end, nextA, nextB, nextOut, step)); return;
    case code.MUL: inline.always(binaryVectors<of2.Mul, f32>(a, b, out, end, nextA, nextB, nextOut, step)); return;
    case code.MAXIMUM: inline.always(binaryVectors<of2.Maximum, f32>(a, b, out, end, nextA, nextB, nextOut, step)); return;
    case code.MINIMUM: inline.always(binaryVectors<of2.Minimum, f32>(a, b, out, end, nextA, nextB, nextOut, step)); return;
    case code.RELU_GRAD: inline.always(binaryVectors<of2.ReluGrad, f32>(a, b, out, end, nextA, nextB, nextOut, step)); return;
    case code.SIGMOID_GRAD: inline.always(binaryVectors<of2.SigmoidGrad, f32>(a, b, out, end, nextA, nextB, nextOut, step)); return;
    case code.TANH_GRAD: inline.always(binaryVectors<of2.TanhGrad, f32>(a, b, out, end, nextA, nextB, nextOut, step)); return;
    default: unreachable();
  }
}

export function binaryWith(
  kind: i32, a: usize, right: f32, nextRight: f32, out: usize, end: usize, nextA: usize, nextOut: usize, step: usize,
): void {
  switch (kind) {
    case code.ADD: inline.always(binaryVectorsWith<of2.Add, f32>(a, right, nextRight, out, end, nextA, nextOut, step)); return;
    case code.SUB: inline.always(binaryVectorsWith<of2.Sub, f32>(a, right, nextRight, out, end, nextA, nextOut, step)); return;
    case code.MUL: inline.always(binaryVectorsWith<of2.Mul, f32>(a, right, nextRight, out, end, nextA, nextOut, step)); return;
    case code.MAXIMUM: inline.always(binaryVectorsWith<of2.Maximum, f32>(a, right, nextRight, out, end, nextA, nextOut, step)); return;
    case code.MINIMUM: inline.always(binaryVectorsWith<of2.Minimum, f32>(a, right, nextRight, out, end, nextA, nextOut, step)); return;
    case code.RELU_GRAD: inline.always(binaryVectorsWith<of2.ReluGrad, f32>(a, right, nextRight, out, end, nextA, nextOut, step)); return;
    case code.SIGMOID_GRAD: inline.always(binaryVectorsWith<of2.SigmoidGrad, f32>(a, right, nextRight, out, end, nextA, nextOut, step)); return;
    case code.TANH_GRAD: inline.always(binaryVectorsWith<of2.TanhGrad, f32>(a, right, nextRight, out, end, nextA, nextOut, step)); return;
    default: unreachable();
  }
}

export function unary(kind: i32, x: usize, out: usize, bytes: usize, p: f32, q: f32): void {
  switch (kind) {
    case code.NEG: inline.always(unaryVectors<of1.Neg, f32>(x, out, bytes, p, q)); return;
    case code.ABS: inline.always(unaryVectors<of1.Abs, f32>(x, out, bytes, p, q)); return;
    case code.SIGN: inline.always(unaryVectors<of1.Sign, f32>(x, out, bytes, p, q)); return;
    case code.SQUARE: inline.always(unaryVectors<of1.Square, f32>(x, out, bytes, p, q)); return;
    case code.RELU: inline.always(unaryVectors<of1.Relu, f32>(x, out, bytes, p, q)); return;
    case code.LEAKY_RELU: inline.always(unaryVectors<of1.LeakyRelu, f32>(x, out, bytes, p, q)); return;
    case code.CLAMP: inline.always(unaryVectors<of1.Clamp, f32>(x, out, bytes, p, q)); return;
    case code.ADD_SCALAR: inline.always(unaryVectors<of1.AddScalar, f32>(x, out, bytes, p, q)); return;
    case code.MUL_SCALAR: inline.always(unaryVectors<of1.MulScalar, f32>(x, out, bytes, p, q)); return;
    case code.RSUB_SCALAR: inline.always(unaryVectors<of1.RsubScalar, f32>(x, out, bytes, p, q)); return;
    default: unreachable();
  }
}
