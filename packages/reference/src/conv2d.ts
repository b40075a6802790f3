import { type NdArray, requireRank4, requireShape, zeros, zerosLike } from "./nd-array.ts";
import { inputPosition, type Pair, readPair, type WindowAxis, windowAxis, windowExtent } from "./window-axis.ts";

export interface Conv2dOptions {
  readonly stride?: Pair;
  /** Zeros added on each side; "same" keeps height and width, and pads an odd element at the end. */
  readonly padding?: Pair | "same";
  readonly dilation?: Pair;
  readonly groups?: number;
}

export interface Conv2dCache {
  readonly x: NdArray;
  readonly w: NdArray;
  readonly groups: number;
  readonly vertical: WindowAxis;
  readonly horizontal: WindowAxis;
}

/**
 * Cross-correlation of images with filters, as every deep-learning library calls convolution.
 *
 * Shapes    x [N, C, H, W], w [F, C / groups, KH, KW], b [F] or null -> [N, F, OH, OW],
 *           OH = floor((H + 2 padding - dilation (KH - 1) - 1) / stride) + 1
 * Throws    RangeError for shapes that do not agree, groups that do not divide C and F, a window larger than the padded
 *           input, padding "same" with a stride
 * Source    as PyTorch
 *
 * @example
 * conv2dForward(linspace(0, 8, [1, 1, 3, 3]), linspace(0, 3, [1, 1, 2, 2]), null).out; // [[19, 25], [37, 43]]
 */
export function conv2dForward(
  x: NdArray,
  w: NdArray,
  b: NdArray | null,
  options: Conv2dOptions = {},
): { out: NdArray; cache: Conv2dCache } {
  const [examples, channels, height, width] = requireRank4("conv2d", "x", x);
  const [filters, , kernelHeight, kernelWidth] = requireRank4("conv2d", "w", w);
  const { groups = 1 } = options;
  if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0 || filters % groups !== 0) {
    throw new RangeError(`conv2d: groups = ${groups} must divide the ${channels} channels and the ${filters} filters`);
  }
  requireShape("conv2d", "w", w, [filters, channels / groups, kernelHeight, kernelWidth]);
  if (b !== null) requireShape("conv2d", "b", b, [filters]);

  const stride = readPair("conv2d", "stride", options.stride ?? 1, 1);
  const dilation = readPair("conv2d", "dilation", options.dilation ?? 1, 1);
  const { padding = 0 } = options;
  if (padding === "same" && (stride[0] !== 1 || stride[1] !== 1)) {
    throw new RangeError(`conv2d: padding "same" needs stride 1, not [${stride.join(", ")}]`);
  }
  const axis = (input: number, kernel: number, side: 0 | 1): WindowAxis => {
    const total = windowExtent(kernel, dilation[side]) - 1;
    const [before, after] =
      padding === "same"
        ? [Math.floor(total / 2), Math.ceil(total / 2)]
        : [readPair("conv2d", "padding", padding, 0)[side], readPair("conv2d", "padding", padding, 0)[side]];
    return windowAxis("conv2d", { input, kernel, stride: stride[side], dilation: dilation[side], before, after });
  };
  const cache = { x, w, groups, vertical: axis(height, kernelHeight, 0), horizontal: axis(width, kernelWidth, 1) };

  const pixels = cache.vertical.output * cache.horizontal.output;
  const out = zeros([examples, filters, cache.vertical.output, cache.horizontal.output]);
  if (b !== null) for (let i = 0; i < out.data.length; i++) out.data[i] = b.data[Math.floor(i / pixels) % filters]!;
  forEachProduct(cache, (xIndex, wIndex, outIndex) => {
    out.data[outIndex]! += x.data[xIndex]! * w.data[wIndex]!;
  });
  return { out, cache };
}

/** Gradient  every product x * w summed into an output sends dOut * w back to x and dOut * x to w; dB sums dOut per filter. */
export function conv2dBackward(dOut: NdArray, cache: Conv2dCache): { dX: NdArray; dW: NdArray; dB: NdArray } {
  const { x, w, vertical, horizontal } = cache;
  const [filters = 0] = w.shape;
  requireShape("conv2dBackward", "dOut", dOut, [x.shape[0] ?? 0, filters, vertical.output, horizontal.output]);
  const dX = zerosLike(x);
  const dW = zerosLike(w);
  const dB = zeros([filters]);
  forEachProduct(cache, (xIndex, wIndex, outIndex) => {
    dX.data[xIndex]! += dOut.data[outIndex]! * w.data[wIndex]!;
    dW.data[wIndex]! += dOut.data[outIndex]! * x.data[xIndex]!;
  });
  const pixels = vertical.output * horizontal.output;
  dOut.data.forEach((upstream, i) => (dB.data[Math.floor(i / pixels) % filters]! += upstream));
  return { dX, dW, dB };
}

/** Visits every product x[xIndex] * w[wIndex] that is summed into out[outIndex]; taps in the padding add nothing. */
function forEachProduct(cache: Conv2dCache, visit: (xIndex: number, wIndex: number, outIndex: number) => void): void {
  const { x, w, groups, vertical, horizontal } = cache;
  const [examples = 0, channels = 0] = x.shape;
  const [filters = 0, groupChannels = 0] = w.shape;
  for (let n = 0; n < examples; n++) {
    for (let f = 0; f < filters; f++) {
      const firstChannel = Math.floor(f / (filters / groups)) * groupChannels;
      for (let i = 0; i < vertical.output; i++) {
        for (let j = 0; j < horizontal.output; j++) {
          const outIndex = ((n * filters + f) * vertical.output + i) * horizontal.output + j;
          for (let c = 0; c < groupChannels; c++) {
            for (let ki = 0; ki < vertical.kernel; ki++) {
              const row = inputPosition(vertical, i, ki);
              if (row < 0 || row >= vertical.input) continue;
              for (let kj = 0; kj < horizontal.kernel; kj++) {
                const column = inputPosition(horizontal, j, kj);
                if (column < 0 || column >= horizontal.input) continue;
                const xIndex = ((n * channels + firstChannel + c) * vertical.input + row) * horizontal.input + column;
                const wIndex = ((f * groupChannels + c) * vertical.kernel + ki) * horizontal.kernel + kj;
                visit(xIndex, wIndex, outIndex);
              }
            }
          }
        }
      }
    }
  }
}
