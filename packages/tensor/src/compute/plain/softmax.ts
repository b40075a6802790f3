import type { NumberArray } from "@tapegrad/kernels";
import type { Tensor } from "../../tensor.ts";
import { around, numbersOf, roundingOf, type Rounding } from "./elements.ts";
import { sumOf } from "./reduce.ts";

/** The largest of a row; not NaN, which the sum of exponentials brings back. */
export function topOf(x: NumberArray, begin: number, n: number, step: number): number {
  let top = -Infinity;
  for (let k = 0; k < n; k++) {
    const value = x[begin + k * step] as number;
    if (value > top) top = value;
  }
  return top;
}

/** Sum of exp(x - top). */
export function sumOfExp(x: NumberArray, begin: number, n: number, step: number, top: number, round: Rounding): number {
  return sumOf((k) => round(Math.exp((x[begin + k * step] as number) - top)), 0, n, round);
}

export function softmax(x: Tensor, out: Tensor, dim: number, isLog: boolean): void {
  const [outer, n, inner] = around(out.shape, dim), from = numbersOf(x), to = numbersOf(out), round = roundingOf(x.dtype);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const begin = o * n * inner + i, top = topOf(from, begin, n, inner), total = sumOfExp(from, begin, n, inner, top, round);
      // Beside 1, the dtype may have nothing left of the other terms: then the largest one's logarithm is 0.
      const logTotal = round(Math.log(total));
      for (let at = begin; at < begin + n * inner; at += inner) {
        const shifted = round((from[at] as number) - top);
        to[at] = isLog ? shifted - logTotal : Math.exp(shifted) / total;
      }
    }
  }
}

/** dX = y (dOut - sum(dOut y)); of the logarithm, dX = dOut - exp(y) sum(dOut). */
export function softmaxBackward(dOut: Tensor, y: Tensor, dX: Tensor, dim: number, isLog: boolean): void {
  const [outer, n, inner] = around(dX.shape, dim), gradient = numbersOf(dOut), result = numbersOf(y), to = numbersOf(dX);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const begin = o * n * inner + i, g = (k: number): number => gradient[begin + k * inner] as number;
      const total = sumOf(isLog ? g : (k) => g(k) * (result[begin + k * inner] as number), 0, n);
      for (let k = 0; k < n; k++) {
        const at = begin + k * inner, own = result[at] as number;
        to[at] = isLog ? g(k) - Math.exp(own) * total : own * (g(k) - total);
      }
    }
  }
}
