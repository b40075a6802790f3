/**
 * sin, cos, tan of float32, computed in float64: x = q pi/2 + r, |r| <= pi/4, then minimax polynomials of our own.
 * Vectors with an argument beyond 2^20 (or inf, NaN) take the scalar functions with their exact reduction.
 */
import { demote, promoteHigh } from "./lanes";

/** 1.5 * 2^52: adding it leaves a small integer in the low bits of the mantissa. */
const MAGIC: f64 = 6755399441055744.0;
/** pi/2 = HALF_PI + HALF_PI_REST, HALF_PI having 33 bits, so that q HALF_PI is exact up to q = 2^20. */
const HALF_PI: f64 = 1.5707963267341256;
const HALF_PI_REST: f64 = 6.077100506506192e-11;

// @ts-ignore: decorator
@inline function sinPolynomial(r: v128, z: v128): v128 {
  let p = f64x2.splat(-2.4805623283670037e-8);
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(2.7555990845334884e-6));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(-1.984126691695287e-4));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(8.333333331079542e-3));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(-0.16666666666663887));
  return f64x2.add(r, f64x2.mul(f64x2.mul(r, z), p));
}

// @ts-ignore: decorator
@inline function cosPolynomial(z: v128): v128 {
  let p = f64x2.splat(2.070058798276138e-9);
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(-2.7556369595436666e-7));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(2.4801585210813e-5));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(-1.3888888887277381e-3));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(0.04166666666666468));
  return f64x2.add(f64x2.sub(f64x2.splat(1), f64x2.mul(z, f64x2.splat(0.5))), f64x2.mul(f64x2.mul(z, z), p));
}

/** 0: sin, 1: cos (a quarter turn ahead), 2: tan. */
// @ts-ignore: decorator
@inline function trigWide(x: v128, kind: i32): v128 {
  const shifted = f64x2.add(f64x2.mul(x, f64x2.splat(0.6366197723675814)), f64x2.splat(MAGIC));
  const q = f64x2.sub(shifted, f64x2.splat(MAGIC));
  let r = f64x2.sub(x, f64x2.mul(q, f64x2.splat(HALF_PI)));
  r = f64x2.sub(r, f64x2.mul(q, f64x2.splat(HALF_PI_REST)));
  const z = f64x2.mul(r, r);
  const sine = sinPolynomial(r, z);
  const cosine = cosPolynomial(z);
  const quadrant = kind == 1 ? i64x2.add(shifted, i64x2.splat(1)) : shifted;
  const odd = i64x2.sub(i64x2.splat(0), v128.and(quadrant, i64x2.splat(1)));
  if (kind == 2) {
    const top = v128.bitselect(f64x2.neg(cosine), sine, odd);
    return f64x2.div(top, v128.bitselect(sine, cosine, odd));
  }
  const value = v128.bitselect(cosine, sine, odd);
  return v128.xor(value, i64x2.shl(v128.and(quadrant, i64x2.splat(2)), 62));
}

// @ts-ignore: decorator
@inline function isModerate(x: v128): bool {
  return v128.all_true<i32>(f32x4.le(f32x4.abs(x), f32x4.splat(1048576)));
}

function scalarTrig(x: f64, kind: i32): f64 {
  if (kind == 0) return NativeMath.sin(x);
  return kind == 1 ? NativeMath.cos(x) : NativeMath.tan(x);
}

function trigLanes(x: v128, kind: i32): v128 {
  const y0 = <f32>scalarTrig(f32x4.extract_lane(x, 0), kind);
  const y1 = <f32>scalarTrig(f32x4.extract_lane(x, 1), kind);
  const y2 = <f32>scalarTrig(f32x4.extract_lane(x, 2), kind);
  const y3 = <f32>scalarTrig(f32x4.extract_lane(x, 3), kind);
  return f32x4.replace_lane(f32x4.replace_lane(f32x4.replace_lane(f32x4.splat(y0), 1, y1), 2, y2), 3, y3);
}

// @ts-ignore: decorator
@inline export function sinF32(x: v128): v128 {
  if (!isModerate(x)) return trigLanes(x, 0);
  const y = demote(trigWide(f64x2.promote_low_f32x4(x), 0), trigWide(promoteHigh(x), 0));
  return v128.bitselect(x, y, f32x4.eq(x, f32x4.splat(0)));
}

// @ts-ignore: decorator
@inline export function cosF32(x: v128): v128 {
  if (!isModerate(x)) return trigLanes(x, 1);
  return demote(trigWide(f64x2.promote_low_f32x4(x), 1), trigWide(promoteHigh(x), 1));
}

// @ts-ignore: decorator
@inline export function tanF32(x: v128): v128 {
  if (!isModerate(x)) return trigLanes(x, 2);
  const y = demote(trigWide(f64x2.promote_low_f32x4(x), 2), trigWide(promoteHigh(x), 2));
  return v128.bitselect(x, y, f32x4.eq(x, f32x4.splat(0)));
}
