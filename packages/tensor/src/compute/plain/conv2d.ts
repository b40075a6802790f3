import type { Shape } from "../../shape.ts";
import type { Tensor } from "../../tensor.ts";
import type { ConvGeometry, Epilogue } from "../backend.ts";
import { numbersOf, rectified } from "./elements.ts";

/** For one tap and one row of outputs: output `out + j` takes element `x + j * step` of the image times `weight`, for j in [first, last). */
type TapRow = (out: number, x: number, step: number, weight: number, first: number, last: number) => void;

/** How many steps lead from `start` to at least `bound`. */
const stepsTo = (bound: number, start: number, step: number): number => Math.max(0, Math.ceil((bound - start) / step));

/** Calls `visit` for everything that is multiplied in a convolution. Taps outside the image are left out, so that padding adds nothing to anything. */
function eachTapRow(x: Shape, weight: Shape, { stride, before, dilation, groups, outSize }: ConvGeometry, visit: TapRow): void {
  const [images = 0, channels = 0, height = 0, width = 0] = x, [outputs = 0, groupChannels = 0, kernelHeight = 0, kernelWidth = 0] = weight;
  const [outHeight, outWidth] = outSize, groupOutputs = outputs / groups;
  for (let image = 0; image < images; image++) {
    for (let o = 0; o < outputs; o++) {
      const firstChannel = Math.floor(o / groupOutputs) * groupChannels;
      for (let c = 0; c < groupChannels; c++) {
        for (let tapRow = 0; tapRow < kernelHeight; tapRow++) {
          for (let tapColumn = 0; tapColumn < kernelWidth; tapColumn++) {
            const tap = ((o * groupChannels + c) * kernelHeight + tapRow) * kernelWidth + tapColumn;
            const left = tapColumn * dilation[1] - before[1];
            const first = stepsTo(0, left, stride[1]), last = Math.min(outWidth, stepsTo(width, left, stride[1]));
            for (let outRow = 0; outRow < outHeight; outRow++) {
              const row = outRow * stride[0] + tapRow * dilation[0] - before[0];
              if (row < 0 || row >= height) continue;
              const to = ((image * outputs + o) * outHeight + outRow) * outWidth;
              visit(to, ((image * channels + firstChannel + c) * height + row) * width + left, stride[1], tap, first, last);
            }
          }
        }
      }
    }
  }
}

export function conv2d(x: Tensor, weight: Tensor, bias: Tensor | null, out: Tensor, geometry: ConvGeometry, epilogue: Epilogue): void {
  const image = numbersOf(x), factors = numbersOf(weight), sums = new Float64Array(out.numel());
  const [, outputs = 0, height = 0, width = 0] = out.shape, start = bias === null ? null : numbersOf(bias);
  if (start !== null) for (let i = 0; i < sums.length; i++) sums[i] = start[Math.floor(i / (height * width)) % outputs] as number;
  eachTapRow(x.shape, weight.shape, geometry, (to, from, step, tap, first, last) => {
    const factor = factors[tap] as number;
    for (let j = first; j < last; j++) sums[to + j] = (sums[to + j] as number) + factor * (image[from + j * step] as number);
  });
  if (epilogue === "relu") for (let i = 0; i < sums.length; i++) sums[i] = rectified(sums[i] as number);
  numbersOf(out).set(sums);
}

export function conv2dInputGrad(dOut: Tensor, weight: Tensor, dX: Tensor, geometry: ConvGeometry): void {
  const gradient = numbersOf(dOut), factors = numbersOf(weight), sums = new Float64Array(dX.numel());
  eachTapRow(dX.shape, weight.shape, geometry, (from, to, step, tap, first, last) => {
    const factor = factors[tap] as number;
    for (let j = first; j < last; j++) sums[to + j * step] = (sums[to + j * step] as number) + factor * (gradient[from + j] as number);
  });
  numbersOf(dX).set(sums);
}

export function conv2dWeightGrad(dOut: Tensor, x: Tensor, dWeight: Tensor, dBias: Tensor | null, geometry: ConvGeometry): void {
  const gradient = numbersOf(dOut), image = numbersOf(x), sums = new Float64Array(dWeight.numel());
  eachTapRow(x.shape, dWeight.shape, geometry, (out, from, step, tap, first, last) => {
    let sum = 0;
    for (let j = first; j < last; j++) sum += (gradient[out + j] as number) * (image[from + j * step] as number);
    sums[tap] = (sums[tap] as number) + sum;
  });
  numbersOf(dWeight).set(sums);
  if (dBias === null) return;
  const [, outputs = 0, height = 0, width = 0] = dOut.shape, biases = new Float64Array(outputs);
  for (let i = 0; i < gradient.length; i++) {
    const o = Math.floor(i / (height * width)) % outputs;
    biases[o] = (biases[o] as number) + (gradient[i] as number);
  }
  numbersOf(dBias).set(biases);
}
