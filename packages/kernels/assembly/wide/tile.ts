import { finishRow } from "../gemm/kernel";
import { multiplyAdd } from "../math/multiply-add";

// One micro-tile of the matrix product each, as in gemm/kernel.ts, with two neighbouring panels of b: `second` is the way from one to
// the other. The first `rows` (4 and more) of its rows are written, all 16 columns.

export function tile4(k: i32, a: usize, b: usize, second: usize, c: usize, cStep: usize, add: bool, bias: usize, cut: bool): void {
  tileOf(4, k, a, b, second, c, cStep, 4, add, bias, cut);
}
export function tile5(k: i32, a: usize, b: usize, second: usize, c: usize, cStep: usize, rows: i32, add: bool, bias: usize, cut: bool): void {
  tileOf(5, k, a, b, second, c, cStep, rows, add, bias, cut);
}
export function tile6(k: i32, a: usize, b: usize, second: usize, c: usize, cStep: usize, rows: i32, add: bool, bias: usize, cut: bool): void {
  tileOf(6, k, a, b, second, c, cStep, rows, add, bias, cut);
}

// @ts-ignore: decorator
@inline function finishBoth(c: usize, s0: v128, s1: v128, s2: v128, s3: v128, bias: usize, add: bool, cut: bool): void {
  finishRow<f32>(c, s0, s1, bias, add, cut);
  finishRow<f32>(c + 32, s2, s3, bias == 0 ? 0 : bias + 32, add, cut);
}

/** `height` is a constant. */
// @ts-ignore: decorator
@inline function tileOf(
  height: i32, k: i32, a: usize, b: usize, second: usize, c: usize, cStep: usize, rows: i32, add: bool, bias: usize, cut: bool,
): void {
  const z = f32x4.splat(0);
  let c00 = z, c01 = z, c02 = z, c03 = z, c10 = z, c11 = z, c12 = z, c13 = z, c20 = z, c21 = z, c22 = z, c23 = z;
  let c30 = z, c31 = z, c32 = z, c33 = z, c40 = z, c41 = z, c42 = z, c43 = z, c50 = z, c51 = z, c52 = z, c53 = z;
  for (; k > 0; k--) {
    const b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(b + second), b3 = v128.load(b + second, 16);
    let s = v128.load32_splat(a);
    c00 = multiplyAdd<f32>(c00, s, b0); c01 = multiplyAdd<f32>(c01, s, b1); c02 = multiplyAdd<f32>(c02, s, b2); c03 = multiplyAdd<f32>(c03, s, b3);
    s = v128.load32_splat(a, 4);
    c10 = multiplyAdd<f32>(c10, s, b0); c11 = multiplyAdd<f32>(c11, s, b1); c12 = multiplyAdd<f32>(c12, s, b2); c13 = multiplyAdd<f32>(c13, s, b3);
    s = v128.load32_splat(a, 8);
    c20 = multiplyAdd<f32>(c20, s, b0); c21 = multiplyAdd<f32>(c21, s, b1); c22 = multiplyAdd<f32>(c22, s, b2); c23 = multiplyAdd<f32>(c23, s, b3);
    s = v128.load32_splat(a, 12);
    c30 = multiplyAdd<f32>(c30, s, b0); c31 = multiplyAdd<f32>(c31, s, b1); c32 = multiplyAdd<f32>(c32, s, b2); c33 = multiplyAdd<f32>(c33, s, b3);
    if (height > 4) {
      s = v128.load32_splat(a, 16);
      c40 = multiplyAdd<f32>(c40, s, b0); c41 = multiplyAdd<f32>(c41, s, b1); c42 = multiplyAdd<f32>(c42, s, b2); c43 = multiplyAdd<f32>(c43, s, b3);
    }
    if (height > 5) {
      s = v128.load32_splat(a, 20);
      c50 = multiplyAdd<f32>(c50, s, b0); c51 = multiplyAdd<f32>(c51, s, b1); c52 = multiplyAdd<f32>(c52, s, b2); c53 = multiplyAdd<f32>(c53, s, b3);
    }
    a += <usize>height << 2;
    b += 32;
  }
  finishBoth(c, c00, c01, c02, c03, bias, add, cut);
  finishBoth(c + cStep, c10, c11, c12, c13, bias, add, cut);
  finishBoth(c + 2 * cStep, c20, c21, c22, c23, bias, add, cut);
  finishBoth(c + 3 * cStep, c30, c31, c32, c33, bias, add, cut);
  if (height > 4 && rows > 4) finishBoth(c + 4 * cStep, c40, c41, c42, c43, bias, add, cut);
  if (height > 5 && rows > 5) finishBoth(c + 5 * cStep, c50, c51, c52, c53, bias, add, cut);
}
