/**
 * Random fills. Element i takes its words from counter + i / 4 (float64: i / 2), so the numbers are the same for any
 * number of threads. n elements use up ceil(n / 4) counter steps, float64 uniform and normal ones ceil(n / 2).
 */
import { storeTail } from "../math/lanes";
import { logF32 } from "../math/log";
import { getFloat, getInt, getPointer, setFloat, setInt } from "../runtime/control";
import { F32, F64 } from "../runtime/dtype.generated";
import { parallelFor } from "../runtime/pool";
import { CHUNK, PARALLEL_FROM, chunkCount } from "../runtime/strided";
import { philox, words0, words1, words2, words3 } from "./philox";

const UNIFORM_F32: i32 = 0;
const UNIFORM_F64: i32 = 1;
const NORMAL_F32: i32 = 2;
const NORMAL_F64: i32 = 3;
const INTEGER: i32 = 4;

// Arguments: 0 kind, 1 out, 2 n, 3 key0, 4 key1, 5 counterLow, 6 counterHigh, 7 low or mean, 8 high or std.

/** Four counters from the one that element `i` uses, `perCounter` elements to a counter. */
// @ts-ignore: decorator
@inline function drawFor(i: i32, perCounter: i32): void {
  const counter = ((<u64>getInt(6) << 32) | <u64>getPointer(5)) + <u64>(i / perCounter);
  philox(getInt(3), getInt(4), counter, 0, 0);
}

/** Stores as much of v as lies before `end`. */
// @ts-ignore: decorator
@inline function put(p: usize, v: v128, end: usize): void {
  if (p + 16 <= end) v128.store(p, v);
  else if (p < end) storeTail(p, v, end - p);
}

/** 24 bits of each word, scaled; rounding must not reach the upper end. */
// @ts-ignore: decorator
@inline function uniformF32(words: v128, low: v128, range: v128, below: v128): v128 {
  const u = f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(words, 8)), f32x4.splat(5.9604644775390625e-8));
  return f32x4.min(f32x4.add(f32x4.mul(u, range), low), below);
}

/** 53 bits of each pair of words. */
// @ts-ignore: decorator
@inline function bits53(words: v128, pair: i32): f64 {
  const word = pair == 0 ? i64x2.extract_lane(words, 0) : i64x2.extract_lane(words, 1);
  return <f64>(<u64>word >> 11);
}

// @ts-ignore: decorator
@inline function uniformF64(words: v128, low: f64, high: f64): v128 {
  const scale: f64 = 1.1102230246251565e-16 * (high - low);
  const below = highestBelowF64(high);
  const first = Math.min(bits53(words, 0) * scale + low, below);
  return f64x2.replace_lane(f64x2.splat(first), 1, Math.min(bits53(words, 1) * scale + low, below));
}

function highestBelowF32(x: f32): f32 {
  if (x == 0) return reinterpret<f32>(0x80000001);
  return reinterpret<f32>(x > 0 ? reinterpret<i32>(x) - 1 : reinterpret<i32>(x) + 1);
}

function highestBelowF64(x: f64): f64 {
  if (x == 0) return reinterpret<f64>(<u64>0x8000000000000001);
  return reinterpret<f64>(x > 0 ? reinterpret<i64>(x) - 1 : reinterpret<i64>(x) + 1);
}

/** The second result of `boxMuller`. */
let sines: v128 = i64x2.splat(0);

/**
 * Box and Muller, 1958: two uniforms make two normals. `even` and `odd` are the words at even and odd places; returned are
 * the cosine parts, the sine parts are left in `sines`.
 */
// @ts-ignore: decorator
@inline function boxMuller(even: v128, odd: v128): v128 {
  // u in (0, 1]: log is finite.
  const u = f32x4.mul(f32x4.add(f32x4.convert_i32x4_u(even), f32x4.splat(1)), f32x4.splat(2.3283064365386963e-10));
  const radius = f32x4.sqrt(f32x4.mul(f32x4.splat(-2), logF32(u)));
  // The word is an angle in turns of 2^32: the nearest quarter turn, and a rest within an eighth.
  const quarter = i32x4.shr_u(i32x4.add(odd, i32x4.splat(0x20000000)), 30);
  const rest = i32x4.sub(odd, i32x4.shl(quarter, 30));
  const r = f32x4.mul(f32x4.convert_i32x4_s(rest), f32x4.splat(1.4629180792671596e-9));
  const z = f32x4.mul(r, r);
  let s = f32x4.splat(-1.9587959e-4);
  s = f32x4.add(f32x4.mul(s, z), f32x4.splat(8.332749e-3));
  s = f32x4.add(f32x4.mul(s, z), f32x4.splat(-0.16666664));
  const sine = f32x4.add(r, f32x4.mul(f32x4.mul(r, z), s));
  let c = f32x4.splat(2.454799e-5);
  c = f32x4.add(f32x4.mul(c, z), f32x4.splat(-1.3888304e-3));
  c = f32x4.add(f32x4.mul(c, z), f32x4.splat(4.1666664e-2));
  const cosine = f32x4.add(f32x4.sub(f32x4.splat(1), f32x4.mul(z, f32x4.splat(0.5))), f32x4.mul(f32x4.mul(z, z), c));
  const swap = i32x4.eq(v128.and(quarter, i32x4.splat(1)), i32x4.splat(1));
  const sineSign = i32x4.shl(v128.and(quarter, i32x4.splat(2)), 30);
  const cosineSign = i32x4.shl(v128.and(i32x4.add(quarter, i32x4.splat(1)), i32x4.splat(2)), 30);
  sines = f32x4.mul(radius, v128.xor(v128.bitselect(cosine, sine, swap), sineSign));
  return f32x4.mul(radius, v128.xor(v128.bitselect(sine, cosine, swap), cosineSign));
}

/** Two counters' words to eight normals at p. */
// @ts-ignore: decorator
@inline function putNormals(p: usize, end: usize, first: v128, second: v128, mean: v128, std: v128): void {
  const cosines = boxMuller(v128.shuffle<i32>(first, second, 0, 2, 4, 6), v128.shuffle<i32>(first, second, 1, 3, 5, 7));
  const a = v128.shuffle<i32>(cosines, sines, 0, 4, 1, 5), b = v128.shuffle<i32>(cosines, sines, 2, 6, 3, 7);
  put(p, f32x4.add(mean, f32x4.mul(std, a)), end);
  put(p + 16, f32x4.add(mean, f32x4.mul(std, b)), end);
}

function normalF64(words: v128, mean: f64, std: f64): v128 {
  const radius = Math.sqrt(-2 * NativeMath.log((bits53(words, 0) + 1) * 1.1102230246251565e-16));
  const angle = bits53(words, 1) * (1.1102230246251565e-16 * 6.283185307179586);
  const cosine = mean + std * (radius * NativeMath.cos(angle));
  return f64x2.replace_lane(f64x2.splat(cosine), 1, mean + std * (radius * NativeMath.sin(angle)));
}

/** floor(word * range / 2^32) + low */
// @ts-ignore: decorator
@inline function integers(words: v128, low: v128, range: v128): v128 {
  const even = i64x2.extmul_low_i32x4_u(words, range), odd = i64x2.extmul_high_i32x4_u(words, range);
  return i32x4.add(v128.shuffle<i32>(even, odd, 1, 3, 5, 7), low);
}

function uniformTaskF32(begin: i32, p: usize, end: usize): void {
  const low = <f32>getFloat(7), high = <f32>getFloat(8);
  const base = f32x4.splat(low), range = f32x4.splat(high - low), below = f32x4.splat(highestBelowF32(high));
  for (let i = begin; p < end; i += 16) {
    drawFor(i, 4);
    put(p, uniformF32(words0, base, range, below), end);
    put(p + 16, uniformF32(words1, base, range, below), end);
    put(p + 32, uniformF32(words2, base, range, below), end);
    put(p + 48, uniformF32(words3, base, range, below), end);
    p += 64;
  }
}

function uniformTaskF64(begin: i32, p: usize, end: usize): void {
  const low = getFloat(7), high = getFloat(8);
  for (let i = begin; p < end; i += 8) {
    drawFor(i, 2);
    put(p, uniformF64(words0, low, high), end);
    put(p + 16, uniformF64(words1, low, high), end);
    put(p + 32, uniformF64(words2, low, high), end);
    put(p + 48, uniformF64(words3, low, high), end);
    p += 64;
  }
}

function normalTaskF32(begin: i32, p: usize, end: usize): void {
  const mean = f32x4.splat(<f32>getFloat(7)), std = f32x4.splat(<f32>getFloat(8));
  for (let i = begin; p < end; i += 16) {
    drawFor(i, 4);
    putNormals(p, end, words0, words1, mean, std);
    putNormals(p + 32, end, words2, words3, mean, std);
    p += 64;
  }
}

function normalTaskF64(begin: i32, p: usize, end: usize): void {
  const mean = getFloat(7), std = getFloat(8);
  for (let i = begin; p < end; i += 8) {
    drawFor(i, 2);
    put(p, normalF64(words0, mean, std), end);
    put(p + 16, normalF64(words1, mean, std), end);
    put(p + 32, normalF64(words2, mean, std), end);
    put(p + 48, normalF64(words3, mean, std), end);
    p += 64;
  }
}

function integerTask(begin: i32, p: usize, end: usize): void {
  const low = getInt(9), range = i32x4.splat(getInt(10) - low), base = i32x4.splat(low);
  for (let i = begin; p < end; i += 16) {
    drawFor(i, 4);
    put(p, integers(words0, base, range), end);
    put(p + 16, integers(words1, base, range), end);
    put(p + 32, integers(words2, base, range), end);
    put(p + 48, integers(words3, base, range), end);
    p += 64;
  }
}

function fillTask(task: i32): void {
  const kind = getInt(0);
  const shift: usize = kind == UNIFORM_F64 || kind == NORMAL_F64 ? 3 : 2;
  const begin = task * CHUNK;
  const p = getPointer(1) + (<usize>begin << shift);
  const end = getPointer(1) + (<usize>min(getInt(2), begin + CHUNK) << shift);
  switch (kind) {
    case UNIFORM_F32: uniformTaskF32(begin, p, end); return;
    case UNIFORM_F64: uniformTaskF64(begin, p, end); return;
    case NORMAL_F32: normalTaskF32(begin, p, end); return;
    case NORMAL_F64: normalTaskF64(begin, p, end); return;
    default: integerTask(begin, p, end);
  }
}

function run(kind: i32, out: usize, n: i32, key0: i32, key1: i32, counterLow: i32, counterHigh: i32): void {
  setInt(0, kind); setInt(1, out); setInt(2, n); setInt(3, key0); setInt(4, key1); setInt(5, counterLow);
  setInt(6, counterHigh);
  const count = chunkCount(n);
  if (n <= PARALLEL_FROM) for (let task = 0; task < count; task++) fillTask(task);
  else parallelFor(fillTask, count);
}

/** Values in [low, high), from 24 (float32) or 53 (float64) random bits. */
export function randomUniform(
  dtype: i32, out: usize, n: i32, key0: i32, key1: i32, counterLow: i32, counterHigh: i32, low: f64, high: f64,
): void {
  if (dtype != F32 && dtype != F64) unreachable();
  setFloat(7, low); setFloat(8, high);
  run(dtype == F32 ? UNIFORM_F32 : UNIFORM_F64, out, n, key0, key1, counterLow, counterHigh);
}

export function randomNormal(
  dtype: i32, out: usize, n: i32, key0: i32, key1: i32, counterLow: i32, counterHigh: i32, mean: f64, std: f64,
): void {
  if (dtype != F32 && dtype != F64) unreachable();
  setFloat(7, mean); setFloat(8, std);
  run(dtype == F32 ? NORMAL_F32 : NORMAL_F64, out, n, key0, key1, counterLow, counterHigh);
}

/** int32 in [low, high); the chances differ by at most (high - low) / 2^32. */
export function randomInt(
  out: usize, n: i32, key0: i32, key1: i32, counterLow: i32, counterHigh: i32, low: i32, high: i32,
): void {
  setInt(9, low); setInt(10, high);
  run(INTEGER, out, n, key0, key1, counterLow, counterHigh);
}
