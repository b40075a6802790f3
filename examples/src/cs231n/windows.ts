import { cat, stack, zeros, type Tensor } from "tapegrad";

/** How a window moves over an image. */
export interface Windows {
  readonly height: number;
  readonly width: number;
  readonly stride: number;
}

/** Adds `pad` rows and columns of zeros on every side: [N, C, H, W] -> [N, C, H + 2 pad, W + 2 pad]. */
export function padImages(x: Tensor, pad: number): Tensor {
  if (pad === 0) return x;
  const [n = 0, c = 0, h = 0, w = 0] = x.shape;
  const side = zeros([n, c, h, pad], { dtype: x.dtype });
  const edge = zeros([n, c, pad, w + 2 * pad], { dtype: x.dtype });
  return cat([edge, cat([side, x, side], 3), edge], 2);
}

/** The images without their padding. */
export function unpadImages(x: Tensor, pad: number): Tensor {
  return x.narrow(2, pad, x.size(2) - 2 * pad).narrow(3, pad, x.size(3) - 2 * pad);
}

/** One window of every image: [N, C, H, W] -> [N, C, height, width]; a view. */
export function windowAt(x: Tensor, { height, width, stride }: Windows, row: number, column: number): Tensor {
  return x.narrow(2, row * stride, height).narrow(3, column * stride, width);
}

/** Rows and columns of positions that a window can take. */
export function positions(x: Tensor, { height, width, stride }: Windows): [rows: number, columns: number] {
  return [Math.floor((x.size(2) - height) / stride) + 1, Math.floor((x.size(3) - width) / stride) + 1];
}

/** Runs `perWindow` at each position, and puts its results [N, K] together: -> [N, K, rows, columns]. */
export function overWindows(x: Tensor, windows: Windows, perWindow: (window: Tensor) => Tensor): Tensor {
  const [rows, columns] = positions(x, windows);
  const lines: Tensor[] = [];
  for (let row = 0; row < rows; row++) {
    const line: Tensor[] = [];
    for (let column = 0; column < columns; column++) line.push(perWindow(windowAt(x, windows, row, column)));
    lines.push(stack(line, 2));
  }
  return stack(lines, 2);
}
