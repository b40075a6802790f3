import { type Tensor } from "../../tensor.ts";
import type { Epilogue } from "../backend.ts";
import { broadcastStrides } from "../layout.ts";
import { numbersOf, positions, rectified, roundingOf } from "./elements.ts";

/** Where each matrix of a stack begins, the leading dimensions broadcast to `batch`. */
function beginnings(x: Tensor, batch: readonly number[]): Float64Array {
  return positions(batch, broadcastStrides(x.shape.slice(0, -2), x.strides.slice(0, -2), batch), x.offset);
}

/** a [..., m, k] times b [..., k, n], both strided, plus bias [n]. */
export function matmul(a: Tensor, b: Tensor, bias: Tensor | null, out: Tensor, epilogue: Epilogue): void {
  const batch = out.shape.slice(0, -2), startsA = beginnings(a, batch), startsB = beginnings(b, batch);
  const [m = 0, k = 0] = a.shape.slice(-2), n = b.shape.at(-1) ?? 0;
  const [rowA = 0, columnA = 0] = a.strides.slice(-2), [rowB = 0, columnB = 0] = b.strides.slice(-2);
  const round = roundingOf(out.dtype), left = a.storage.numbers, right = b.storage.numbers, to = numbersOf(out), shift = bias === null ? null : numbersOf(bias);
  for (let t = 0; t < startsA.length; t++) {
    for (let i = 0; i < m; i++) {
      // Summed up where the result will be, and so rounded to its dtype with every term, as the products are.
      const sums = to.subarray((t * m + i) * n, (t * m + i + 1) * n).fill(0);
      for (let p = 0; p < k; p++) {
        const factor = left[(startsA[t] as number) + i * rowA + p * columnA] as number, row = (startsB[t] as number) + p * rowB;
        for (let j = 0; j < n; j++) sums[j] = (sums[j] as number) + round(factor * (right[row + j * columnB] as number));
      }
      for (let j = 0; j < n; j++) {
        const value = (sums[j] as number) + (shift === null ? 0 : (shift[j] as number));
        sums[j] = epilogue === "relu" ? rectified(value) : value;
      }
    }
  }
}
