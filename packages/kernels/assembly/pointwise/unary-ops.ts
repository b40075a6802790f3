/** What each unary operation does to one vector; `p` and `q` hold the parameters in every lane. */
import { erfF32 } from "../math/erf";
import { expF32, expm1F32, sigmoidF32, tanhF32 } from "../math/exp";
import { larger, multiply, smaller } from "../math/lanes";
import { log10F32, log1pF32, log2F32, logF32, softplusF32 } from "../math/log";
import { powF32, powF64 } from "../math/pow";
import {
  cosPair, erfPair, expPair, expm1Pair, log10Pair, log1pPair, log2Pair, logPair, sigmoidPair, sinPair, softplusPair, tanPair,
  tanhPair,
} from "../math/scalar";
import { cosF32, sinF32, tanF32 } from "../math/trig";

// Each class is a namespace for one generic method: AssemblyScript passes types, not functions, at compile time.

@unmanaged export class Neg {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 { return v128.neg<T>(x); }
}
@unmanaged export class Abs {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 {
    return isFloat<T>() || isSigned<T>() ? v128.abs<T>(x) : x;
  }
}
/** As PyTorch 1.13: the sign of NaN is 0. */
@unmanaged export class Sign {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 {
    const zero = v128.splat<T>(0);
    const above = v128.and(v128.gt<T>(x, zero), v128.splat<T>(1));
    if (isInteger<T>() && !isSigned<T>()) return above;
    return v128.or(above, v128.and(v128.lt<T>(x, zero), v128.splat<T>(-1)));
  }
}
@unmanaged export class Sqrt {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 { return v128.sqrt<T>(x); }
}
@unmanaged export class Rsqrt {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 { return v128.div<T>(v128.splat<T>(1), v128.sqrt<T>(x)); }
}
@unmanaged export class Reciprocal {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 { return v128.div<T>(v128.splat<T>(1), x); }
}
@unmanaged export class Square {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 { return multiply<T>(x, x); }
}
@unmanaged export class Cube {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 { return multiply<T>(multiply<T>(x, x), x); }
}
@unmanaged export class ReciprocalSquare {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 { return v128.div<T>(v128.splat<T>(1), v128.mul<T>(x, x)); }
}
@unmanaged export class Exp {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 { return sizeof<T>() == 4 ? expF32(x) : expPair(x); }
}
@unmanaged export class Expm1 {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 { return sizeof<T>() == 4 ? expm1F32(x) : expm1Pair(x); }
}
@unmanaged export class Log {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 { return sizeof<T>() == 4 ? logF32(x) : logPair(x); }
}
@unmanaged export class Log1p {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 { return sizeof<T>() == 4 ? log1pF32(x) : log1pPair(x); }
}
@unmanaged export class Log2 {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 { return sizeof<T>() == 4 ? log2F32(x) : log2Pair(x); }
}
@unmanaged export class Log10 {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 { return sizeof<T>() == 4 ? log10F32(x) : log10Pair(x); }
}
@unmanaged export class Sin {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 { return sizeof<T>() == 4 ? sinF32(x) : sinPair(x); }
}
@unmanaged export class Cos {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 { return sizeof<T>() == 4 ? cosF32(x) : cosPair(x); }
}
@unmanaged export class Tan {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 { return sizeof<T>() == 4 ? tanF32(x) : tanPair(x); }
}
@unmanaged export class Tanh {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 { return sizeof<T>() == 4 ? tanhF32(x) : tanhPair(x); }
}
@unmanaged export class Sigmoid {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 { return sizeof<T>() == 4 ? sigmoidF32(x) : sigmoidPair(x); }
}
/** x < 0 ? 0 : x, which keeps -0 and NaN. */
@unmanaged export class Relu {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 {
    if (isFloat<T>()) return v128.pmax<T>(x, v128.splat<T>(0));
    return larger<T>(x, v128.splat<T>(0));
  }
}
@unmanaged export class Floor {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 { return v128.floor<T>(x); }
}
@unmanaged export class Ceil {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 { return v128.ceil<T>(x); }
}
/** Halves go to the even neighbour. */
@unmanaged export class Round {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 { return v128.nearest<T>(x); }
}
@unmanaged export class Trunc {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 { return v128.trunc<T>(x); }
}
@unmanaged export class Erf {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 { return sizeof<T>() == 4 ? erfF32(x) : erfPair(x); }
}
@unmanaged export class Softplus {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 {
    return sizeof<T>() == 4 ? softplusF32(x, p, q) : softplusPair(x, p, q);
  }
}
@unmanaged export class LeakyRelu {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 {
    return v128.bitselect(x, v128.mul<T>(x, p), v128.gt<T>(x, v128.splat<T>(0)));
  }
}
/** min(max(x, p), q): NaN stays NaN, and an upper bound below the lower one wins, as in PyTorch. */
@unmanaged export class Clamp {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 {
    if (isFloat<T>()) return v128.pmin<T>(v128.pmax<T>(x, p), q);
    return smaller<T>(larger<T>(x, p), q);
  }
}
@unmanaged export class AddScalar {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 { return v128.add<T>(x, p); }
}
@unmanaged export class MulScalar {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 { return multiply<T>(x, p); }
}
@unmanaged export class RsubScalar {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 { return v128.sub<T>(p, x); }
}
@unmanaged export class PowScalar {
  // @ts-ignore: decorator
  @inline apply<T>(x: v128, p: v128, q: v128): v128 {
    if (sizeof<T>() == 4) return powF32(x, p);
    const y = f64x2.extract_lane(p, 0);
    const low = powF64(f64x2.extract_lane(x, 0), y);
    return f64x2.replace_lane(f64x2.splat(low), 1, powF64(f64x2.extract_lane(x, 1), y));
  }
}
