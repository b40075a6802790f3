import { normalizeDim, normalizeDims } from "../shape.ts";
import { requireTensor, type Tensor } from "../tensor.ts";
import { reshape } from "./reshape.ts";

/**
 * Without dimensions of size 1: all of them, or those named.
 *
 * Gradient  dx = dOut, reshaped
 * Throws    IndexError `squeeze/dim`
 * @example
 * zeros([1, 3, 1]).squeeze().shape; // [3]
 * zeros([1, 3, 1]).squeeze(0).shape; // [3, 1]
 */
export function squeeze(x: Tensor, dim?: number | readonly number[]): Tensor {
  requireTensor("squeeze", "x", x);
  const dims = normalizeDims("squeeze", dim, x.ndim);
  return reshape(x, x.shape.filter((size, i) => size !== 1 || !dims.includes(i)));
}

/**
 * With a new dimension of size 1 at `dim`.
 *
 * Gradient  dx = dOut, reshaped
 * Throws    IndexError `unsqueeze/dim`
 * @example
 * zeros([3]).unsqueeze(0).shape; // [1, 3]
 */
export function unsqueeze(x: Tensor, dim: number): Tensor {
  requireTensor("unsqueeze", "x", x);
  return reshape(x, x.shape.toSpliced(normalizeDim("unsqueeze", dim, x.ndim + 1), 0, 1));
}
