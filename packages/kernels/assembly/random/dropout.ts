/** Inverted dropout: each element is kept with probability 1 - p and then scaled by 1 / (1 - p). */
import { boolBytes, storeTail } from "../math/lanes";
import { getFloat, getInt, getPointer, setFloat, setInt } from "../runtime/control";
import { F32, F64 } from "../runtime/dtype.generated";
import { parallelFor } from "../runtime/pool";
import { CHUNK, PARALLEL_FROM, chunkCount } from "../runtime/strided";
import { philox, words0, words1, words2, words3 } from "./philox";

// Arguments: 0 dtype, 1 x or dOut, 2 out or dX, 3 mask, 4 n, 5 p, 6 key0, 7 key1, 8 counterLow, 9 counterHigh.

/** A word's upper 24 bits below p 2^24: dropped. */
// @ts-ignore: decorator
@inline function kept(words: v128, limit: v128): v128 {
  return i32x4.ge_s(i32x4.shr_u(words, 8), limit);
}

/** Mask bytes of elements [begin, end), 16 elements to four counters. */
function drawMask(begin: i32, end: i32): void {
  const mask = getPointer(3);
  const limit = i32x4.splat(<i32>Math.ceil(getFloat(5) * 16777216));
  const counter = ((<u64>getInt(9) << 32) | <u64>getPointer(8)) + <u64>(begin >> 2);
  for (let i = begin; i < end; i += 16) {
    philox(getInt(6), getInt(7), counter + <u64>((i - begin) >> 2), 0, 0);
    const bytes = boolBytes(kept(words0, limit), kept(words1, limit), kept(words2, limit), kept(words3, limit));
    if (i + 16 <= end) v128.store(mask + i, bytes);
    else storeTail(mask + i, bytes, end - i);
  }
}

/** out = x * scale where the mask keeps it, else 0: what is dropped has no influence, be it infinite or NaN (PyTorch's product has). */
function applyMask<T>(begin: i32, end: i32): void {
  const p = getFloat(5);
  const scale: T = p < 1 ? <T>(1 / (1 - p)) : 0;
  const x = getPointer(1), out = getPointer(2), mask = getPointer(3);
  let i = begin;
  if (sizeof<T>() == 4) {
    const factor = f32x4.splat(<f32>scale);
    for (; i + 4 <= end; i += 4) {
      const bytes = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(mask + i)));
      const product = f32x4.mul(v128.load(x + (<usize>i << 2)), factor);
      v128.store(out + (<usize>i << 2), v128.and(product, i32x4.gt_s(bytes, i32x4.splat(0))));
    }
  }
  for (; i < end; i++) {
    const at = <usize>i * sizeof<T>();
    store<T>(out + at, select<T>(load<T>(x + at) * scale, 0, load<u8>(mask + i) != 0));
  }
}

function applyTo(begin: i32, end: i32): void {
  if (getInt(0) == F32) applyMask<f32>(begin, end);
  else applyMask<f64>(begin, end);
}

function dropoutTask(task: i32): void {
  const begin = task * CHUNK, end = min(getInt(4), begin + CHUNK);
  drawMask(begin, end);
  applyTo(begin, end);
}

function backwardTask(task: i32): void {
  const begin = task * CHUNK;
  applyTo(begin, min(getInt(4), begin + CHUNK));
}

function run(task: (index: i32) => void, dtype: i32, x: usize, out: usize, mask: usize, n: i32, p: f64): void {
  if (dtype != F32 && dtype != F64) unreachable();
  setInt(0, dtype); setInt(1, x); setInt(2, out); setInt(3, mask); setInt(4, n); setFloat(5, p);
  const count = chunkCount(n);
  if (n <= PARALLEL_FROM) for (let i = 0; i < count; i++) task(i);
  else parallelFor(task, count);
}

/** Writes `out`, and the mask (bytes 0 and 1) for the backward pass; n elements use ceil(n / 4) counter steps. */
export function dropout(
  dtype: i32, x: usize, out: usize, mask: usize, n: i32, p: f64, key0: i32, key1: i32, counterLow: i32, counterHigh: i32,
): void {
  setInt(6, key0); setInt(7, key1); setInt(8, counterLow); setInt(9, counterHigh);
  run(dropoutTask, dtype, x, out, mask, n, p);
}

export function dropoutBackward(dtype: i32, dOut: usize, mask: usize, dX: usize, n: i32, p: f64): void {
  run(backwardTask, dtype, dOut, dX, mask, n, p);
}
