/** Whether this is the build with fused products (build.mjs). */
export const FUSED: bool = ASC_FEATURE_RELAXED_SIMD;

/** sum + a b: in one rounding where products are fused, else in two. */
// @ts-ignore: decorator
@inline export function multiplyAdd<T>(sum: v128, a: v128, b: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? v128.relaxed_madd<T>(a, b, sum) : v128.add<T>(sum, v128.mul<T>(a, b));
}

/** What tiles of `height` rows take for `rows` rows, some of the last one's idle, at a measured speed in GFLOP/s. */
export function tilesCost(rows: i32, height: i32, speed: f64): f64 {
  return <f64>((rows + height - 1) / height * height) / speed;
}
