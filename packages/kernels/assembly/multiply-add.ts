/** sum + a b: in one rounding in the build with fused products (build.mjs), else in two. */
// @ts-ignore: decorator
@inline export function multiplyAdd<T>(sum: v128, a: v128, b: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? v128.relaxed_madd<T>(a, b, sum) : v128.add<T>(sum, v128.mul<T>(a, b));
}
