/** Logarithms. Polynomials are minimax fits of our own (Remez exchange) on [sqrt(1/2), sqrt(2)]. */
import { expWide } from "./exp";
import { constant, demote, promoteHigh } from "./lanes";

/** log(0) = -inf, log(negative) = NaN, log(inf) = inf, NaN stays: lanes outside (0, inf) that `y` got wrong. */
// @ts-ignore: decorator
@inline function logEdges(x: v128, y: v128): v128 {
  const zero = f32x4.splat(0);
  const infinity = f32x4.splat(Infinity);
  let out = v128.bitselect(f32x4.neg(infinity), y, f32x4.eq(x, zero));
  // Not x < inf: +inf, and NaN.
  out = v128.bitselect(out, x, f32x4.lt(x, infinity));
  return v128.bitselect(f32x4.splat(NaN), out, f32x4.lt(x, zero));
}

/** Coefficients of log(1 + f), highest first, then ln 2 in two parts, 1/2 and 1. */
const TABLE: usize = memory.data<f32>([
  6.92106e-2, 6.92106e-2, 6.92106e-2, 6.92106e-2,
  -0.11780704, -0.11780704, -0.11780704, -0.11780704,
  0.11865128, 0.11865128, 0.11865128, 0.11865128,
  -0.12385551, -0.12385551, -0.12385551, -0.12385551,
  0.14220022, 0.14220022, 0.14220022, 0.14220022,
  -0.16669217, -0.16669217, -0.16669217, -0.16669217,
  0.20002146, 0.20002146, 0.20002146, 0.20002146,
  -0.24999987, -0.24999987, -0.24999987, -0.24999987,
  0.3333331, 0.3333331, 0.3333331, 0.3333331,
  2.12194440e-4, 2.12194440e-4, 2.12194440e-4, 2.12194440e-4,
  0.693359375, 0.693359375, 0.693359375, 0.693359375,
  0.5, 0.5, 0.5, 0.5,
  1, 1, 1, 1,
], 16);

/** log of m 2^exponent; shifted are the bits of x less those of sqrt(1/2), which put m into [sqrt(1/2), sqrt(2)). */
// @ts-ignore: decorator
@inline function logOfParts(x: v128, shifted: v128, exponent: v128): v128 {
  const m = i32x4.sub(x, v128.and(shifted, i32x4.splat(0xff800000)));
  const e = f32x4.convert_i32x4_s(exponent);
  const f = f32x4.sub(m, constant(TABLE, 12));
  let p = constant(TABLE, 0);
  p = f32x4.add(f32x4.mul(p, f), constant(TABLE, 1));
  p = f32x4.add(f32x4.mul(p, f), constant(TABLE, 2));
  p = f32x4.add(f32x4.mul(p, f), constant(TABLE, 3));
  p = f32x4.add(f32x4.mul(p, f), constant(TABLE, 4));
  p = f32x4.add(f32x4.mul(p, f), constant(TABLE, 5));
  p = f32x4.add(f32x4.mul(p, f), constant(TABLE, 6));
  p = f32x4.add(f32x4.mul(p, f), constant(TABLE, 7));
  p = f32x4.add(f32x4.mul(p, f), constant(TABLE, 8));
  const square = f32x4.mul(f, f);
  let y = f32x4.mul(f32x4.mul(f, square), p);
  // e ln 2 in two parts; the small ones are summed first.
  y = f32x4.sub(y, f32x4.mul(e, constant(TABLE, 9)));
  y = f32x4.sub(y, f32x4.mul(square, constant(TABLE, 11)));
  return f32x4.add(f32x4.add(y, f), f32x4.mul(e, constant(TABLE, 10)));
}

/** log of four float32, at most 1 ulp off. */
// @ts-ignore: decorator
@inline export function logF32(x: v128): v128 {
  // Subnormals are brought into the normal range.
  const tiny = f32x4.lt(x, f32x4.splat(1.17549435e-38));
  const scaled = v128.bitselect(f32x4.mul(x, f32x4.splat(8388608)), x, tiny);
  const shifted = i32x4.sub(scaled, i32x4.splat(0x3f3504f3));
  const exponent = i32x4.sub(i32x4.shr_s(shifted, 23), v128.and(tiny, i32x4.splat(23)));
  return logEdges(x, logOfParts(scaled, shifted, exponent));
}

/** log of positive normal numbers: the bits that `logF32` gives. */
// @ts-ignore: decorator
@inline export function logF32Mild(x: v128): v128 {
  const shifted = i32x4.sub(x, i32x4.splat(0x3f3504f3));
  return logOfParts(x, shifted, i32x4.shr_s(shifted, 23));
}

/** log of positive normal float64 to about 2^-44, for results that become float32. `scale` is 1 / ln(base). */
// @ts-ignore: decorator
@inline export function logWide(x: v128, scale: f64): v128 {
  const shifted = i64x2.sub(x, i64x2.splat(0x3fe6a09e667f3bcd));
  const m = i64x2.sub(x, v128.and(shifted, i64x2.splat(0xfff0000000000000)));
  // The exponent as float64: the integer is laid into the mantissa of 1.5 * 2^52.
  const magic = 6755399441055744.0;
  const exponent = i64x2.shr_s(shifted, 52);
  const e = f64x2.sub(i64x2.add(exponent, f64x2.splat(magic)), f64x2.splat(magic));
  const f = f64x2.sub(m, f64x2.splat(1));
  const s = f64x2.div(f, f64x2.add(m, f64x2.splat(1)));
  const z = f64x2.mul(s, s);
  let p = f64x2.splat(0.16623234804787573);
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(0.18140089509294752));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(0.22222864965274353));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(0.2857142411011082));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(0.4000000001131023));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(0.6666666666666202));
  const y = f64x2.add(f64x2.add(s, s), f64x2.mul(f64x2.mul(s, z), p));
  return f64x2.add(f64x2.mul(y, f64x2.splat(scale)), f64x2.mul(e, f64x2.splat(0.6931471805599453 * scale)));
}

// @ts-ignore: decorator
@inline export function log2F32(x: v128): v128 {
  const scale: f64 = 1.4426950408889634;
  return logEdges(x, demote(logWide(f64x2.promote_low_f32x4(x), scale), logWide(promoteHigh(x), scale)));
}

// @ts-ignore: decorator
@inline export function log10F32(x: v128): v128 {
  const scale: f64 = 0.4342944819032518;
  return logEdges(x, demote(logWide(f64x2.promote_low_f32x4(x), scale), logWide(promoteHigh(x), scale)));
}

/** log(1 + x), corrected by what rounding 1 + x lost. */
// @ts-ignore: decorator
@inline function log1pWide(x: v128): v128 {
  const one = f64x2.splat(1);
  const u = f64x2.add(one, x);
  const lost = f64x2.sub(x, f64x2.sub(u, one));
  return f64x2.add(logWide(u, 1), f64x2.div(lost, u));
}

// @ts-ignore: decorator
@inline export function log1pF32(x: v128): v128 {
  const y = demote(log1pWide(f64x2.promote_low_f32x4(x)), log1pWide(promoteHigh(x)));
  const out = v128.bitselect(x, y, f32x4.eq(x, f32x4.splat(0)));
  const minusOne = f32x4.splat(-1);
  const infinity = f32x4.splat(Infinity);
  let edges = v128.bitselect(f32x4.neg(infinity), out, f32x4.eq(x, minusOne));
  edges = v128.bitselect(edges, x, f32x4.lt(x, infinity));
  return v128.bitselect(f32x4.splat(NaN), edges, f32x4.lt(x, minusOne));
}

// @ts-ignore: decorator
@inline function softplusWide(x: v128, beta: v128): v128 {
  return f64x2.div(log1pWide(expWide(f64x2.mul(x, beta))), beta);
}

/** log(1 + exp(beta x)) / beta, and x itself where beta x exceeds the threshold. */
// @ts-ignore: decorator
@inline export function softplusF32(x: v128, beta: v128, threshold: v128): v128 {
  const wideBeta = f64x2.promote_low_f32x4(beta);
  const y = demote(softplusWide(f64x2.promote_low_f32x4(x), wideBeta), softplusWide(promoteHigh(x), wideBeta));
  return v128.bitselect(x, y, f32x4.gt(f32x4.mul(x, beta), threshold));
}
