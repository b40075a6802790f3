import { sizeOf } from "../../shape.ts";
import type { Tensor } from "../../tensor.ts";
import type { MeanGeometry, WindowGeometry } from "../backend.ts";
import { numbersOf, roundingOf } from "./elements.ts";

/** The largest of each window, and where in its plane it is. */
export function maxPool2d(x: Tensor, out: Tensor, indices: Tensor, { kernel, stride, padding, dilation, outSize }: WindowGeometry): void {
  const [height = 0, width = 0] = x.shape.slice(-2), planes = sizeOf(x.shape.slice(0, -2)), [outHeight, outWidth] = outSize;
  const from = numbersOf(x), to = numbersOf(out), places = numbersOf(indices);
  let window = 0;
  for (let plane = 0; plane < planes; plane++) {
    for (let i = 0; i < outHeight; i++) {
      for (let j = 0; j < outWidth; j++, window++) {
        let best = -Infinity, place = -1;
        for (let tapRow = 0; tapRow < kernel[0]; tapRow++) {
          for (let tapColumn = 0; tapColumn < kernel[1]; tapColumn++) {
            const row = i * stride[0] - padding[0] + tapRow * dilation[0], column = j * stride[1] - padding[1] + tapColumn * dilation[1];
            if (row < 0 || row >= height || column < 0 || column >= width) continue;
            const value = from[(plane * height + row) * width + column] as number;
            // The first of equal ones, also where all are -Infinity; of NaN the last, as in PyTorch.
            if (value > best || Number.isNaN(value)) [best, place] = [value, row * width + column];
            else if (place < 0) place = row * width + column;
          }
        }
        to[window] = best;
        places[window] = place;
      }
    }
  }
}

/** Each window's gradient goes to where its maximum was. */
export function maxPool2dBackward(dOut: Tensor, indices: Tensor, dX: Tensor): void {
  const from = numbersOf(dOut), places = numbersOf(indices), sums = new Float64Array(dX.numel());
  const outPlane = sizeOf(dOut.shape.slice(-2)), plane = sizeOf(dX.shape.slice(-2));
  for (let window = 0; window < from.length; window++) {
    const place = places[window] as number;
    if (place < 0) continue;
    const at = Math.floor(window / outPlane) * plane + place;
    sums[at] = (sums[at] as number) + (from[window] as number);
  }
  numbersOf(dX).set(sums);
}

/** A window's part inside the image begins at `begin` in the planes and has so many rows and columns. */
type MeanWindow = (window: number, begin: number, rows: number, columns: number, divisor: number) => void;

/** Calls `visit` for every window of a mean over planes of `height` by `width`. */
function eachWindow(planes: number, height: number, width: number, geometry: MeanGeometry, visit: MeanWindow): void {
  const { kernel, stride, padding, outSize, countIncludePad, divisorOverride } = geometry, [outHeight, outWidth] = outSize;
  let window = 0;
  for (let plane = 0; plane < planes; plane++) {
    for (let i = 0; i < outHeight; i++) {
      for (let j = 0; j < outWidth; j++, window++) {
        const top = i * stride[0] - padding[0], left = j * stride[1] - padding[1];
        // Padding may count in a window's size; what ceilMode makes it hang over the padded image never does.
        const bottom = Math.min(top + kernel[0], height + padding[0]), right = Math.min(left + kernel[1], width + padding[1]);
        const row = Math.max(top, 0), column = Math.max(left, 0);
        const rows = Math.max(0, Math.min(bottom, height) - row), columns = Math.max(0, Math.min(right, width) - column);
        const size = countIncludePad ? (bottom - top) * (right - left) : rows * columns;
        visit(window, (plane * height + row) * width + column, rows, columns, divisorOverride === 0 ? size : divisorOverride);
      }
    }
  }
}

export function avgPool2d(x: Tensor, out: Tensor, geometry: MeanGeometry): void {
  const [height = 0, width = 0] = x.shape.slice(-2), from = numbersOf(x), to = numbersOf(out), round = roundingOf(x.dtype);
  eachWindow(sizeOf(x.shape.slice(0, -2)), height, width, geometry, (window, begin, rows, columns, divisor) => {
    let sum = 0;
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) sum = round(sum + (from[begin + i * width + j] as number));
    }
    to[window] = sum / divisor;
  });
}

export function avgPool2dBackward(dOut: Tensor, dX: Tensor, geometry: MeanGeometry): void {
  const [height = 0, width = 0] = dX.shape.slice(-2), from = numbersOf(dOut), sums = new Float64Array(dX.numel());
  eachWindow(sizeOf(dX.shape.slice(0, -2)), height, width, geometry, (window, begin, rows, columns, divisor) => {
    const share = (from[window] as number) / divisor;
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) sums[begin + i * width + j] = (sums[begin + i * width + j] as number) + share;
    }
  });
  numbersOf(dX).set(sums);
}
