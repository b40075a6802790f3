/**
 * Logarithms along rows of float32. Blocks of positive normal numbers, which most are, go without the edges: the same bits, sooner
 * (exp-rows.ts).
 */
import { logF32, logF32Mild } from "../math/log";

const BLOCK: usize = 4096;

/** Whether some whole vectors hold positive normal numbers alone. */
function areMild(x: usize, bytes: usize): bool {
  const smallest = i32x4.splat(0x00800000);
  const end = x + bytes;
  // The others lie beyond those of the largest number once those of the smallest one are taken off.
  let a = i32x4.splat(0), b = a;
  for (; x + 64 <= end; x += 64) {
    a = i32x4.max_u(a, i32x4.sub(v128.load(x), smallest));
    b = i32x4.max_u(b, i32x4.sub(v128.load(x, 16), smallest));
    a = i32x4.max_u(a, i32x4.sub(v128.load(x, 32), smallest));
    b = i32x4.max_u(b, i32x4.sub(v128.load(x, 48), smallest));
  }
  for (; x < end; x += 16) a = i32x4.max_u(a, i32x4.sub(v128.load(x), smallest));
  return !v128.any_true(i32x4.gt_u(i32x4.max_u(a, b), i32x4.splat(0x7effffff)));
}

// @ts-ignore: decorator
@inline function logOf(x: v128, mild: bool): v128 {
  return mild ? logF32Mild(x) : logF32(x);
}

// @ts-ignore: decorator
@inline function logVectors(x: usize, out: usize, bytes: usize, mild: bool): void {
  const end = out + bytes;
  for (; out + 64 <= end; out += 64) {
    const a = logOf(v128.load(x), mild), b = logOf(v128.load(x, 16), mild);
    const c = logOf(v128.load(x, 32), mild), d = logOf(v128.load(x, 48), mild);
    v128.store(out, a);
    v128.store(out, b, 16);
    v128.store(out, c, 32);
    v128.store(out, d, 48);
    x += 64;
  }
  for (; out < end; out += 16) {
    v128.store(out, logOf(v128.load(x), mild));
    x += 16;
  }
}
function mildVectors(x: usize, out: usize, bytes: usize): void { logVectors(x, out, bytes, true); }
function anyVectors(x: usize, out: usize, bytes: usize): void { logVectors(x, out, bytes, false); }

/** out = log(x) on whole vectors; may be in place. */
export function logRow(x: usize, out: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += BLOCK) {
    const count = min(BLOCK, bytes - at);
    if (areMild(x + at, count)) mildVectors(x + at, out + at, count);
    else anyVectors(x + at, out + at, count);
  }
}
