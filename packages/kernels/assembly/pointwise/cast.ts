/**
 * Conversions between all dtypes. Floats become integers as on x86: truncated, then wrapped; what does not fit 32 bits
 * (NaN and infinities too) becomes -2147483648, whose low byte is 0, and what does not fit 64 bits the lowest int64. Integers wrap
 * among themselves. Any value but 0, NaN included, is true.
 */
import { boolBytes } from "../math/lanes";
import { getInt, getPointer, setInt } from "../runtime/control";
import { BF16, BOOL, F16, F32, F64, I32, I64, U8, bytesOf } from "../runtime/dtype.generated";
import { parallelFor } from "../runtime/pool";
import { CHUNK, PARALLEL_FROM, chunkCount } from "../runtime/strided";
import {
  bhalfFromFloat, bhalvesFromFloats, floatFromBhalf, floatFromHalf, floatsFromBhalves, floatsFromHalves, halfFromFloat, halvesFromFloats, roundedToOdd,
} from "./cast-half";

/** float64 holds every value of every dtype but int64, and float32 rounds from it once. */
function toF64(dtype: i32, x: usize): f64 {
  switch (dtype) {
    case F32: return <f64>load<f32>(x);
    case F64: return load<f64>(x);
    case F16: return <f64>floatFromHalf(load<i16>(x));
    case BF16: return <f64>floatFromBhalf(load<i16>(x));
    case I32: return <f64>load<i32>(x);
    default: return <f64>load<u8>(x);
  }
}

// @ts-ignore: decorator
@inline function toInt(value: f64): i32 {
  return value > -2147483649 && value < 2147483648 ? <i32>value : i32.MIN_VALUE;
}

// @ts-ignore: decorator
@inline function storeAs(dtype: i32, out: usize, value: f64): void {
  switch (dtype) {
    case F32: store<f32>(out, <f32>value); return;
    case F64: store<f64>(out, value); return;
    case F16: store<i16>(out, halfFromFloat(roundedToOdd(value))); return;
    case BF16: store<i16>(out, bhalfFromFloat(roundedToOdd(value))); return;
    case I32: store<i32>(out, toInt(value)); return;
    case U8: store<u8>(out, <u8>toInt(value)); return;
    case BOOL: store<u8>(out, value != 0 ? 1 : 0); return;
    default: unreachable();
  }
}

/** As `roundedToOdd`: float64 does not hold every int64 either, and rounding to it could end on a tie. */
function longToOdd(value: i64): f32 {
  const near = <f64>value;
  // The int64 that a float64 of 2^63 stands for is beyond all of them.
  const error = near == -<f64>i64.MIN_VALUE ? -1 : value - <i64>near;
  if (error == 0) return roundedToOdd(near);
  const bits = reinterpret<i64>(near);
  // Near is not 0: an int64 that float64 does not hold is beyond 2^53.
  const inside = (error < 0) == (value > 0);
  return roundedToOdd(reinterpret<f64>((inside ? bits - 1 : bits) | 1));
}

/** From int64, one element at a time: float64 does not hold all of them. */
function castFromI64(to: i32, x: usize, out: usize, n: i32): void {
  const step = bytesOf(to);
  for (let i = 0; i < n; i++) {
    const value = load<i64>(x + (<usize>i << 3));
    switch (to) {
      case F32: store<f32>(out, <f32>value); break;
      case F64: store<f64>(out, <f64>value); break;
      case F16: store<i16>(out, halfFromFloat(roundedToOdd(<f64>value))); break;
      case BF16: store<i16>(out, bhalfFromFloat(longToOdd(value))); break;
      case I32: store<i32>(out, <i32>value); break;
      case U8: store<u8>(out, <u8>value); break;
      case BOOL: store<u8>(out, value != 0 ? 1 : 0); break;
      default: unreachable();
    }
    out += step;
  }
}

// @ts-ignore: decorator
@inline function toLong(value: f64): i64 {
  return value >= <f64>i64.MIN_VALUE && value < -<f64>i64.MIN_VALUE ? <i64>value : i64.MIN_VALUE;
}

function castToI64(from: i32, x: usize, out: usize, n: i32): void {
  const step = bytesOf(from);
  for (let i = 0; i < n; i++) {
    store<i64>(out + (<usize>i << 3), from == I32 ? <i64>load<i32>(x) : from == U8 || from == BOOL ? <i64>load<u8>(x) : toLong(toF64(from, x)));
    x += step;
  }
}

/** Any other pair of dtypes, one element at a time. */
function anyCast(from: i32, to: i32, x: usize, out: usize, n: i32): void {
  const step = bytesOf(from), outStep = bytesOf(to);
  for (let i = 0; i < n; i++) {
    storeAs(to, out, toF64(from, x));
    x += step;
    out += outStep;
  }
}

// The pairs below are common enough for vectors. Each converts n & ~15 elements; `anyCast` does the rest.

function bytesToF32(x: usize, out: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) {
    const wide = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(x + i)));
    v128.store(out + (<usize>i << 2), f32x4.convert_i32x4_s(wide));
  }
}

function bytesToI32(x: usize, out: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) {
    v128.store(out + (<usize>i << 2), i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(x + i))));
  }
}

function i32ToF32(x: usize, out: usize, n: i32): void {
  for (let at: usize = 0; at < <usize>n << 2; at += 16) v128.store(out + at, f32x4.convert_i32x4_s(v128.load(x + at)));
}

/** As `toInt`. */
// @ts-ignore: decorator
@inline function truncated(v: v128): v128 {
  const fits = f32x4.lt(f32x4.abs(v), f32x4.splat(2147483648));
  return v128.bitselect(i32x4.trunc_sat_f32x4_s(v), i32x4.splat(0x80000000), fits);
}

function f32ToI32(x: usize, out: usize, n: i32): void {
  for (let at: usize = 0; at < <usize>n << 2; at += 16) {
    v128.store(out + at, truncated(v128.load(x + at)));
  }
}

function f32ToF64(x: usize, out: usize, n: i32): void {
  for (let i = 0; i < n; i += 2) v128.store(out + (<usize>i << 3), f64x2.promote_low_f32x4(v128.load64_zero(x + (<usize>i << 2))));
}

function f64ToF32(x: usize, out: usize, n: i32): void {
  for (let i = 0; i < n; i += 2) {
    v128.store64_lane(out + (<usize>i << 2), f32x4.demote_f64x2_zero(v128.load(x + (<usize>i << 3))), 0);
  }
}

function f16ToF32(x: usize, out: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) v128.store(out + (<usize>i << 2), floatsFromHalves(v128.load64_zero(x + (<usize>i << 1))));
}

function f32ToF16(x: usize, out: usize, n: i32): void {
  for (let i = 0; i < n; i += 8) {
    const at = <usize>i << 2;
    const low = halvesFromFloats(v128.load(x + at)), high = halvesFromFloats(v128.load(x + at + 16));
    v128.store(out + (<usize>i << 1), v128.shuffle<i16>(low, high, 0, 2, 4, 6, 8, 10, 12, 14));
  }
}

function bf16ToF32(x: usize, out: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) v128.store(out + (<usize>i << 2), floatsFromBhalves(v128.load64_zero(x + (<usize>i << 1))));
}

function f32ToBf16(x: usize, out: usize, n: i32): void {
  for (let i = 0; i < n; i += 8) {
    const at = <usize>i << 2;
    const low = bhalvesFromFloats(v128.load(x + at)), high = bhalvesFromFloats(v128.load(x + at + 16));
    v128.store(out + (<usize>i << 1), v128.shuffle<i16>(low, high, 0, 2, 4, 6, 8, 10, 12, 14));
  }
}

function f32ToU8(x: usize, out: usize, n: i32): void {
  const byte = i32x4.splat(255);
  for (let i = 0; i < n; i += 16) {
    const at = x + (<usize>i << 2);
    const a = v128.and(truncated(v128.load(at)), byte), b = v128.and(truncated(v128.load(at, 16)), byte);
    const c = v128.and(truncated(v128.load(at, 32)), byte), d = v128.and(truncated(v128.load(at, 48)), byte);
    v128.store(out + i, i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d)));
  }
}

function f32ToBool(x: usize, out: usize, n: i32): void {
  const zero = f32x4.splat(0);
  for (let i = 0; i < n; i += 16) {
    const at = x + (<usize>i << 2);
    const a = f32x4.ne(v128.load(at), zero), b = f32x4.ne(v128.load(at, 16), zero);
    const c = f32x4.ne(v128.load(at, 32), zero), d = f32x4.ne(v128.load(at, 48), zero);
    v128.store(out + i, boolBytes(a, b, c, d));
  }
}

/** Whether there was a vector form for the pair. */
function vectorCast(from: i32, to: i32, x: usize, out: usize, n: i32): bool {
  if (to == F32) {
    switch (from) {
      case U8:
      case BOOL: bytesToF32(x, out, n); return true;
      case I32: i32ToF32(x, out, n); return true;
      case F64: f64ToF32(x, out, n); return true;
      case F16: f16ToF32(x, out, n); return true;
      case BF16: bf16ToF32(x, out, n); return true;
      default: return false;
    }
  }
  if (from == F32) {
    switch (to) {
      case I32: f32ToI32(x, out, n); return true;
      case U8: f32ToU8(x, out, n); return true;
      case BOOL: f32ToBool(x, out, n); return true;
      case F64: f32ToF64(x, out, n); return true;
      case F16: f32ToF16(x, out, n); return true;
      case BF16: f32ToBf16(x, out, n); return true;
      default: return false;
    }
  }
  if (to == I32 && (from == U8 || from == BOOL)) { bytesToI32(x, out, n); return true; }
  return false;
}

function castRange(from: i32, to: i32, x: usize, out: usize, n: i32): void {
  if (from == to || (from == BOOL && to == U8)) { memory.copy(out, x, <usize>n * bytesOf(from)); return; }
  if (from == I64) { castFromI64(to, x, out, n); return; }
  if (to == I64) { castToI64(from, x, out, n); return; }
  const whole = n & ~15;
  const done = vectorCast(from, to, x, out, whole) ? whole : 0;
  anyCast(from, to, x + <usize>done * bytesOf(from), out + <usize>done * bytesOf(to), n - done);
}

function castTask(task: i32): void {
  const from = getInt(0), to = getInt(1);
  const begin = task * CHUNK;
  castRange(
    from, to, getPointer(2) + <usize>begin * bytesOf(from), getPointer(3) + <usize>begin * bytesOf(to),
    min(CHUNK, getInt(4) - begin),
  );
}

export function cast(from: i32, to: i32, x: usize, out: usize, n: i32): void {
  if (n <= PARALLEL_FROM) { castRange(from, to, x, out, n); return; }
  setInt(0, from); setInt(1, to); setInt(2, x); setInt(3, out); setInt(4, n);
  parallelFor(castTask, chunkCount(n));
}
