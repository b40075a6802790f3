/** A kernel as large as its image, without padding: every output is one dot product, so all of it is a matrix product. */
import { F64 } from "./dtype";
import { gemm } from "./gemm";

/** dBias: the sum over the rows of dOut [rows, outputs]. */
function sumRows(dtype: i32, dOut: usize, dBias: usize, rows: i32, outputs: i32): void {
  if (dtype == F64) sumRowsOf<f64>(dOut, dBias, rows, outputs);
  else sumRowsOf<f32>(dOut, dBias, rows, outputs);
}

function sumRowsOf<T>(dOut: usize, dBias: usize, rows: i32, outputs: i32): void {
  memory.fill(dBias, 0, <usize>outputs * sizeof<T>());
  for (let row = 0; row < rows; row++) {
    for (let o: usize = 0; o < <usize>outputs * sizeof<T>(); o += sizeof<T>()) store<T>(dBias + o, load<T>(dBias + o) + load<T>(dOut + o));
    dOut += <usize>outputs * sizeof<T>();
  }
}

export function wholeForward(dtype: i32, x: usize, w: usize, bias: usize, out: usize, images: i32, taps: i32, outputs: i32): void {
  gemm(dtype, 1, images, outputs, taps, x, taps, 1, 0, w, 1, taps, 0, out, outputs, 0, bias, 0);
}

export function wholeInputGradient(dtype: i32, dOut: usize, w: usize, dX: usize, images: i32, taps: i32, outputs: i32): void {
  gemm(dtype, 1, images, taps, outputs, dOut, outputs, 1, 0, w, taps, 1, 0, dX, taps, 0, 0, 0);
}

export function wholeWeightGradient(
  dtype: i32, dOut: usize, x: usize, dWeight: usize, dBias: usize, images: i32, taps: i32, outputs: i32,
): void {
  gemm(dtype, 1, outputs, taps, images, dOut, 1, outputs, 0, x, taps, 1, 0, dWeight, taps, 0, 0, 0);
  if (dBias != 0) sumRows(dtype, dOut, dBias, images, outputs);
}
