/**
 * The error function. Near 0, erf x = x + x P(x^2); further out, erf x = 1 - exp(-Q(x)) with Q = -log erfc, whose error
 * is damped by erfc. Coefficients are minimax fits of our own (Remez exchange).
 */
import { expF32Normal } from "./exp";

/** erf of four float32, at most 2 ulp off. */
// @ts-ignore: decorator
@inline export function erfF32(x: v128): v128 {
  const t = f32x4.pmin(f32x4.abs(x), f32x4.splat(4));
  const z = f32x4.mul(x, x);
  let p = f32x4.splat(7.889123e-5);
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-8.020842e-4));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(5.1895357e-3));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-2.6854444e-2));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(0.112836));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-0.37612626));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(0.12837917));
  const small = f32x4.add(t, f32x4.mul(t, p));
  let q = f32x4.splat(2.1686405e-5);
  q = f32x4.add(f32x4.mul(q, t), f32x4.splat(-4.413311e-4));
  q = f32x4.add(f32x4.mul(q, t), f32x4.splat(4.2045354e-3));
  q = f32x4.add(f32x4.mul(q, t), f32x4.splat(-2.5208184e-2));
  q = f32x4.add(f32x4.mul(q, t), f32x4.splat(0.108418465));
  q = f32x4.add(f32x4.mul(q, t), f32x4.splat(0.63322));
  q = f32x4.add(f32x4.mul(q, t), f32x4.splat(1.1295784));
  q = f32x4.add(f32x4.mul(q, t), f32x4.splat(-1.8802796e-4));
  const large = f32x4.sub(f32x4.splat(1), expF32Normal(f32x4.neg(q)));
  const y = v128.bitselect(small, large, f32x4.lt(t, f32x4.splat(1)));
  return v128.bitselect(x, y, i32x4.splat(0x80000000));
}

/** erf in float64, about 1 ulp off. */
export function erfF64(x: f64): f64 {
  const t = Math.abs(x);
  if (t < 1) return x + x * nearZero(x * x);
  // From here on, and for inf, erf is 1 in float64; NaN passes the comparisons and stays.
  if (t >= 6) return copysign<f64>(1, x);
  let q: f64;
  if (t < 2) q = from1To2(t - 1.5);
  else if (t < 3.5) q = from2To35(t - 2.75);
  else q = from35To6(t - 4.75);
  return copysign<f64>(1 - NativeMath.exp(-q), x);
}

function nearZero(z: f64): f64 {
  let p: f64 = 5.960684925733322e-11;
  p = p * z - 1.137495472216974e-9;
  p = p * z + 1.4660328235592785e-8;
  p = p * z - 1.6350396112609139e-7;
  p = p * z + 1.6461008463353006e-6;
  p = p * z - 1.492559577099266e-5;
  p = p * z + 1.2055331132892694e-4;
  p = p * z - 8.54832698142338e-4;
  p = p * z + 5.223977624828385e-3;
  p = p * z - 2.6866170645077868e-2;
  p = p * z + 0.11283791670954885;
  p = p * z - 0.3761263890318375;
  return p * z + 0.1283791670955126;
}

function from1To2(s: f64): f64 {
  let p: f64 = 3.3590199485241835e-9;
  p = p * s + 2.598999289931792e-8;
  p = p * s - 1.9399093340181186e-7;
  p = p * s + 8.192902415280962e-7;
  p = p * s - 2.3704668525292313e-6;
  p = p * s + 2.6467682345615875e-6;
  p = p * s + 2.247363902994428e-5;
  p = p * s - 2.159633014469934e-4;
  p = p * s + 1.2572166899396612e-3;
  p = p * s - 6.006746386484419e-3;
  p = p * s + 2.5824140633561806e-2;
  p = p * s + 0.8926403306150356;
  p = p * s + 3.5088008017795285;
  return p * s + 3.3844920895515527;
}

function from2To35(s: f64): f64 {
  let p: f64 = -8.039856610732101e-9;
  p = p * s - 6.649905773949385e-9;
  p = p * s + 1.640201567306044e-7;
  p = p * s - 1.4030333520384564e-6;
  p = p * s + 9.57962500134991e-6;
  p = p * s - 5.759379303711234e-5;
  p = p * s + 3.206593653883484e-4;
  p = p * s - 1.7050156832021746e-3;
  p = p * s + 8.933257062761511e-3;
  p = p * s + 0.9512867412774387;
  p = p * s + 5.826535955024549;
  return p * s + 9.204140410324301;
}

function from35To6(s: f64): f64 {
  let p: f64 = -3.280399995377612e-7;
  p = p * s + 2.156883141902342e-7;
  p = p * s - 7.82326610055922e-6;
  p = p * s + 4.551660410579036e-5;
  p = p * s - 3.3500618950955717e-4;
  p = p * s + 2.4593368104614596e-3;
  p = p * s + 0.9803406051289371;
  p = p * s + 9.702088579903428;
  return p * s + 24.7140589427232;
}
