import type { Shape } from "../../shape.ts";
import type { Tensor } from "../../tensor.ts";
import type { ConvGeometry, Epilogue, Pair } from "../backend.ts";
import { numbersOf, rectified } from "./elements.ts";

/** Height and width of an image with zeros around it, as far as the kernel reaches. */
function paddedSize(x: Shape, weight: Shape, { stride, before, dilation, outSize }: ConvGeometry): Pair {
  const along = (dim: 0 | 1): number => {
    const reached = (outSize[dim] - 1) * stride[dim] + ((weight[dim + 2] as number) - 1) * dilation[dim] + 1;
    return Math.max(reached, before[dim] + (x[dim + 2] as number));
  };
  return [along(0), along(1)];
}

/** Calls `visit` for every row of x [N, C, H, W]: where it begins in x, and where in the padded images. */
function eachImageRow(x: Shape, [height, width]: Pair, before: Pair, visit: (own: number, padded: number) => void): void {
  const [images = 0, channels = 0, ownHeight = 0, ownWidth = 0] = x;
  for (let plane = 0; plane < images * channels; plane++) {
    for (let row = 0; row < ownHeight; row++) visit((plane * ownHeight + row) * ownWidth, (plane * height + row + before[0]) * width + before[1]);
  }
}

/** The images with their padding. The zeros are multiplied like all else: an infinite or NaN factor makes NaN of them, as in PyTorch. */
function padded(x: Tensor, size: Pair, before: Pair): Float64Array {
  const [images = 0, channels = 0, , width = 0] = x.shape, from = numbersOf(x), all = new Float64Array(images * channels * size[0] * size[1]);
  eachImageRow(x.shape, size, before, (own, at) => all.set(from.subarray(own, own + width), at));
  return all;
}

/** For one tap and one row of outputs: output `out + j` takes element `x + j * stride` of the padded image times `weight`. */
type TapRow = (out: number, x: number, weight: number) => void;

/** Calls `visit` for everything that is multiplied in a convolution. */
function eachTapRow(x: Shape, weight: Shape, [height, width]: Pair, { stride, dilation, groups, outSize }: ConvGeometry, visit: TapRow): void {
  const [images = 0, channels = 0] = x, [outputs = 0, groupChannels = 0, kernelHeight = 0, kernelWidth = 0] = weight, [outHeight, outWidth] = outSize;
  for (let image = 0; image < images; image++) {
    for (let o = 0; o < outputs; o++) {
      const firstChannel = Math.floor(o / (outputs / groups)) * groupChannels;
      for (let c = 0; c < groupChannels; c++) {
        for (let i = 0; i < kernelHeight; i++) {
          for (let j = 0; j < kernelWidth; j++) {
            const tap = ((o * groupChannels + c) * kernelHeight + i) * kernelWidth + j, plane = image * channels + firstChannel + c;
            for (let row = 0; row < outHeight; row++) {
              const from = (plane * height + row * stride[0] + i * dilation[0]) * width + j * dilation[1];
              visit(((image * outputs + o) * outHeight + row) * outWidth, from, tap);
            }
          }
        }
      }
    }
  }
}

export function conv2d(x: Tensor, weight: Tensor, bias: Tensor | null, out: Tensor, geometry: ConvGeometry, epilogue: Epilogue): void {
  const size = paddedSize(x.shape, weight.shape, geometry), image = padded(x, size, geometry.before), factors = numbersOf(weight);
  const [, outputs = 0, height = 0, width = 0] = out.shape, sums = new Float64Array(out.numel()), step = geometry.stride[1];
  eachTapRow(x.shape, weight.shape, size, geometry, (to, from, tap) => {
    const factor = factors[tap] as number;
    for (let j = 0; j < width; j++) sums[to + j] = (sums[to + j] as number) + factor * (image[from + j * step] as number);
  });
  const shift = bias === null ? null : numbersOf(bias), to = numbersOf(out);
  for (let i = 0; i < sums.length; i++) {
    const value = (sums[i] as number) + (shift === null ? 0 : (shift[Math.floor(i / (height * width)) % outputs] as number));
    to[i] = epilogue === "relu" ? rectified(value) : value;
  }
}

export function conv2dInputGrad(dOut: Tensor, weight: Tensor, dX: Tensor, geometry: ConvGeometry): void {
  const size = paddedSize(dX.shape, weight.shape, geometry), gradient = numbersOf(dOut), factors = numbersOf(weight), to = numbersOf(dX);
  const [images = 0, channels = 0, , ownWidth = 0] = dX.shape, sums = new Float64Array(images * channels * size[0] * size[1]), step = geometry.stride[1];
  eachTapRow(dX.shape, weight.shape, size, geometry, (from, at, tap) => {
    const factor = factors[tap] as number;
    for (let j = 0; j < geometry.outSize[1]; j++) sums[at + j * step] = (sums[at + j * step] as number) + factor * (gradient[from + j] as number);
  });
  eachImageRow(dX.shape, size, geometry.before, (own, at) => to.set(sums.subarray(at, at + ownWidth), own));
}

export function conv2dWeightGrad(dOut: Tensor, x: Tensor, dWeight: Tensor, dBias: Tensor | null, geometry: ConvGeometry): void {
  const size = paddedSize(x.shape, dWeight.shape, geometry), image = padded(x, size, geometry.before), gradient = numbersOf(dOut);
  const [, outputs = 0, height = 0, width = 0] = dOut.shape, sums = new Float64Array(dWeight.numel()), step = geometry.stride[1];
  eachTapRow(x.shape, dWeight.shape, size, geometry, (out, from, tap) => {
    let sum = 0;
    for (let j = 0; j < width; j++) sum += (gradient[out + j] as number) * (image[from + j * step] as number);
    sums[tap] = (sums[tap] as number) + sum;
  });
  numbersOf(dWeight).set(sums);
  if (dBias === null) return;
  const biases = new Float64Array(outputs);
  for (let i = 0; i < gradient.length; i++) {
    const o = Math.floor(i / (height * width)) % outputs;
    biases[o] = (biases[o] as number) + (gradient[i] as number);
  }
  numbersOf(dBias).set(biases);
}
