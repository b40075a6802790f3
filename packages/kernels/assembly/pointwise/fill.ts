/** Filling memory with one value. */
import { element } from "../math/lanes";
import { getInt, getPointer, setFloat, getFloat, setInt } from "../runtime/control";
import { BF16, BOOL, F16, F32, F64, I32, I64, bytesOf } from "../runtime/dtype.generated";
import { parallelFor } from "../runtime/pool";
import { CHUNK, PARALLEL_FROM, chunkCount } from "../runtime/strided";
import { bhalfFromFloat, halfFromFloat, roundedToOdd } from "./cast-half";

function fillWith<T>(out: usize, n: i32, value: T): void {
  const v = v128.splat<T>(value);
  const end = out + <usize>n * sizeof<T>();
  const whole = out + ((<usize>n * sizeof<T>()) & ~15);
  for (; out + 64 <= whole; out += 64) {
    v128.store(out, v);
    v128.store(out, v, 16);
    v128.store(out, v, 32);
    v128.store(out, v, 48);
  }
  for (; out < whole; out += 16) v128.store(out, v);
  for (; out < end; out += sizeof<T>()) store<T>(out, value);
}

function fillRange(dtype: i32, out: usize, n: i32, value: f64): void {
  // Nothing but zero bits (which -0 is not): the system knows how.
  if (reinterpret<i64>(value) == 0) { memory.fill(out, 0, <usize>n * bytesOf(dtype)); return; }
  switch (dtype) {
    case F32: fillWith<f32>(out, n, <f32>value); return;
    case F64: fillWith<f64>(out, n, value); return;
    case F16: fillWith<i16>(out, n, halfFromFloat(roundedToOdd(value))); return;
    case BF16: fillWith<i16>(out, n, bhalfFromFloat(roundedToOdd(value))); return;
    case I32: fillWith<i32>(out, n, element<i32>(value)); return;
    case I64: fillWith<i64>(out, n, element<i64>(value)); return;
    case BOOL: memory.fill(out, value != 0 ? 1 : 0, n); return;
    default: memory.fill(out, element<u8>(value), n);
  }
}

function fillTask(task: i32): void {
  const dtype = getInt(0);
  const begin = task * CHUNK;
  fillRange(dtype, getPointer(1) + <usize>begin * bytesOf(dtype), min(CHUNK, getInt(2) - begin), getFloat(3));
}

export function fill(dtype: i32, out: usize, n: i32, value: f64): void {
  if (n <= PARALLEL_FROM) { fillRange(dtype, out, n, value); return; }
  setInt(0, dtype); setInt(1, out); setInt(2, n); setFloat(3, value);
  parallelFor(fillTask, chunkCount(n));
}
