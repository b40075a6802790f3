/** Powers and the other functions of two arguments. */
import { expWide } from "./exp";
import { demote, promoteHigh } from "./lanes";
import { logWide } from "./log";

/** As C's pow, where JavaScript's differs: 1 to any power is 1, and so is (-1) to +-inf. */
export function powF64(x: f64, y: f64): f64 {
  if (x == 1 || (x == -1 && abs(y) == Infinity)) return 1;
  return NativeMath.pow(x, y);
}

// @ts-ignore: decorator
@inline function powWide(x: v128, y: v128): v128 {
  return expWide(f64x2.mul(y, logWide(x, 1)));
}

/** Within 1 ulp: computed in float64. */
// @ts-ignore: decorator
@inline export function powF32(x: v128, y: v128): v128 {
  const infinity = f32x4.splat(Infinity);
  const plain = v128.and(
    v128.and(f32x4.gt(x, f32x4.splat(0)), f32x4.lt(x, infinity)),
    f32x4.lt(f32x4.abs(y), infinity),
  );
  if (!v128.all_true<i32>(plain)) return powLanes(x, y);
  return demote(
    powWide(f64x2.promote_low_f32x4(x), f64x2.promote_low_f32x4(y)),
    powWide(promoteHigh(x), promoteHigh(y)),
  );
}

function powLanes(x: v128, y: v128): v128 {
  let out = f32x4.splat(<f32>powF64(f32x4.extract_lane(x, 0), f32x4.extract_lane(y, 0)));
  out = f32x4.replace_lane(out, 1, <f32>powF64(f32x4.extract_lane(x, 1), f32x4.extract_lane(y, 1)));
  out = f32x4.replace_lane(out, 2, <f32>powF64(f32x4.extract_lane(x, 2), f32x4.extract_lane(y, 2)));
  return f32x4.replace_lane(out, 3, <f32>powF64(f32x4.extract_lane(x, 3), f32x4.extract_lane(y, 3)));
}

/** x to the y; integers wrap, and as in PyTorch a negative power of an integer is 0, except of 1 and -1. */
// @ts-ignore: decorator
@inline export function powScalar<T>(x: T, y: T): T {
  if (isFloat<T>()) return <T>powF64(<f64>x, <f64>y);
  if (isSigned<T>() && y < 0) {
    if (x == 1) return x;
    return x == <T>-1 ? <T>((y & 1) ? -1 : 1) : <T>0;
  }
  let result: T = 1, base = x, power = y;
  while (power != 0) {
    if (power & 1) result = <T>(result * base);
    base = <T>(base * base);
    power = <T>(power >> 1);
  }
  return result;
}

/** Division; integers truncate, and a zero divisor (which the host forbids) gives 0 instead of a trap. */
// @ts-ignore: decorator
@inline export function divScalar<T>(x: T, y: T): T {
  if (isFloat<T>()) return <T>(x / y);
  if (y == 0) return 0;
  if (isSigned<T>() && y == <T>-1) return <T>(0 - x);
  return <T>(x / y);
}

/** torch.remainder: the sign of the divisor, as Python's %. */
// @ts-ignore: decorator
@inline export function remainderScalar<T>(x: T, y: T): T {
  if (isInteger<T>()) {
    if (y == 0) return 0;
    if (isSigned<T>() && y == <T>-1) return 0;
    const r = <T>(x % y);
    if (isSigned<T>() && r != 0 && (r ^ y) < 0) return <T>(r + y);
    return r;
  }
  const r = <T>(x % y);
  return r != 0 && (r < 0) != (y < 0) ? <T>(r + y) : r;
}

/** torch.floor_divide: floor of the exact quotient, found from the remainder so that rounding cannot lift it. */
// @ts-ignore: decorator
@inline export function floorDivideScalar<T>(x: T, y: T): T {
  if (isInteger<T>()) {
    const q = divScalar<T>(x, y);
    return isSigned<T>() && y != 0 && <T>(q * y) != x && (x ^ y) < 0 ? <T>(q - 1) : q;
  }
  if (y == 0) return <T>(x / y);
  const r = <T>(x % y);
  let q = <T>((x - r) / y);
  if (r != 0 && (r < 0) != (y < 0)) q -= 1;
  if (q == 0) return <T>copysign<f64>(0, <f64>(x / y));
  const whole = floor<T>(q);
  return q - whole > <T>0.5 ? <T>(whole + 1) : whole;
}

// @ts-ignore: decorator
@inline export function atan2Scalar<T>(y: T, x: T): T {
  return <T>NativeMath.atan2(<f64>y, <f64>x);
}
