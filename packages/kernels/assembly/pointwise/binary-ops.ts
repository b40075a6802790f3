/** What each binary operation does to a pair of vectors. */
import { larger, multiply, smaller } from "../math/lanes";
import { atan2Scalar, divScalar, floorDivideScalar, powF32, powScalar, remainderScalar } from "../math/pow";

@unmanaged export class Add {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128): v128 { return v128.add<T>(a, b); }
}
@unmanaged export class Sub {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128): v128 { return v128.sub<T>(a, b); }
}
@unmanaged export class Mul {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128): v128 { return multiply<T>(a, b); }
}
/** NaN from either side wins, as WebAssembly's min and max have it. */
@unmanaged export class Maximum {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128): v128 { return larger<T>(a, b); }
}
@unmanaged export class Minimum {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128): v128 { return smaller<T>(a, b); }
}
/** 0 where x <= 0, else dOut: NaN, which is not below 0, lets it through (as PyTorch). */
@unmanaged export class ReluGrad {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128): v128 { return v128.andnot(a, v128.le<T>(b, v128.splat<T>(0))); }
}
@unmanaged export class SigmoidGrad {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128): v128 {
    return v128.mul<T>(v128.mul<T>(a, b), v128.sub<T>(v128.splat<T>(1), b));
  }
}
@unmanaged export class TanhGrad {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128): v128 {
    return v128.mul<T>(a, v128.sub<T>(v128.splat<T>(1), v128.mul<T>(b, b)));
  }
}
@unmanaged export class Div {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128): v128 {
    if (isFloat<T>()) return v128.div<T>(a, b);
    return eachLane<DivLane, T>(a, b);
  }
}
@unmanaged export class Pow {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128): v128 {
    if (isFloat<T>() && sizeof<T>() == 4) return powF32(a, b);
    return eachLane<PowLane, T>(a, b);
  }
}
@unmanaged export class Remainder {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128): v128 { return eachLane<RemainderLane, T>(a, b); }
}
@unmanaged export class FloorDivide {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128): v128 { return eachLane<FloorDivideLane, T>(a, b); }
}
@unmanaged export class Atan2 {
  // @ts-ignore: decorator
  @inline apply<T>(a: v128, b: v128): v128 { return eachLane<Atan2Lane, T>(a, b); }
}

// What has no vector instruction goes lane by lane.

@unmanaged class DivLane {
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): T { return divScalar<T>(a, b); }
}
@unmanaged class PowLane {
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): T { return powScalar<T>(a, b); }
}
@unmanaged class RemainderLane {
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): T { return remainderScalar<T>(a, b); }
}
@unmanaged class FloorDivideLane {
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): T { return floorDivideScalar<T>(a, b); }
}
@unmanaged class Atan2Lane {
  // @ts-ignore: decorator
  @inline of<T>(a: T, b: T): T { return atan2Scalar<T>(a, b); }
}

function lane<Op, T>(a: T, b: T): T {
  return changetype<Op>(0).of<T>(a, b);
}

function eachLane<Op, T>(a: v128, b: v128): v128 {
  if (sizeof<T>() == 1) return eachByte<Op>(a, b);
  const y0 = lane<Op, T>(v128.extract_lane<T>(a, 0), v128.extract_lane<T>(b, 0));
  const y1 = lane<Op, T>(v128.extract_lane<T>(a, 1), v128.extract_lane<T>(b, 1));
  let y = v128.replace_lane<T>(v128.splat<T>(y0), 1, y1);
  if (sizeof<T>() == 4) {
    y = v128.replace_lane<T>(y, 2, lane<Op, T>(v128.extract_lane<T>(a, 2), v128.extract_lane<T>(b, 2)));
    y = v128.replace_lane<T>(y, 3, lane<Op, T>(v128.extract_lane<T>(a, 3), v128.extract_lane<T>(b, 3)));
  }
  return y;
}

function eachByte<Op>(a: v128, b: v128): v128 {
  return i64x2(
    eightBytes<Op>(i64x2.extract_lane(a, 0), i64x2.extract_lane(b, 0)),
    eightBytes<Op>(i64x2.extract_lane(a, 1), i64x2.extract_lane(b, 1)),
  );
}

function eightBytes<Op>(a: u64, b: u64): u64 {
  let out: u64 = 0;
  for (let shift: u64 = 0; shift < 64; shift += 8) {
    out |= <u64>lane<Op, u8>(<u8>(a >> shift), <u8>(b >> shift)) << shift;
  }
  return out;
}
