import type { NdArray } from "./nd-array.ts";
import { zerosLike } from "./nd-array.ts";

export interface NormalizedRows {
  /** The rows with mean 0 and variance 1, in the shape of x. */
  readonly xHat: NdArray;
  /** sqrt(biased variance + eps) of every row. */
  readonly deviations: Float64Array;
  readonly rowLength: number;
}

/** Cuts the elements of x, in memory order, into rows and normalises each; layer norm and group norm rest on it. */
export function normalizeRows(x: NdArray, rowLength: number, eps: number): NormalizedRows {
  const rows = rowLength === 0 ? 0 : x.data.length / rowLength;
  const xHat = zerosLike(x);
  const deviations = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const values = x.data.subarray(row * rowLength, (row + 1) * rowLength);
    const mean = values.reduce((sum, value) => sum + value, 0) / rowLength;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rowLength;
    const deviation = Math.sqrt(variance + eps);
    deviations[row] = deviation;
    xHat.data.set(values.map((value) => (value - mean) / deviation), row * rowLength);
  }
  return { xHat, deviations, rowLength };
}

/** Gradient  dX = (dXHat - mean of dXHat - xHat * mean of dXHat xHat) / deviation, the means taken over the row. */
export function normalizeRowsBackward(dXHat: NdArray, { xHat, deviations, rowLength }: NormalizedRows): NdArray {
  const dX = zerosLike(xHat);
  deviations.forEach((deviation, row) => {
    const start = row * rowLength;
    let mean = 0;
    let meanWithXHat = 0;
    for (let i = start; i < start + rowLength; i++) {
      mean += dXHat.data[i]! / rowLength;
      meanWithXHat += (dXHat.data[i]! * xHat.data[i]!) / rowLength;
    }
    for (let i = start; i < start + rowLength; i++) {
      dX.data[i] = (dXHat.data[i]! - mean - xHat.data[i]! * meanWithXHat) / deviation;
    }
  });
  return dX;
}
