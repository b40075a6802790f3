/**
 * Two-dimensional cross-correlation and its gradients. x [N, C, H, W], w [O, C / groups, kH, kW], out [N, O, OH, OW]; zeros
 * around x: pT rows above and pL columns to the left, as many below and to the right as OH and OW ask for.
 */
import { F64 } from "../runtime/dtype.generated";
import { columnsForward, columnsInputGradient, columnsSuit, columnsSuitStride, columnsWeightGradient } from "./columns";
import { correlate } from "./correlate";
import { depthwiseCorrelate, depthwiseSuits } from "./depthwise";
import { depthwiseWeightGradient, depthwiseWeightSuits } from "./depthwise-weight";
import { setGeometry } from "./job";
import { weightGradient } from "./weight";
import { fillRows, pointwiseForward, pointwiseInputGradient, wholeForward, wholeInputGradient, wholeWeightGradient } from "./whole";
import { winogradCorrelate, winogradSuits } from "./winograd";
import { winogradWeightGradient, winogradWeightSuits } from "./winograd-weight";

/** A kernel as large as an image without padding. */
// @ts-ignore: decorator
@inline function isWhole(H: i32, W: i32, kH: i32, kW: i32, OH: i32, OW: i32, pT: i32, pL: i32, dH: i32, dW: i32, groups: i32): bool {
  return OH == 1 && OW == 1 && kH == H && kW == W && pT == 0 && pL == 0 && dH == 1 && dW == 1 && groups == 1;
}

/** A 1x1 kernel on many channels, without stride or padding. */
// @ts-ignore: decorator
@inline function isPointwise(C: i32, O: i32, H: i32, W: i32, kH: i32, kW: i32, OH: i32, OW: i32, sH: i32, sW: i32, pT: i32, pL: i32, groups: i32): bool {
  return kH == 1 && kW == 1 && sH == 1 && sW == 1 && pT == 0 && pL == 0 && OH == H && OW == W && groups == 1 && C >= 16 && O >= 16;
}

export function conv2d(
  dtype: i32, x: usize, w: usize, bias: usize, out: usize, N: i32, C: i32, H: i32, W: i32, O: i32, kH: i32, kW: i32, OH: i32, OW: i32,
  sH: i32, sW: i32, pT: i32, pL: i32, dH: i32, dW: i32, groups: i32,
): void {
  if (N * O * OH * OW == 0) return;
  const channels = C / groups, outputs = O / groups, taps = channels * kH * kW;
  if (taps == 0) {
    if (dtype == F64) fillRows<f64>(out, bias, N, O, OH * OW);
    else fillRows<f32>(out, bias, N, O, OH * OW);
    return;
  }
  if (isWhole(H, W, kH, kW, OH, OW, pT, pL, dH, dW, groups)) {
    wholeForward(dtype, x, w, bias, out, N, taps, O);
    return;
  }
  if (isPointwise(C, O, H, W, kH, kW, OH, OW, sH, sW, pT, pL, groups)) {
    pointwiseForward(dtype, x, w, bias, out, N, C, O, H * W);
    return;
  }
  setGeometry(N, groups, channels, outputs, H, W, kH, kW, OH, OW, sH, sW, pT, pL, dH, dW, 1, 1, dtype == F64 ? 2 : 4, false);
  if (winogradSuits(channels, outputs, kH, kW, sH, sW, dH, dW, groups)) {
    if (dtype == F64) winogradCorrelate<f64>(x, w, bias, out, taps, 9, 1);
    else winogradCorrelate<f32>(x, w, bias, out, taps, 9, 1);
  } else if (columnsSuit(channels, outputs, kH * kW, OH * OW)) {
    setGeometry(N, groups, channels, outputs, H, W, kH, kW, OH, OW, sH, sW, pT, pL, dH, dW, 1, 1, dtype == F64 ? 2 : 4, true);
    if (dtype == F64) columnsForward<f64>(x, w, bias, out);
    else columnsForward<f32>(x, w, bias, out);
  } else if (depthwiseSuits(channels, outputs, kH, kW)) {
    if (dtype == F64) depthwiseCorrelate<f64>(x, w, bias, out, outputs * taps, taps, kH * kW, 1);
    else depthwiseCorrelate<f32>(x, w, bias, out, outputs * taps, taps, kH * kW, 1);
  } else if (dtype == F64) correlate<f64>(x, w, bias, out, outputs * taps, taps, kH * kW, 1);
  else correlate<f32>(x, w, bias, out, outputs * taps, taps, kH * kW, 1);
}

export function conv2dInputGrad(
  dtype: i32, dOut: usize, w: usize, dX: usize, N: i32, C: i32, H: i32, W: i32, O: i32, kH: i32, kW: i32, OH: i32, OW: i32,
  sH: i32, sW: i32, pT: i32, pL: i32, dH: i32, dW: i32, groups: i32,
): void {
  if (N * C * H * W == 0) return;
  const channels = C / groups, outputs = O / groups, area = kH * kW;
  if (O * OH * OW * area == 0) {
    memory.fill(dX, 0, <usize>(N * C * H * W) << (dtype == F64 ? 3 : 2));
    return;
  }
  if (isWhole(H, W, kH, kW, OH, OW, pT, pL, dH, dW, groups)) {
    wholeInputGradient(dtype, dOut, w, dX, N, channels * area, O);
    return;
  }
  if (isPointwise(C, O, H, W, kH, kW, OH, OW, sH, sW, pT, pL, groups)) {
    pointwiseInputGradient(dtype, dOut, w, dX, N, C, O, H * W);
    return;
  }
  setGeometry(
    N, groups, outputs, channels, OH, OW, kH, kW, H, W, 1, 1, dH * (kH - 1) - pT, dW * (kW - 1) - pL, dH, dW, sH, sW, dtype == F64 ? 2 : 4,
    false,
  );
  // Taps run backwards from the last one.
  if (winogradSuits(channels, outputs, kH, kW, sH, sW, dH, dW, groups)) {
    if (dtype == F64) winogradCorrelate<f64>(dOut, w + (8 << 3), 0, dX, 9, channels * 9, -1);
    else winogradCorrelate<f32>(dOut, w + (8 << 2), 0, dX, 9, channels * 9, -1);
  } else if (columnsSuit(channels, outputs, area, OH * OW) || columnsSuitStride(outputs, area, OH * OW, sH * sW)) {
    setGeometry(N, groups, channels, outputs, H, W, kH, kW, OH, OW, sH, sW, pT, pL, dH, dW, 1, 1, dtype == F64 ? 2 : 4, false);
    if (dtype == F64) columnsInputGradient<f64>(dOut, w, dX);
    else columnsInputGradient<f32>(dOut, w, dX);
  } else if (depthwiseSuits(outputs, channels, kH, kW)) {
    if (dtype == F64) depthwiseCorrelate<f64>(dOut, w + (<usize>(area - 1) << 3), 0, dX, outputs * channels * area, area, channels * area, -1);
    else depthwiseCorrelate<f32>(dOut, w + (<usize>(area - 1) << 2), 0, dX, outputs * channels * area, area, channels * area, -1);
  } else if (dtype == F64) correlate<f64>(dOut, w + (<usize>(area - 1) << 3), 0, dX, outputs * channels * area, area, channels * area, -1);
  else correlate<f32>(dOut, w + (<usize>(area - 1) << 2), 0, dX, outputs * channels * area, area, channels * area, -1);
}

export function conv2dWeightGrad(
  dtype: i32, dOut: usize, x: usize, dWeight: usize, dBias: usize, N: i32, C: i32, H: i32, W: i32, O: i32, kH: i32, kW: i32, OH: i32, OW: i32,
  sH: i32, sW: i32, pT: i32, pL: i32, dH: i32, dW: i32, groups: i32,
): void {
  if (O == 0) return;
  if (N * OH * OW == 0) {
    memory.fill(dWeight, 0, <usize>(O * (C / groups) * kH * kW) << (dtype == F64 ? 3 : 2));
    if (dBias != 0) memory.fill(dBias, 0, <usize>O << (dtype == F64 ? 3 : 2));
    return;
  }
  if (isWhole(H, W, kH, kW, OH, OW, pT, pL, dH, dW, groups)) {
    wholeWeightGradient(dtype, dOut, x, dWeight, dBias, N, C * kH * kW, O);
    return;
  }
  setGeometry(N, groups, C / groups, O / groups, H, W, kH, kW, OH, OW, sH, sW, pT, pL, dH, dW, 1, 1, dtype == F64 ? 2 : 4, true);
  if (winogradSuits(C / groups, O / groups, kH, kW, sH, sW, dH, dW, groups) && winogradWeightSuits(OH, OW)) {
    if (dtype == F64 ? winogradWeightGradient<f64>(dOut, x, dWeight, dBias) : winogradWeightGradient<f32>(dOut, x, dWeight, dBias)) return;
  }
  if (columnsSuit(C / groups, O / groups, kH * kW, OH * OW)) {
    if (dtype == F64) columnsWeightGradient<f64>(dOut, x, dWeight, dBias);
    else columnsWeightGradient<f32>(dOut, x, dWeight, dBias);
  } else if (depthwiseWeightSuits(C / groups, O / groups, kW, sH, sW, dW)) {
    if (dtype == F64) depthwiseWeightGradient<f64>(dOut, x, dWeight, dBias);
    else depthwiseWeightGradient<f32>(dOut, x, dWeight, dBias);
  } else if (dtype == F64) weightGradient<f64>(dOut, x, dWeight, dBias);
  else weightGradient<f32>(dOut, x, dWeight, dBias);
}
