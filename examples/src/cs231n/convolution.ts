import { zerosLike, type Tensor } from "tapegrad";
import { overWindows, padImages, positions, unpadImages, windowAt, type Windows } from "./windows.ts";

export interface ConvParam {
  readonly stride: number;
  readonly pad: number;
}

export interface ConvCache {
  readonly padded: Tensor;
  readonly w: Tensor;
  readonly param: ConvParam;
}

function windowsOf(w: Tensor, { stride }: ConvParam): Windows {
  return { height: w.size(2), width: w.size(3), stride };
}

/** Naive convolution, a loop over positions: x [N, C, H, W], w [F, C, HH, WW], b [F] -> [N, F, H', W']. */
export function convForward(x: Tensor, w: Tensor, b: Tensor, param: ConvParam): [out: Tensor, cache: ConvCache] {
  const padded = padImages(x, param.pad);
  const filters = w.flatten(1).T;
  const out = overWindows(padded, windowsOf(w, param), (window) => window.flatten(1).matmul(filters).add(b));
  return [out, { padded, w, param }];
}

export function convBackward(dOut: Tensor, { padded, w, param }: ConvCache): [dX: Tensor, dW: Tensor, dB: Tensor] {
  const windows = windowsOf(w, param);
  const [rows, columns] = positions(padded, windows);
  const dPadded = zerosLike(padded);
  const dW = zerosLike(w);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const dHere = dOut.select(3, column).select(2, row);
      const window = windowAt(padded, windows, row, column);
      windowAt(dPadded, windows, row, column).add_(dHere.matmul(w.flatten(1)).reshape(window.shape));
      dW.add_(dHere.T.matmul(window.flatten(1)).reshape(w.shape));
    }
  }
  return [unpadImages(dPadded, param.pad), dW, dOut.sum({ dim: [0, 2, 3] })];
}
