/** Sums over two contiguous operands, as balanced trees like those of `tree.ts`. */
import { loadTail } from "../math/lanes";

const LEAF_BYTES: usize = 2048;

/** Lane-wise sums of a * (b - center) over n elements. */
export function dotTree<T>(a: usize, b: usize, n: i32, center: v128): v128 {
  const bytes = <usize>n * sizeof<T>();
  if (bytes > LEAF_BYTES) {
    const half = <i32>(((bytes / 2 + LEAF_BYTES - 1) & ~(LEAF_BYTES - 1)) / sizeof<T>());
    const at = <usize>half * sizeof<T>();
    return v128.add<T>(dotTree<T>(a, b, half, center), dotTree<T>(a + at, b + at, n - half, center));
  }
  let s0 = v128.splat<T>(0), s1 = s0, s2 = s0, s3 = s0;
  let at: usize = 0;
  for (; at + 64 <= bytes; at += 64) {
    const pa = a + at, pb = b + at;
    s0 = v128.add<T>(s0, v128.mul<T>(v128.load(pa), v128.sub<T>(v128.load(pb), center)));
    s1 = v128.add<T>(s1, v128.mul<T>(v128.load(pa, 16), v128.sub<T>(v128.load(pb, 16), center)));
    s2 = v128.add<T>(s2, v128.mul<T>(v128.load(pa, 32), v128.sub<T>(v128.load(pb, 32), center)));
    s3 = v128.add<T>(s3, v128.mul<T>(v128.load(pa, 48), v128.sub<T>(v128.load(pb, 48), center)));
  }
  s0 = v128.add<T>(v128.add<T>(s0, s1), v128.add<T>(s2, s3));
  for (; at + 16 <= bytes; at += 16) {
    s0 = v128.add<T>(s0, v128.mul<T>(v128.load(a + at), v128.sub<T>(v128.load(b + at), center)));
  }
  if (at == bytes) return s0;
  // The lanes beyond the end are 0 in a, and so in the product.
  const rest = bytes - at;
  return v128.add<T>(s0, v128.mul<T>(loadTail(a + at, rest), v128.sub<T>(loadTail(b + at, rest), center)));
}
