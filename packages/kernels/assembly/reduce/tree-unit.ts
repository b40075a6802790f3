/** The work of which reductions by trees are made. */
import { reduceRows } from "./streams";
import { fillIdentity, reduceColumns } from "./tree";

/** `rows` rows, `inner` apart, of `width` elements; where `inner` is 1, `count` times, one after the other. */
export function unit<Op, T>(x: usize, out: usize, rows: i32, width: i32, inner: i32, center: usize, count: i32): void {
  if (rows == 0) fillIdentity<Op, T>(out, width * count);
  else if (inner == 1) {
    reduceRows<Op, T>(x, out, rows, count, center);
  } else reduceColumns<Op, T>(x, out, rows, <usize>width * sizeof<T>(), <usize>inner * sizeof<T>(), center);
}
