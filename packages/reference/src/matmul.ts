import { broadcastOffsets, broadcastShapes } from "./broadcast.ts";
import { type NdArray, reshape, requireShape, sizeOf, zeros, zerosLike } from "./nd-array.ts";

export interface MatmulCache {
  readonly a: NdArray;
  readonly b: NdArray;
  readonly outShape: readonly number[];
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
  /** For every matrix of the broadcast batch, which matrix of a and of b it comes from. */
  readonly aMatrices: Int32Array;
  readonly bMatrices: Int32Array;
}

/**
 * Matrix product over the last two dimensions; a vector counts as one row on the left, as one column on the right.
 *
 * Shapes    a [...A, m, k], b [...B, k, n] -> [...broadcast of A and B, m, n]
 * Throws    RangeError for a 0-d operand, different inner lengths, batches that do not broadcast
 */
export function matmulForward(a: NdArray, b: NdArray): { out: NdArray; cache: MatmulCache } {
  const [rows, inner] = a.shape.length === 1 ? [1, a.shape[0]] : a.shape.slice(-2);
  const [bInner, columns] = b.shape.length === 1 ? [b.shape[0], 1] : b.shape.slice(-2);
  if (rows === undefined || inner === undefined || bInner === undefined || columns === undefined || inner !== bInner) {
    throw new RangeError(`matmul: a.shape = [${a.shape.join(", ")}] and b.shape = [${b.shape.join(", ")}] do not fit`);
  }
  const aBatch = a.shape.slice(0, -2);
  const bBatch = b.shape.slice(0, -2);
  const batch = broadcastShapes("matmul", aBatch, bBatch);
  const aMatrices = broadcastOffsets(aBatch, batch);
  const bMatrices = broadcastOffsets(bBatch, batch);
  const outShape = [...batch, ...(a.shape.length === 1 ? [] : [rows]), ...(b.shape.length === 1 ? [] : [columns])];
  const cache = { a, b, outShape, rows, inner, columns, aMatrices, bMatrices };

  const out = zeros([sizeOf(batch) * rows * columns]);
  forEachProduct(cache, (aIndex, bIndex, outIndex) => {
    out.data[outIndex]! += a.data[aIndex]! * b.data[bIndex]!;
  });
  return { out: reshape(out, outShape), cache };
}

/** Gradient  dA = dOut bᵀ, dB = aᵀ dOut, each summed over the batch dimensions along which its matrix was repeated. */
export function matmulBackward(dOut: NdArray, cache: MatmulCache): { dA: NdArray; dB: NdArray } {
  const { a, b } = cache;
  requireShape("matmulBackward", "dOut", dOut, cache.outShape);
  const dA = zerosLike(a);
  const dB = zerosLike(b);
  forEachProduct(cache, (aIndex, bIndex, outIndex) => {
    dA.data[aIndex]! += dOut.data[outIndex]! * b.data[bIndex]!;
    dB.data[bIndex]! += dOut.data[outIndex]! * a.data[aIndex]!;
  });
  return { dA, dB };
}

/** Visits every product a[aIndex] * b[bIndex] that is summed into out[outIndex]. */
function forEachProduct(cache: MatmulCache, visit: (aIndex: number, bIndex: number, outIndex: number) => void): void {
  const { rows, inner, columns, aMatrices, bMatrices } = cache;
  for (let matrix = 0; matrix < aMatrices.length; matrix++) {
    const aStart = aMatrices[matrix]! * rows * inner;
    const bStart = bMatrices[matrix]! * inner * columns;
    const outStart = matrix * rows * columns;
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        for (let k = 0; k < inner; k++) visit(aStart + i * inner + k, bStart + k * columns + j, outStart + i * columns + j);
      }
    }
  }
}
