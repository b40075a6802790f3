import { type NdArray, reshape, requireShape, sizeOf, zeros, zerosLike } from "./nd-array.ts";

export interface AffineCache {
  readonly x: NdArray;
  readonly w: NdArray;
}

/**
 * Flattens each example to a row and multiplies it by the weights.
 *
 * Shapes    x [N, ...] with D numbers per example, w [D, M], b [M] -> [N, M]
 * Throws    RangeError when D or M do not agree
 * Source    CS231n, assignment 2
 */
export function affineForward(x: NdArray, w: NdArray, b: NdArray): { out: NdArray; cache: AffineCache } {
  const [examples = 1, ...exampleShape] = x.shape;
  const inputs = sizeOf(exampleShape);
  const outputs = w.shape[1] ?? 0;
  requireShape("affine", "w", w, [inputs, outputs]);
  requireShape("affine", "b", b, [outputs]);
  const out = zeros([examples, outputs]);
  for (let n = 0; n < examples; n++) {
    for (let m = 0; m < outputs; m++) {
      let sum = b.data[m]!;
      for (let d = 0; d < inputs; d++) sum += x.data[n * inputs + d]! * w.data[d * outputs + m]!;
      out.data[n * outputs + m] = sum;
    }
  }
  return { out, cache: { x, w } };
}

/** Gradient  dX = dOut wᵀ (in the shape of x), dW = xᵀ dOut, dB = sum of dOut over the examples. */
export function affineBackward(dOut: NdArray, cache: AffineCache): { dX: NdArray; dW: NdArray; dB: NdArray } {
  const { x, w } = cache;
  const examples = x.shape[0] ?? 1;
  const [inputs = 0, outputs = 0] = w.shape;
  requireShape("affineBackward", "dOut", dOut, [examples, outputs]);
  const dX = zeros([examples, inputs]);
  const dW = zerosLike(w);
  const dB = zeros([outputs]);
  for (let n = 0; n < examples; n++) {
    for (let m = 0; m < outputs; m++) {
      const upstream = dOut.data[n * outputs + m]!;
      dB.data[m]! += upstream;
      for (let d = 0; d < inputs; d++) {
        dX.data[n * inputs + d]! += upstream * w.data[d * outputs + m]!;
        dW.data[d * outputs + m]! += upstream * x.data[n * inputs + d]!;
      }
    }
  }
  return { dX: reshape(dX, x.shape), dW, dB };
}
