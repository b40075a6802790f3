import { getInt, getPointer, setInt } from "./control";
import { F32, F64, I32, U8 } from "./dtype";
import { parallelFor } from "./pool";

const CHUNK: i32 = 1 << 14;

// @ts-ignore: decorator
@inline function addRange<T>(a: usize, b: usize, out: usize, n: i32): void {
  const lanes = <i32>(16 / sizeof<T>());
  let i = 0;
  for (; i + lanes <= n; i += lanes) {
    const at = <usize>i * sizeof<T>();
    v128.store(out + at, v128.add<T>(v128.load(a + at), v128.load(b + at)));
  }
  for (; i < n; i++) { const at = <usize>i * sizeof<T>(); store<T>(out + at, load<T>(a + at) + load<T>(b + at)); }
}
function addTask(task: i32): void {
  const begin = task * CHUNK;
  const n = min(CHUNK, getInt(3) - begin);
  const at = <usize>begin << 2;
  addRange<f32>(getPointer(0) + at, getPointer(1) + at, getPointer(2) + at, n);
}
export function addF32(a: usize, b: usize, out: usize, n: i32): void {
  if (n <= CHUNK) { addRange<f32>(a, b, out, n); return; }
  setInt(0, a); setInt(1, b); setInt(2, out); setInt(3, n);
  parallelFor(addTask, (n + CHUNK - 1) / CHUNK);
}
