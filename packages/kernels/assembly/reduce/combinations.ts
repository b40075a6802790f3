/**
 * The reductions that combine elements pairwise: identity, what is done to an element before (`center` is used by
 * SquaredDeviation alone), and the associative combination.
 */
import { larger, multiply, smaller } from "../math/lanes";

@unmanaged export class Sum {
  // @ts-ignore: decorator
  @inline identity<T>(): T { return 0; }
  // @ts-ignore: decorator
  @inline map<T>(x: v128, center: v128): v128 { return x; }
  // @ts-ignore: decorator
  @inline combine<T>(a: v128, b: v128): v128 { return v128.add<T>(a, b); }
}
@unmanaged export class SumSquares {
  // @ts-ignore: decorator
  @inline identity<T>(): T { return 0; }
  // @ts-ignore: decorator
  @inline map<T>(x: v128, center: v128): v128 { return multiply<T>(x, x); }
  // @ts-ignore: decorator
  @inline combine<T>(a: v128, b: v128): v128 { return v128.add<T>(a, b); }
}
@unmanaged export class SquaredDeviation {
  // @ts-ignore: decorator
  @inline identity<T>(): T { return 0; }
  // @ts-ignore: decorator
  @inline map<T>(x: v128, center: v128): v128 {
    const d = v128.sub<T>(x, center);
    return v128.mul<T>(d, d);
  }
  // @ts-ignore: decorator
  @inline combine<T>(a: v128, b: v128): v128 { return v128.add<T>(a, b); }
}
@unmanaged export class Prod {
  // @ts-ignore: decorator
  @inline identity<T>(): T { return 1; }
  // @ts-ignore: decorator
  @inline map<T>(x: v128, center: v128): v128 { return x; }
  // @ts-ignore: decorator
  @inline combine<T>(a: v128, b: v128): v128 { return multiply<T>(a, b); }
}
/** All ones, which is NaN, where b is NaN. WebAssembly's own min and max do this too, and order zeros, in three times the instructions. */
// @ts-ignore: decorator
@inline function orNaN<T>(result: v128, b: v128): v128 {
  return v128.or(result, v128.ne<T>(b, b));
}
@unmanaged export class Max {
  // @ts-ignore: decorator
  @inline identity<T>(): T {
    if (isFloat<T>()) return <T>-Infinity;
    if (sizeof<T>() == 8) return <T>i64.MIN_VALUE;
    return isSigned<T>() ? <T>i32.MIN_VALUE : <T>0;
  }
  // @ts-ignore: decorator
  @inline map<T>(x: v128, center: v128): v128 { return x; }
  // @ts-ignore: decorator
  @inline combine<T>(a: v128, b: v128): v128 {
    return isFloat<T>() ? orNaN<T>(v128.pmax<T>(a, b), b) : larger<T>(a, b);
  }
}
/** Passes over NaN, in one instruction; for floats only, and not in the host's list. */
@unmanaged export class NumberMax {
  // @ts-ignore: decorator
  @inline identity<T>(): T { return <T>-Infinity; }
  // @ts-ignore: decorator
  @inline map<T>(x: v128, center: v128): v128 { return x; }
  // @ts-ignore: decorator
  @inline combine<T>(a: v128, b: v128): v128 { return v128.pmax<T>(a, b); }
}
@unmanaged export class Min {
  // @ts-ignore: decorator
  @inline identity<T>(): T {
    if (isFloat<T>()) return <T>Infinity;
    if (sizeof<T>() == 8) return <T>i64.MAX_VALUE;
    return isSigned<T>() ? <T>i32.MAX_VALUE : <T>255;
  }
  // @ts-ignore: decorator
  @inline map<T>(x: v128, center: v128): v128 { return x; }
  // @ts-ignore: decorator
  @inline combine<T>(a: v128, b: v128): v128 {
    return isFloat<T>() ? orNaN<T>(v128.pmin<T>(a, b), b) : smaller<T>(a, b);
  }
}
