/**
 * Exponentials. Polynomials are minimax fits of our own (Remez exchange). The reduction x = n ln 2 + r, |r| <= ln(2) / 2,
 * follows Cody and Waite: ln 2 is split so that n times the high part is exact.
 */
import { constant, demote, promoteHigh } from "./lanes";
import { multiplyAdd } from "./multiply-add";

/** 1.5 * 2^23: adding it rounds a small float32 to an integer, which then stands in the low bits of the mantissa. */
const MAGIC_BITS: i32 = 0x4b400000;

/** 1 / ln 2, MAGIC, ln 2 in two parts, then the polynomial's coefficients, highest first, and 1. */
const TABLE: usize = memory.data<f32>([
  1.44269504, 1.44269504, 1.44269504, 1.44269504,
  12582912, 12582912, 12582912, 12582912,
  -0.693359375, -0.693359375, -0.693359375, -0.693359375,
  2.12194440e-4, 2.12194440e-4, 2.12194440e-4, 2.12194440e-4,
  1.3814698e-3, 1.3814698e-3, 1.3814698e-3, 1.3814698e-3,
  8.368773e-3, 8.368773e-3, 8.368773e-3, 8.368773e-3,
  4.166839e-2, 4.166839e-2, 4.166839e-2, 4.166839e-2,
  0.1666652, 0.1666652, 0.1666652, 0.1666652,
  0.49999994, 0.49999994, 0.49999994, 0.49999994,
  1, 1, 1, 1,
], 16);

/** n + MAGIC, n being the nearest integer to x / ln 2. */
// @ts-ignore: decorator
@inline function shiftedMultiple(x: v128): v128 {
  return multiplyAdd<f32>(constant(TABLE, 1), x, constant(TABLE, 0));
}

/** x - n ln 2 */
// @ts-ignore: decorator
@inline function remainderOf(x: v128, shifted: v128): v128 {
  const n = f32x4.sub(shifted, constant(TABLE, 1));
  const r = multiplyAdd<f32>(x, n, constant(TABLE, 2));
  return multiplyAdd<f32>(r, n, constant(TABLE, 3));
}

// @ts-ignore: decorator
@inline function polynomialOfExp(r: v128): v128 {
  let p = constant(TABLE, 4);
  p = multiplyAdd<f32>(constant(TABLE, 5), p, r);
  p = multiplyAdd<f32>(constant(TABLE, 6), p, r);
  p = multiplyAdd<f32>(constant(TABLE, 7), p, r);
  p = multiplyAdd<f32>(constant(TABLE, 8), p, r);
  return f32x4.add(multiplyAdd<f32>(r, f32x4.mul(r, r), p), constant(TABLE, 9));
}

/** exp of four float32, at most 1 ulp off, subnormal results included. */
// @ts-ignore: decorator
@inline export function expF32(value: v128): v128 {
  // Beyond these the result is inf or 0 whatever the argument. pmin and pmax keep NaN.
  const x = f32x4.pmax(f32x4.pmin(value, f32x4.splat(89)), f32x4.splat(-104.5));
  const shifted = shiftedMultiple(x);
  const y = polynomialOfExp(remainderOf(x, shifted));
  // 2^n in two factors, so that each is a normal number and the second product rounds once.
  const exponent = i32x4.sub(shifted, i32x4.splat(MAGIC_BITS));
  const half = i32x4.shr_s(exponent, 1);
  return f32x4.mul(f32x4.mul(y, powerOfTwo(half)), powerOfTwo(i32x4.sub(exponent, half)));
}

/** exp for arguments in [-87, 87], where 2^n scales by an addition to the exponent: the bits that `expF32` gives. */
// @ts-ignore: decorator
@inline export function expF32Mild(x: v128): v128 {
  const shifted = shiftedMultiple(x);
  // The shift leaves nothing of MAGIC.
  return i32x4.add(polynomialOfExp(remainderOf(x, shifted)), i32x4.shl(shifted, 23));
}

/** exp for arguments in [-87, 88], where 2^n is a normal number: softmax and its kin, after clamping. */
// @ts-ignore: decorator
@inline export function expF32Normal(x: v128): v128 {
  const shifted = shiftedMultiple(x);
  const exponent = i32x4.sub(shifted, i32x4.splat(MAGIC_BITS));
  return f32x4.mul(polynomialOfExp(remainderOf(x, shifted)), powerOfTwo(exponent));
}

// @ts-ignore: decorator
@inline function powerOfTwo(exponent: v128): v128 {
  return i32x4.shl(i32x4.add(exponent, i32x4.splat(127)), 23);
}

/** (e^r - 1 - r) / r^2 to 2^-51, |r| <= ln(2) / 2. */
// @ts-ignore: decorator
@inline function expTail(r: v128): v128 {
  let p = f64x2.splat(2.763571774244657e-7);
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(2.763542015470771e-6));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(2.4801477823213785e-5));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.984118423209919e-4));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.3888888957986094e-3));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(8.333333371594264e-3));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(4.1666666666479585e-2));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(0.16666666666610006));
  return f64x2.add(f64x2.mul(p, r), f64x2.splat(0.5000000000000016));
}

/** 2^n for a float64 vector of integers in [-1022, 1023]. */
// @ts-ignore: decorator
@inline function powerOfTwo64(n: v128): v128 {
  // Adding 1.5 * 2^52 leaves the integer, plus the bias, in the low bits of the mantissa.
  const biased = f64x2.add(n, f64x2.splat(6755399441055744.0 + 1023.0));
  return i64x2.shl(biased, 52);
}

/** exp of two float64 to about 2^-50, for results that become float32: arguments are clamped to +-200. */
// @ts-ignore: decorator
@inline export function expWide(value: v128): v128 {
  const x = f64x2.pmax(f64x2.pmin(value, f64x2.splat(200)), f64x2.splat(-200));
  const n = f64x2.nearest(f64x2.mul(x, f64x2.splat(1.4426950408889634)));
  const r = f64x2.sub(x, f64x2.mul(n, f64x2.splat(0.6931471805599453)));
  const y = f64x2.add(f64x2.add(f64x2.mul(f64x2.mul(r, r), expTail(r)), r), f64x2.splat(1));
  return f64x2.mul(y, powerOfTwo64(n));
}

// @ts-ignore: decorator
@inline function expm1Wide(value: v128): v128 {
  const x = f64x2.pmax(f64x2.pmin(value, f64x2.splat(200)), f64x2.splat(-200));
  const n = f64x2.nearest(f64x2.mul(x, f64x2.splat(1.4426950408889634)));
  const r = f64x2.sub(x, f64x2.mul(n, f64x2.splat(0.6931471805599453)));
  const y = f64x2.add(f64x2.mul(f64x2.mul(r, r), expTail(r)), r);
  const scale = powerOfTwo64(n);
  return f64x2.add(f64x2.mul(y, scale), f64x2.sub(scale, f64x2.splat(1)));
}

/** exp(x) - 1 without cancellation. */
// @ts-ignore: decorator
@inline export function expm1F32(x: v128): v128 {
  const y = demote(expm1Wide(f64x2.promote_low_f32x4(x)), expm1Wide(promoteHigh(x)));
  // The sum above turns -0 into 0.
  return v128.bitselect(x, y, f32x4.eq(x, f32x4.splat(0)));
}

/** The sigmoid of x where e = exp(-|x|). */
// @ts-ignore: decorator
@inline export function sigmoidOf(x: v128, e: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(v128.bitselect(e, one, f32x4.lt(x, f32x4.splat(0))), f32x4.add(one, e));
}

/** 1 / (1 + exp(-x)), as e / (1 + e) on the left so that small results keep their digits. */
// @ts-ignore: decorator
@inline export function sigmoidF32(x: v128): v128 {
  return sigmoidOf(x, expF32(f32x4.neg(f32x4.abs(x))));
}

/** tanh: a polynomial near 0, 1 - 2 / (exp(2|x|) + 1) elsewhere. */
// @ts-ignore: decorator
@inline export function tanhF32(x: v128): v128 {
  const size = f32x4.abs(x);
  const z = f32x4.mul(x, x);
  let p = f32x4.splat(-5.721638e-3);
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(2.0655226e-2));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-5.3745147e-2));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(0.13331515));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-0.33333284));
  const small = f32x4.add(size, f32x4.mul(f32x4.mul(size, z), p));
  // At 10 the result is 1 in float32; pmin keeps NaN.
  const e = expF32Normal(f32x4.mul(f32x4.pmin(size, f32x4.splat(10)), f32x4.splat(2)));
  const large = f32x4.sub(f32x4.splat(1), f32x4.div(f32x4.splat(2), f32x4.add(e, f32x4.splat(1))));
  const y = v128.bitselect(small, large, f32x4.lt(size, f32x4.splat(0.625)));
  const sign = i32x4.splat(0x80000000);
  return v128.bitselect(x, y, sign);
}
