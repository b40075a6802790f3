/**
 * Reduction of contiguous elements that do not lie in the caches near a core: memory streams a sixth faster from two places than
 * from one, so that two rows, or the halves of a long one, are read side by side. What a row gives depends on its length alone.
 */
import { wideRoom } from "../runtime/pool";
import { isWide, wideStreams } from "../runtime/wide";
import { Sum } from "./combinations";
import { fold, reduceRow, tree } from "./tree";

/** Shorter rows are taken one by one. */
const STREAM_BYTES: usize = 2048;
/** Rows from here on are read as two halves. */
const LONG_BYTES: usize = 32768;

/** Leaves of the tree: a sum has 37 terms one after the other at most. A leaf runs through 4 vectors of accumulators. */
const LEAF_BYTES: usize = 8192;
/** Bytes of a turn of the loop, from each place. */
const TURN_BYTES: usize = 256;

/** What `streams` gives of y. */
let second: v128 = i64x2.splat(0);

/** The vectors at x and 64, 128 and 192 bytes after it. */
// @ts-ignore: decorator
@inline function four<Op, T>(x: usize, center: v128): v128 {
  const op = changetype<Op>(0);
  return op.combine<T>(
    op.combine<T>(op.map<T>(v128.load(x), center), op.map<T>(v128.load(x, 64), center)),
    op.combine<T>(op.map<T>(v128.load(x, 128), center), op.map<T>(v128.load(x, 192), center)),
  );
}

/** Lane-wise partial results of `bytes`, a multiple of TURN_BYTES, at x, which are returned, and at y, which are in `second`. */
function streams<Op, T>(x: usize, y: usize, bytes: usize, centerX: v128, centerY: v128): v128 {
  const op = changetype<Op>(0);
  if (bytes > LEAF_BYTES) {
    const half = (bytes / 2 + LEAF_BYTES - 1) & ~(LEAF_BYTES - 1);
    const firstX = streams<Op, T>(x, y, half, centerX, centerY), firstY = second;
    const lastX = streams<Op, T>(x + half, y + half, bytes - half, centerX, centerY);
    second = op.combine<T>(firstY, second);
    return op.combine<T>(firstX, lastX);
  }
  if (isWide<T>() && op instanceof Sum) {
    const sums = wideRoom();
    wideStreams(x, y, bytes, sums);
    second = op.combine<T>(
      op.combine<T>(v128.load(sums, 64), v128.load(sums, 80)), op.combine<T>(v128.load(sums, 96), v128.load(sums, 112)),
    );
    return op.combine<T>(op.combine<T>(v128.load(sums), v128.load(sums, 16)), op.combine<T>(v128.load(sums, 32), v128.load(sums, 48)));
  }
  const identity = v128.splat<T>(op.identity<T>());
  let a = identity, b = identity, c = identity, d = identity, e = identity, f = identity, g = identity, h = identity;
  for (const end = x + bytes; x < end; x += TURN_BYTES) {
    a = op.combine<T>(a, four<Op, T>(x, centerX));
    b = op.combine<T>(b, four<Op, T>(x + 16, centerX));
    c = op.combine<T>(c, four<Op, T>(x + 32, centerX));
    d = op.combine<T>(d, four<Op, T>(x + 48, centerX));
    e = op.combine<T>(e, four<Op, T>(y, centerY));
    f = op.combine<T>(f, four<Op, T>(y + 16, centerY));
    g = op.combine<T>(g, four<Op, T>(y + 32, centerY));
    h = op.combine<T>(h, four<Op, T>(y + 48, centerY));
    y += TURN_BYTES;
  }
  second = op.combine<T>(op.combine<T>(e, f), op.combine<T>(g, h));
  return op.combine<T>(op.combine<T>(a, b), op.combine<T>(c, d));
}

/** One number of the partial results of a row and its last `rest` bytes. */
// @ts-ignore: decorator
@inline function finish<Op, T>(partial: v128, x: usize, rest: usize, center: v128): T {
  const op = changetype<Op>(0);
  return fold<Op, T>(rest == 0 ? partial : op.combine<T>(partial, tree<Op, T>(x, <i32>(rest / sizeof<T>()), center)));
}

/** `count` rows of n elements, one after the other, each reduced to one; `center` has one for each, or is 0. */
export function reduceRows<Op, T>(x: usize, out: usize, n: i32, count: i32, center: usize): void {
  const op = changetype<Op>(0);
  const bytes = <usize>n * sizeof<T>();
  // With an odd number of rows, one of the middle is its own neighbour.
  const ahead = bytes >= STREAM_BYTES && bytes < LONG_BYTES ? (count + 1) >> 1 : count;
  for (let r = 0; r < ahead; r++) {
    const own: T = center != 0 ? load<T>(center + <usize>r * sizeof<T>()) : 0;
    const row = x + <usize>r * bytes, to = out + <usize>r * sizeof<T>();
    if (bytes < STREAM_BYTES) {
      store<T>(to, reduceRow<Op, T>(row, n, own));
    } else if (bytes >= LONG_BYTES) {
      const half = (bytes >> 1) & ~(TURN_BYTES - 1);
      const c = v128.splat<T>(own);
      const left = streams<Op, T>(row, row + half, half, c, c);
      store<T>(to, finish<Op, T>(op.combine<T>(left, second), row + half * 2, bytes - half * 2, c));
    } else {
      const step = r + ahead < count ? <usize>ahead : 0;
      const whole = bytes & ~(TURN_BYTES - 1);
      const other: T = center != 0 ? load<T>(center + (<usize>r + step) * sizeof<T>()) : 0;
      const c = v128.splat<T>(own), d = v128.splat<T>(other);
      const left = streams<Op, T>(row, row + step * bytes, whole, c, d), right = second;
      store<T>(to, finish<Op, T>(left, row + whole, bytes - whole, c));
      if (step != 0) store<T>(to + step * sizeof<T>(), finish<Op, T>(right, row + step * bytes + whole, bytes - whole, d));
    }
  }
}
