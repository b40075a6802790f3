/**
 * Loops of operations that take no longer than loads and stores, over contiguous vectors: sixteen in a turn, read in eights before
 * they are written. `bytes` is a multiple of LIGHT_BYTES.
 */
import { storeEight } from "./math-lanes";

/** Bytes of a turn: half as many cost up to a tenth more. */
export const LIGHT_BYTES: usize = 256;

// @ts-ignore: decorator
@inline function binaryEight<Op, T>(a: usize, b: usize, out: usize): void {
  const op = changetype<Op>(0);
  storeEight(
    out,
    op.apply<T>(v128.load(a), v128.load(b)), op.apply<T>(v128.load(a, 16), v128.load(b, 16)),
    op.apply<T>(v128.load(a, 32), v128.load(b, 32)), op.apply<T>(v128.load(a, 48), v128.load(b, 48)),
    op.apply<T>(v128.load(a, 64), v128.load(b, 64)), op.apply<T>(v128.load(a, 80), v128.load(b, 80)),
    op.apply<T>(v128.load(a, 96), v128.load(b, 96)), op.apply<T>(v128.load(a, 112), v128.load(b, 112)),
  );
}

export function binaryVectors<Op, T>(a: usize, b: usize, out: usize, bytes: usize): void {
  for (const end = out + bytes; out < end; out += LIGHT_BYTES) {
    binaryEight<Op, T>(a, b, out);
    binaryEight<Op, T>(a + 128, b + 128, out + 128);
    a += LIGHT_BYTES;
    b += LIGHT_BYTES;
  }
}

// @ts-ignore: decorator
@inline function binaryEightWith<Op, T>(a: usize, right: v128, out: usize): void {
  const op = changetype<Op>(0);
  storeEight(
    out,
    op.apply<T>(v128.load(a), right), op.apply<T>(v128.load(a, 16), right),
    op.apply<T>(v128.load(a, 32), right), op.apply<T>(v128.load(a, 48), right),
    op.apply<T>(v128.load(a, 64), right), op.apply<T>(v128.load(a, 80), right),
    op.apply<T>(v128.load(a, 96), right), op.apply<T>(v128.load(a, 112), right),
  );
}

/** One right operand for all. */
export function binaryVectorsWith<Op, T>(a: usize, right: T, out: usize, bytes: usize): void {
  const all = v128.splat<T>(right);
  for (const end = out + bytes; out < end; out += LIGHT_BYTES) {
    binaryEightWith<Op, T>(a, all, out);
    binaryEightWith<Op, T>(a + 128, all, out + 128);
    a += LIGHT_BYTES;
  }
}

// @ts-ignore: decorator
@inline function unaryEight<Op, T>(x: usize, out: usize, p: v128, q: v128): void {
  const op = changetype<Op>(0);
  storeEight(
    out,
    op.apply<T>(v128.load(x), p, q), op.apply<T>(v128.load(x, 16), p, q),
    op.apply<T>(v128.load(x, 32), p, q), op.apply<T>(v128.load(x, 48), p, q),
    op.apply<T>(v128.load(x, 64), p, q), op.apply<T>(v128.load(x, 80), p, q),
    op.apply<T>(v128.load(x, 96), p, q), op.apply<T>(v128.load(x, 112), p, q),
  );
}

export function unaryVectors<Op, T>(x: usize, out: usize, bytes: usize, p0: T, p1: T): void {
  const p = v128.splat<T>(p0), q = v128.splat<T>(p1);
  for (const end = out + bytes; out < end; out += LIGHT_BYTES) {
    unaryEight<Op, T>(x, out, p, q);
    unaryEight<Op, T>(x + 128, out + 128, p, q);
    x += LIGHT_BYTES;
  }
}

export function copyVectors(x: usize, out: usize, bytes: usize): void {
  for (const end = out + bytes; out < end; out += 128) {
    storeEight(
      out,
      v128.load(x), v128.load(x, 16), v128.load(x, 32), v128.load(x, 48), v128.load(x, 64), v128.load(x, 80), v128.load(x, 96), v128.load(x, 112),
    );
    x += 128;
  }
}
