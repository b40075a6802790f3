/**
 * Convolutions that are matrix products as they stand: a kernel as large as its image, without padding (every output is one
 * dot product), and a 1x1 kernel.
 */
import { gemm } from "../gemm/gemm";
import { F64 } from "../runtime/dtype.generated";

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

/** A 1x1 kernel: out [outputs, pixels] = w x, image by image; the bias goes to a whole row. */
export function pointwiseForward(
  dtype: i32, x: usize, w: usize, bias: usize, out: usize, images: i32, channels: i32, outputs: i32, pixels: i32,
): void {
  if (bias != 0) {
    if (dtype == F64) fillRows<f64>(out, bias, images, outputs, pixels);
    else fillRows<f32>(out, bias, images, outputs, pixels);
  }
  gemm(dtype, images, outputs, pixels, channels, w, channels, 1, 0, x, pixels, 1, channels * pixels, out, pixels, outputs * pixels, 0, bias == 0 ? 0 : 1);
}

export function pointwiseInputGradient(
  dtype: i32, dOut: usize, w: usize, dX: usize, images: i32, channels: i32, outputs: i32, pixels: i32,
): void {
  gemm(dtype, images, channels, pixels, outputs, w, 1, channels, 0, dOut, pixels, 1, outputs * pixels, dX, pixels, channels * pixels, 0, 0);
}

/** out[image][row][...] = bias[row]. */
export function fillRows<T>(out: usize, bias: usize, images: i32, rows: i32, pixels: i32): void {
  const lanes = <i32>(16 / sizeof<T>());
  for (let image = 0; image < images; image++) {
    for (let row = 0; row < rows; row++) {
      const value: T = bias == 0 ? 0 : load<T>(bias + <usize>row * sizeof<T>()), vector = v128.splat<T>(value);
      let p = 0;
      for (; p + lanes <= pixels; p += lanes) {
        v128.store(out, vector);
        out += 16;
      }
      for (; p < pixels; p++) {
        store<T>(out, value);
        out += sizeof<T>();
      }
    }
  }
}
