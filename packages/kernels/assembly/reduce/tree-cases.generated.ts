// Made of operations.mjs; `node packages/kernels/generate.mjs` makes it anew.
import * as code from "./codes.generated";
import { Max, Min, Prod, SquaredDeviation, Sum, SumSquares } from "./combinations";
import { unit } from "./tree-unit";

/** `rows` rows, `inner` apart, of `width` elements; where `inner` is 1, `count` times, one after the other. */
export function unitOf<T>(kind: i32, x: usize, out: usize, rows: i32, width: i32, inner: i32, center: usize, count: i32): void {
  switch (kind) {
    case code.SUM:
      if (isFloat<T>()) unit<Sum, T>(x, out, rows, width, inner, 0, count);
      else unreachable();
      return;
    case code.PROD:
      if (isFloat<T>()) unit<Prod, T>(x, out, rows, width, inner, 0, count);
      else unreachable();
      return;
    case code.MAX: unit<Max, T>(x, out, rows, width, inner, 0, count); return;
    case code.MIN: unit<Min, T>(x, out, rows, width, inner, 0, count); return;
    case code.SUM_SQUARES:
      if (isFloat<T>()) unit<SumSquares, T>(x, out, rows, width, inner, 0, count);
      else unreachable();
      return;
    case code.SQUARED_DEVIATION:
      if (isFloat<T>()) unit<SquaredDeviation, T>(x, out, rows, width, inner, center, count);
      else unreachable();
      return;
    default: unreachable();
  }
}
