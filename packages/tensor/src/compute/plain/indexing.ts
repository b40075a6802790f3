import type { Tensor } from "../../tensor.ts";
import { around, elementsOf, isLong, numbersOf, type Element, type Elements } from "./elements.ts";

/** Position of the first index outside [-size, size), or -1. */
export function invalidIndex(indices: Tensor, size: number): number {
  return numbersOf(indices).findIndex((index) => index < -size || index >= size);
}

/**
 * Pairs of elements that belong together: `long`, row-major, has the size n along `dim`; the other tensor [outer, m, inner] has one of its
 * elements for each index. Where the indices have one dimension, a whole run takes the same.
 */
function eachPair(long: Tensor, indices: Tensor, dim: number, isRun: boolean, visit: (inLong: number, inOther: number) => void): void {
  const [outer, n, inner] = around(long.shape, dim), m = isRun ? indices.numel() : (indices.shape[dim] ?? 1), places = numbersOf(indices);
  for (let o = 0; o < outer; o++) {
    for (let k = 0; k < m; k++) {
      for (let i = 0; i < inner; i++) {
        const at = (o * m + k) * inner + i, index = places[isRun ? k : at] as number;
        visit((o * n + (index < 0 ? index + n : index)) * inner + i, at);
      }
    }
  }
}

function read(x: Tensor, indices: Tensor, out: Tensor, dim: number, isRun: boolean): void {
  const from: Elements = elementsOf(x), to: Elements = elementsOf(out);
  eachPair(x, indices, dim, isRun, (inX, inOut) => { to[inOut] = from[inX] as Element; });
}

/** In the order of the indices. */
function add(out: Tensor, indices: Tensor, src: Tensor, dim: number, isRun: boolean): void {
  const from = elementsOf(src), to = elementsOf(out);
  if (isLong(to)) eachPair(out, indices, dim, isRun, (inOut, inSrc) => { to[inOut] = (to[inOut] as bigint) + (from[inSrc] as bigint); });
  else eachPair(out, indices, dim, isRun, (inOut, inSrc) => { to[inOut] = (to[inOut] as number) + (from[inSrc] as number); });
}

export const indexSelect = (x: Tensor, indices: Tensor, out: Tensor, dim: number): void => read(x, indices, out, dim, true);
export const gather = (x: Tensor, indices: Tensor, out: Tensor, dim: number): void => read(x, indices, out, dim, false);
export const indexAdd = (out: Tensor, indices: Tensor, src: Tensor, dim: number): void => add(out, indices, src, dim, true);
export const scatterAdd = (out: Tensor, indices: Tensor, src: Tensor, dim: number): void => add(out, indices, src, dim, false);
