import type { NumberArray } from "@tapegrad/kernels";
import type { Tensor } from "../../tensor.ts";
import { around, numbersOf } from "./elements.ts";
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
export function sumOfExp(x: NumberArray, begin: number, n: number, step: number, top: number): number {
  return sumOf((k) => Math.exp((x[begin + k * step] as number) - top), 0, n);
}

export function softmax(x: Tensor, out: Tensor, dim: number, isLog: boolean): void {
  const [outer, n, inner] = around(out.shape, dim), from = numbersOf(x), to = numbersOf(out);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const begin = o * n * inner + i, top = topOf(from, begin, n, inner), total = sumOfExp(from, begin, n, inner, top);
      for (let at = begin; at < begin + n * inner; at += inner) {
        const shifted = (from[at] as number) - top;
        to[at] = isLog ? shifted - Math.log(total) : Math.exp(shifted) / total;
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
