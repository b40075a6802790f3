/** The loops of binary operations along a row. */
import { gather, gatherTail, lanes, storeTail } from "../math/lanes";
import { isWide, wideBinary, wideBinaryWith } from "../runtime/wide";
import { LIGHT_BYTES, binaryVectors, binaryVectorsWith, lengthIn, nextIn, stepIn } from "./light";

/** One row; strides in elements. `out` may be an operand whose stride is 1. */
export function row<Op, T>(a: usize, b: usize, out: usize, n: i32, strideA: i32, strideB: i32): void {
  const op = changetype<Op>(0);
  const bytes = <usize>n * sizeof<T>();
  const whole = bytes & ~15;
  let at: usize = 0;
  if (strideA == 1 && strideB == 1) {
    for (; at < whole; at += 16) v128.store(out + at, op.apply<T>(v128.load(a + at), v128.load(b + at)));
  } else if (strideA == 1 && strideB == 0) {
    if (n > 0) {
      const right = v128.load_splat<T>(b);
      for (; at < whole; at += 16) v128.store(out + at, op.apply<T>(v128.load(a + at), right));
    }
  } else if (strideA == 0 && strideB == 1) {
    if (n > 0) {
      const left = v128.load_splat<T>(a);
      for (; at < whole; at += 16) v128.store(out + at, op.apply<T>(left, v128.load(b + at)));
    }
  }
  // Other strides, and the last few elements of the cases above.
  const stepA = <usize>strideA * sizeof<T>(), stepB = <usize>strideB * sizeof<T>();
  a += at * strideA;
  b += at * strideB;
  while (at < bytes) {
    const left = bytes - at;
    const count = <i32>(left / sizeof<T>());
    const va = left < 16 ? gatherTail<T>(a, stepA, count) : gather<T>(a, stepA);
    const vb = left < 16 ? gatherTail<T>(b, stepB, count) : gather<T>(b, stepB);
    const y = op.apply<T>(va, vb);
    if (left < 16) { storeTail(out + at, y, left); return; }
    v128.store(out + at, y);
    a += stepA * lanes<T>();
    b += stepB * lanes<T>();
    at += 16;
  }
}

/** As `row`, for light operations; with `nextOut`, also the row that lies `next` bytes after in each operand, if strideA is 1 and strideB 0 or 1. */
export function lightRow<Op, T>(
  kind: i32, a: usize, b: usize, out: usize, n: i32, strideA: i32, strideB: i32, nextA: usize, nextB: usize, nextOut: usize,
): void {
  let bytes: usize = 0;
  if (strideA == 1 && strideB >= 0 && strideB <= 1) {
    const isPair = nextOut != 0;
    bytes = <usize>n * sizeof<T>() & ~(isPair ? 127 : LIGHT_BYTES - 1);
    if (bytes > 0) {
      const alone = nextIn(bytes);
      const toA = isPair ? nextA : alone, toOut = isPair ? nextOut : alone;
      const end = out + (isPair ? bytes : lengthIn(bytes)), step: usize = isPair ? 128 : stepIn(bytes);
      if (strideB == 1) {
        const toB = isPair ? nextB : alone;
        if (isWide<T>()) wideBinary(kind, a, b, out, end, toA, toB, toOut, step);
        else binaryVectors<Op, T>(a, b, out, end, toA, toB, toOut, step);
      } else {
        const after = b + (isPair ? nextB : 0);
        if (isWide<T>()) wideBinaryWith(kind, a, load<f32>(b), load<f32>(after), out, end, toA, toOut, step);
        else binaryVectorsWith<Op, T>(a, load<T>(b), load<T>(after), out, end, toA, toOut, step);
      }
    }
    a += bytes;
    b += bytes * strideB;
    out += bytes;
  }
  const done = <i32>(bytes / sizeof<T>());
  if (done == n) return;
  row<Op, T>(a, b, out, n - done, strideA, strideB);
  if (nextOut != 0) row<Op, T>(a + nextA, b + nextB, out + nextOut, n - done, strideA, strideB);
}
