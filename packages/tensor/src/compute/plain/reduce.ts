import type { Tensor } from "../../tensor.ts";
import type { ReduceName } from "../codes.ts";
import { elementsOf, isLong, isZero, numbersOf, roundingOf, type Element, type Elements, type Rounding } from "./elements.ts";

/** An element of the row that is being reduced. */
type Row = (k: number) => number;

/** Fewer terms than this are added one after the other. */
const leaf = 32;

/** The terms [from, to), as a balanced tree: a sum's rounding error grows with the logarithm of their number. In float64 unless told. */
export function sumOf(term: Row, from: number, to: number, round: Rounding = roundingOf("float64")): number {
  if (to - from > leaf) {
    const middle = (from + to) >> 1;
    return round(sumOf(term, from, middle, round) + sumOf(term, middle, to, round));
  }
  // Four sums side by side, as a vector's lanes hold them: numbers whose sum overflows in one order but not in another do so as in PyTorch.
  const lanes = [0, 0, 0, 0] as [number, number, number, number];
  for (let k = from; k < to; k++) lanes[(k - from) % 4] = round((lanes[(k - from) % 4] as number) + term(k));
  return round(round(lanes[0] + lanes[2]) + round(lanes[1] + lanes[3]));
}

function productOf(term: Row, n: number): number {
  let product = 1;
  for (let k = 0; k < n; k++) product *= term(k);
  return product;
}

/** Not a power, which need not be the nearest number. */
const square = (x: number): number => x * x;

/** Calls `give` for every row of [outer, n, inner]: its number, and where it begins; from element to element it is `inner` steps. */
function eachRow(outer: number, n: number, inner: number, give: (row: number, begin: number) => void): void {
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) give(o * inner + i, o * n * inner + i);
  }
}

const isNaNElement = (value: Element): boolean => Number.isNaN(value);

/** Position of the extreme: the first of equal ones, and the first NaN before all others. */
function extremeAt(x: Elements, begin: number, n: number, step: number, isLargest: boolean): number {
  let at = 0;
  for (let k = 1; k < n; k++) {
    const value = x[begin + k * step] as Element, best = x[begin + at * step] as Element;
    if (isNaNElement(best)) break;
    if (isNaNElement(value) || (isLargest ? value > best : value < best)) at = k;
  }
  return at;
}

function isAny(x: Elements, begin: number, n: number, step: number): boolean {
  for (let k = 0; k < n; k++) if (!isZero(x[begin + k * step] as Element)) return true;
  return false;
}

function isEach(x: Elements, begin: number, n: number, step: number): boolean {
  for (let k = 0; k < n; k++) if (isZero(x[begin + k * step] as Element)) return false;
  return true;
}

/** Sums and products of integers, which wrap. */
function long(op: "sum" | "prod", x: Elements, begin: number, n: number, step: number): bigint {
  let result = op === "sum" ? 0n : 1n;
  for (let k = 0; k < n; k++) {
    const value = BigInt(x[begin + k * step] as Element);
    result = BigInt.asIntN(64, op === "sum" ? result + value : result * value);
  }
  return result;
}

/** What the extreme of nothing is: what every element of the dtype is no worse than. */
function worst(op: "max" | "min", { dtype }: Tensor): Element {
  const sign = op === "max" ? -1 : 1;
  if (dtype === "int64") return op === "max" ? -(2n ** 63n) : 2n ** 63n - 1n;
  if (dtype === "int32") return op === "max" ? -(2 ** 31) : 2 ** 31 - 1;
  return dtype === "uint8" || dtype === "bool" ? (op === "max" ? 0 : 255) : sign * Infinity;
}

/** [outer, n, inner] to [outer, inner]. */
export function reduce(op: ReduceName, x: Tensor, out: Tensor, outer: number, n: number, inner: number): void {
  const source = elementsOf(x), from: Elements = source, result = elementsOf(out), to: Elements = result;
  const eachTo = (value: (begin: number) => Element): void => eachRow(outer, n, inner, (row, begin) => { to[row] = value(begin); });
  const float = (calculate: (term: Row) => number): void => eachTo((begin) => calculate((k) => from[begin + k * inner] as number));
  switch (op) {
    case "sum":
    case "prod":
      if (isLong(result)) eachTo((begin) => long(op, from, begin, n, inner));
      else if (op === "sum") float((term) => sumOf(term, 0, n, roundingOf(x.dtype)));
      else float((term) => productOf(term, n));
      return;
    case "sumSquares":
      float((term) => sumOf((k) => square(term(k)), 0, n));
      return;
    case "max":
    case "min":
      eachTo((begin) => (n === 0 ? worst(op, x) : (from[begin + extremeAt(from, begin, n, inner, op === "max") * inner] as Element)));
      return;
    case "argmax":
    case "argmin":
      eachTo((begin) => extremeAt(from, begin, n, inner, op === "argmax"));
      return;
    case "any":
      eachTo((begin) => (isAny(from, begin, n, inner) ? 1 : 0));
      return;
    case "all":
      eachTo((begin) => (isEach(from, begin, n, inner) ? 1 : 0));
  }
}

/** In two passes: never E[x²] - E[x]², which cancels. */
export function moments(x: Tensor, mean: Tensor, squares: Tensor, outer: number, n: number, inner: number): void {
  const from = numbersOf(x), means = numbersOf(mean), sums = numbersOf(squares);
  eachRow(outer, n, inner, (row, begin) => {
    const term: Row = (k) => from[begin + k * inner] as number;
    const center = sumOf(term, 0, n) / n;
    means[row] = center;
    sums[row] = sumOf((k) => square(term(k) - center), 0, n);
  });
}
