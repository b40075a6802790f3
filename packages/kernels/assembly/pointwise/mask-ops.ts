/** What each operation that writes bools asks of a vector or two: comparisons, logic, and tests for zero, NaN and infinity. */

// One method each: all bits set where the answer is yes.

@unmanaged export class Eq {
  // @ts-ignore: decorator
  @inline mask<T>(a: v128, b: v128): v128 { return v128.eq<T>(a, b); }
}
@unmanaged export class Ne {
  // @ts-ignore: decorator
  @inline mask<T>(a: v128, b: v128): v128 { return v128.ne<T>(a, b); }
}
@unmanaged export class Lt {
  // @ts-ignore: decorator
  @inline mask<T>(a: v128, b: v128): v128 { return v128.lt<T>(a, b); }
}
@unmanaged export class Le {
  // @ts-ignore: decorator
  @inline mask<T>(a: v128, b: v128): v128 { return v128.le<T>(a, b); }
}
@unmanaged export class Gt {
  // @ts-ignore: decorator
  @inline mask<T>(a: v128, b: v128): v128 { return v128.gt<T>(a, b); }
}
@unmanaged export class Ge {
  // @ts-ignore: decorator
  @inline mask<T>(a: v128, b: v128): v128 { return v128.ge<T>(a, b); }
}
@unmanaged export class LogicalAnd {
  // @ts-ignore: decorator
  @inline mask<T>(a: v128, b: v128): v128 {
    const zero = v128.splat<T>(0);
    return v128.and(v128.ne<T>(a, zero), v128.ne<T>(b, zero));
  }
}
@unmanaged export class LogicalOr {
  // @ts-ignore: decorator
  @inline mask<T>(a: v128, b: v128): v128 {
    const zero = v128.splat<T>(0);
    return v128.or(v128.ne<T>(a, zero), v128.ne<T>(b, zero));
  }
}
@unmanaged export class LogicalXor {
  // @ts-ignore: decorator
  @inline mask<T>(a: v128, b: v128): v128 {
    const zero = v128.splat<T>(0);
    return v128.xor(v128.ne<T>(a, zero), v128.ne<T>(b, zero));
  }
}
@unmanaged export class IsZero {
  // @ts-ignore: decorator
  @inline mask<T>(a: v128, b: v128): v128 { return v128.eq<T>(a, v128.splat<T>(0)); }
}
@unmanaged export class IsInf {
  // @ts-ignore: decorator
  @inline mask<T>(a: v128, b: v128): v128 { return v128.eq<T>(v128.abs<T>(a), v128.splat<T>(<T>Infinity)); }
}
@unmanaged export class IsFinite {
  // @ts-ignore: decorator
  @inline mask<T>(a: v128, b: v128): v128 { return v128.lt<T>(v128.abs<T>(a), v128.splat<T>(<T>Infinity)); }
}
