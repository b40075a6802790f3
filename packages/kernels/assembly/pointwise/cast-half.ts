/** Bit patterns of float16 and bfloat16 to float32 and back: subnormals, ties to even and NaN included. */

/** The four float16 in the low half of `bits` as float32. */
// @ts-ignore: decorator
@inline export function floatsFromHalves(bits: v128): v128 {
  const h = i32x4.extend_low_i16x8_u(bits);
  const sign = i32x4.shl(v128.and(h, i32x4.splat(0x8000)), 16);
  const body = i32x4.shl(v128.and(h, i32x4.splat(0x7fff)), 13);
  // The exponents' biases differ by 112; as a product this is right for subnormals too.
  const finite = f32x4.mul(body, f32x4.splat(5.192296858534828e33));
  const special = v128.and(i32x4.ge_s(body, i32x4.splat(0x0f800000)), i32x4.splat(0x7f800000));
  return v128.or(sign, v128.or(finite, special));
}

/** Four float32 as float16 in the low 16 bits of each 32-bit lane. */
// @ts-ignore: decorator
@inline export function halvesFromFloats(x: v128): v128 {
  const sign = v128.and(x, i32x4.splat(0x80000000));
  const size = v128.xor(x, sign);
  // Normal results: rebias, and round the 13 lost bits to even by adding 0xfff and the last bit that stays.
  const odd = v128.and(i32x4.shr_u(size, 13), i32x4.splat(1));
  const normal = i32x4.shr_u(i32x4.add(i32x4.add(size, odd), i32x4.splat(0xc8000fff)), 13);
  // Subnormal results: adding 0.5 lets the float unit round to a multiple of 2^-24.
  const subnormal = i32x4.sub(f32x4.add(size, f32x4.splat(0.5)), i32x4.splat(0x3f000000));
  let out = v128.bitselect(subnormal, normal, i32x4.lt_s(size, i32x4.splat(0x38800000)));
  // 65520 and beyond round to infinity; NaN keeps a set mantissa bit.
  out = v128.bitselect(i32x4.splat(0x7c00), out, i32x4.ge_s(size, i32x4.splat(0x477ff000)));
  out = v128.bitselect(i32x4.splat(0x7e00), out, i32x4.gt_s(size, i32x4.splat(0x7f800000)));
  return v128.or(out, i32x4.shr_u(sign, 16));
}

export function floatFromHalf(bits: i16): f32 {
  return f32x4.extract_lane(floatsFromHalves(i16x8.splat(bits)), 0);
}

export function halfFromFloat(x: f32): i16 {
  return <i16>i32x4.extract_lane(halvesFromFloats(f32x4.splat(x)), 0);
}

/** The four bfloat16 in the low half of `bits` as float32, whose upper halves they are. */
// @ts-ignore: decorator
@inline export function floatsFromBhalves(bits: v128): v128 {
  return i32x4.shl(i32x4.extend_low_i16x8_u(bits), 16);
}

/** Four float32 as bfloat16 in the low 16 bits of each 32-bit lane. */
// @ts-ignore: decorator
@inline export function bhalvesFromFloats(x: v128): v128 {
  // The lost bits are rounded to even by adding 0x7fff and the last bit that stays; the largest numbers become infinite by it.
  const odd = v128.and(i32x4.shr_u(x, 16), i32x4.splat(1));
  const near = i32x4.shr_u(i32x4.add(i32x4.add(x, odd), i32x4.splat(0x7fff)), 16);
  return v128.bitselect(near, i32x4.splat(0x7fc0), f32x4.eq(x, x));
}

export function floatFromBhalf(bits: i16): f32 {
  return reinterpret<f32>(<i32>bits << 16);
}

export function bhalfFromFloat(x: f32): i16 {
  return <i16>i32x4.extract_lane(bhalvesFromFloats(f32x4.splat(x)), 0);
}

/** float64 to float32, an inexact result taking its odd neighbour, so that rounding once more to 16 bits is right. */
export function roundedToOdd(value: f64): f32 {
  const near = <f32>value;
  if (<f64>near == value) return near;
  const bits = reinterpret<i32>(near);
  return reinterpret<f32>((Math.abs(near) > Math.abs(value) ? bits - 1 : bits) | 1);
}
