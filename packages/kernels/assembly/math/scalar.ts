/** Scalar float64 functions, two lanes at a time, where vectors are not worth it (float64 is for checking gradients). */
import { erfF64 } from "./erf";

// @ts-ignore: decorator
@inline function pair(low: f64, high: f64): v128 {
  return f64x2.replace_lane(f64x2.splat(low), 1, high);
}
// @ts-ignore: decorator
@inline function first(x: v128): f64 {
  return f64x2.extract_lane(x, 0);
}
// @ts-ignore: decorator
@inline function second(x: v128): f64 {
  return f64x2.extract_lane(x, 1);
}

export function expPair(x: v128): v128 { return pair(NativeMath.exp(first(x)), NativeMath.exp(second(x))); }
export function expm1Pair(x: v128): v128 { return pair(NativeMath.expm1(first(x)), NativeMath.expm1(second(x))); }
export function logPair(x: v128): v128 { return pair(NativeMath.log(first(x)), NativeMath.log(second(x))); }
export function log1pPair(x: v128): v128 { return pair(NativeMath.log1p(first(x)), NativeMath.log1p(second(x))); }
export function log2Pair(x: v128): v128 { return pair(NativeMath.log2(first(x)), NativeMath.log2(second(x))); }
export function log10Pair(x: v128): v128 { return pair(NativeMath.log10(first(x)), NativeMath.log10(second(x))); }
export function sinPair(x: v128): v128 { return pair(NativeMath.sin(first(x)), NativeMath.sin(second(x))); }
export function cosPair(x: v128): v128 { return pair(NativeMath.cos(first(x)), NativeMath.cos(second(x))); }
export function tanPair(x: v128): v128 { return pair(NativeMath.tan(first(x)), NativeMath.tan(second(x))); }
export function tanhPair(x: v128): v128 { return pair(NativeMath.tanh(first(x)), NativeMath.tanh(second(x))); }
export function erfPair(x: v128): v128 { return pair(erfF64(first(x)), erfF64(second(x))); }
export function sigmoidPair(x: v128): v128 { return pair(sigmoidF64(first(x)), sigmoidF64(second(x))); }

function sigmoidF64(x: f64): f64 {
  if (x >= 0) return 1 / (1 + NativeMath.exp(-x));
  const e = NativeMath.exp(x);
  return e / (1 + e);
}

export function softplusPair(x: v128, beta: v128, threshold: v128): v128 {
  const b = first(beta), limit = first(threshold);
  return pair(softplusF64(first(x), b, limit), softplusF64(second(x), b, limit));
}

function softplusF64(x: f64, beta: f64, threshold: f64): f64 {
  const z = x * beta;
  return z > threshold ? x : NativeMath.log1p(NativeMath.exp(z)) / beta;
}
