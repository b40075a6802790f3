import { arange, zerosLike, type Tensor } from "tapegrad";
import { overWindows, positions, windowAt, type Windows } from "./windows.ts";

export interface PoolCache {
  readonly x: Tensor;
  readonly windows: Windows;
}

/** The largest element of each window: x [N, C, H, W] -> [N, C, H', W']. */
export function maxPoolForward(x: Tensor, windows: Windows): [out: Tensor, cache: PoolCache] {
  return [overWindows(x, windows, (window) => window.flatten(2).max(2).values), { x, windows }];
}

export function maxPoolBackward(dOut: Tensor, cache: PoolCache): [dX: Tensor] {
  const cells = arange(cache.windows.height * cache.windows.width);
  return spread(dOut, cache, (dHere, window) => {
    const isLargest = cells.eq(window.flatten(2).argmax({ dim: 2, keepdim: true }));
    return dHere.unsqueeze(2).mul(isLargest).reshape(window.shape);
  });
}

/** The mean of each window: x [N, C, H, W] -> [N, C, H', W']. */
export function avgPoolForward(x: Tensor, windows: Windows): [out: Tensor, cache: PoolCache] {
  return [overWindows(x, windows, (window) => window.mean({ dim: [2, 3] })), { x, windows }];
}

export function avgPoolBackward(dOut: Tensor, cache: PoolCache): [dX: Tensor] {
  const { height, width } = cache.windows;
  return spread(dOut, cache, (dHere, window) => dHere.div(height * width).unsqueeze(2).unsqueeze(3).expandAs(window));
}

/** Adds up what each window gives back to its pixels. */
function spread(dOut: Tensor, { x, windows }: PoolCache, perWindow: (dHere: Tensor, window: Tensor) => Tensor): [dX: Tensor] {
  const [rows, columns] = positions(x, windows);
  const dX = zerosLike(x);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const dHere = dOut.select(3, column).select(2, row);
      windowAt(dX, windows, row, column).add_(perWindow(dHere, windowAt(x, windows, row, column)));
    }
  }
  return [dX];
}
