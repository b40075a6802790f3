import { type NdArray, requireShape, sizeOf, zeros, zerosLike } from "./nd-array.ts";

export interface LinearCache {
  readonly x: NdArray;
  readonly w: NdArray;
}

/**
 * PyTorch's dense layer: the weights lie [out, in], and any leading dimensions are examples.
 *
 * Shapes    x [..., in], w [out, in], b [out] or null -> [..., out]
 * Throws    RangeError when the lengths do not agree
 */
export function linearForward(x: NdArray, w: NdArray, b: NdArray | null): { out: NdArray; cache: LinearCache } {
  const [outputs = 0, inputs = 0] = w.shape;
  const lead = x.shape.slice(0, -1);
  requireShape("linear", "x", x, [...lead, inputs]);
  requireShape("linear", "w", w, [outputs, inputs]);
  if (b !== null) requireShape("linear", "b", b, [outputs]);
  const out = zeros([...lead, outputs]);
  for (let row = 0; row < sizeOf(lead); row++) {
    for (let o = 0; o < outputs; o++) {
      let sum = b === null ? 0 : b.data[o]!;
      for (let i = 0; i < inputs; i++) sum += x.data[row * inputs + i]! * w.data[o * inputs + i]!;
      out.data[row * outputs + o] = sum;
    }
  }
  return { out, cache: { x, w } };
}

/** Gradient  dX = dOut w, dW = dOutᵀ x, dB = sum of dOut over the examples. */
export function linearBackward(dOut: NdArray, cache: LinearCache): { dX: NdArray; dW: NdArray; dB: NdArray } {
  const { x, w } = cache;
  const [outputs = 0, inputs = 0] = w.shape;
  const lead = x.shape.slice(0, -1);
  requireShape("linearBackward", "dOut", dOut, [...lead, outputs]);
  const dX = zerosLike(x);
  const dW = zerosLike(w);
  const dB = zeros([outputs]);
  for (let row = 0; row < sizeOf(lead); row++) {
    for (let o = 0; o < outputs; o++) {
      const upstream = dOut.data[row * outputs + o]!;
      dB.data[o]! += upstream;
      for (let i = 0; i < inputs; i++) {
        dX.data[row * inputs + i]! += upstream * w.data[o * inputs + i]!;
        dW.data[o * inputs + i]! += upstream * x.data[row * inputs + i]!;
      }
    }
  }
  return { dX, dW, dB };
}
