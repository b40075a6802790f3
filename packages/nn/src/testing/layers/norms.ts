import fc from "fast-check";
import * as reference from "@tapegrad/reference";
import { BatchNorm1d, BatchNorm2d } from "../../batch-norm.ts";
import { LayerNorm } from "../../layer-norm.ts";
import { LocalResponseNorm } from "../../local-response-norm.ts";
import { array, arrayOf, input, memberOf, seed, size, type Expected, type LayerEntry } from "./layer-case.ts";

const namedLikeOurs = ({ dX, dGamma, dBeta }: reference.BatchNormGradients): Record<string, reference.NdArray> => ({ dX, weight: dGamma, bias: dBeta });

/** Batch norm of [N, C], or of channels in the dimension 1 of images. */
function batchNorm(isImage: boolean): LayerEntry {
  const several = fc.integer({ min: 2, max: 5 });
  const cases = fc.tuple(seed, several, fc.tuple(size, size, size), fc.constantFrom(0.1, 0.5, null), fc.boolean(), fc.boolean()).map(([from, n, [c, h, w], momentum, affine, trackRunningStats]) => {
    const shape = isImage ? [n, c, h, w] : [n, c];
    // A deviation well above 0: neighbours of the pattern may come close.
    const options = { momentum, affine, trackRunningStats, eps: 0.1 };
    return {
      options: { ...options, from, shape },
      make: (dtype) => (isImage ? new BatchNorm2d(c, { ...options, dtype }) : new BatchNorm1d(c, { ...options, dtype })),
      inputs: (dtype) => [input(shape, from)(dtype)],
      expected: (module): Expected => {
        const x = array(shape, from);
        const [gamma, beta] = [arrayOf(memberOf(module, "weight"), [c], 1), arrayOf(memberOf(module, "bias"), [c], 0)] as const;
        if (!module.training && trackRunningStats) {
          const [mean, variance] = [arrayOf(memberOf(module, "runningMean"), [c], 0), arrayOf(memberOf(module, "runningVar"), [c], 1)] as const;
          return evaluated(x, gamma, beta, mean, variance);
        }
        if (isImage) {
          const { out, cache } = reference.spatialBatchNormForward(x, gamma, beta, 0.1);
          return { out, backward: (dOut) => namedLikeOurs(reference.spatialBatchNormBackward(dOut, cache)) };
        }
        const { out, cache } = reference.batchNormForward(x, gamma, beta, 0.1);
        return { out, backward: (dOut) => namedLikeOurs(reference.batchNormBackward(dOut, cache)) };
      },
    };
  }) satisfies LayerEntry["cases"];
  return { cases, traits: { keepsNothing: true, givesOutputAway: true, fusesRelu: true }, hasModes: true };
}

/** The reference takes [N, C]: channels of images go last and come back. */
function evaluated(x: reference.NdArray, gamma: reference.NdArray, beta: reference.NdArray, mean: reference.NdArray, variance: reference.NdArray): Expected {
  const c = x.shape[1] ?? 1;
  const order = [0, ...x.shape.slice(2).map((_, i) => i + 2), 1];
  const toRows = (images: reference.NdArray): reference.NdArray => reference.reshape(reference.permute(images, order), [images.data.length / c, c]);
  const fromRows = (rows: reference.NdArray): reference.NdArray => reference.permute(reference.reshape(rows, order.map((dim) => x.shape[dim] ?? 1)), reference.inversePermutation(order));
  const { out, cache } = reference.batchNormEvalForward(toRows(x), gamma, beta, mean, variance, 0.1);
  return {
    out: fromRows(out),
    backward: (dOut) => {
      const gradients = namedLikeOurs(reference.batchNormEvalBackward(toRows(dOut), cache));
      return { ...gradients, dX: fromRows(gradients["dX"] as reference.NdArray) };
    },
  };
}

export const batchNorm1d = batchNorm(false);
export const batchNorm2d = batchNorm(true);

export const layerNorm: LayerEntry = {
  cases: fc.tuple(seed, fc.array(size, { maxLength: 2 }), fc.array(size, { minLength: 1, maxLength: 2 }), fc.boolean()).map(([from, lead, normalized, elementwiseAffine]) => {
    const shape = [...lead, ...normalized];
    return {
      options: { from, lead, normalized, elementwiseAffine },
      make: (dtype) => new LayerNorm(normalized, { eps: 0.1, elementwiseAffine, dtype }),
      inputs: (dtype) => [input(shape, from)(dtype)],
      expected: (module) => {
        const { out, cache } = reference.layerNormForward(array(shape, from), arrayOf(memberOf(module, "weight"), normalized, 1), arrayOf(memberOf(module, "bias"), normalized, 0), 0.1);
        return { out, backward: (dOut) => namedLikeOurs(reference.layerNormBackward(dOut, cache)) };
      },
    };
  }),
  traits: { keepsNothing: true },
  hasModes: false,
};

interface Constants {
  readonly width: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;
}

/** out[c] = x[c] / d[c]^beta with d[c] = k + alpha / width * sum of x[j]^2 over the window around c. */
function localResponseNormPass(x: reference.NdArray, { width, alpha, beta, k }: Constants): Expected {
  const [n = 1, channels = 1, ...rest] = x.shape;
  const inner = rest.reduce((product, length) => product * length, 1);
  const at = (i: number, c: number, s: number): number => (i * channels + c) * inner + s;
  const windowOf = (c: number): number[] => Array.from({ length: width }, (_, j) => c - (width >> 1) + j).filter((j) => j >= 0 && j < channels);
  const places = Array.from({ length: n * inner }, (_, p) => [Math.floor(p / inner), p % inner] as const);
  const [out, denominators] = [new Float64Array(x.data.length), new Float64Array(x.data.length)];
  for (const [i, s] of places) {
    for (let c = 0; c < channels; c++) {
      const place = at(i, c, s);
      denominators[place] = k + (alpha / width) * windowOf(c).reduce((total, j) => total + (x.data[at(i, j, s)] as number) ** 2, 0);
      out[place] = (x.data[place] as number) / (denominators[place]) ** beta;
    }
  }
  const backward = (dOut: reference.NdArray): Record<string, reference.NdArray> => {
    const dX = new Float64Array(x.data.length);
    for (const [i, s] of places) {
      for (let c = 0; c < channels; c++) {
        const place = at(i, c, s);
        const [d, upstream] = [denominators[place] as number, dOut.data[place] as number];
        dX[place] = (dX[place] as number) + upstream * d ** -beta;
        const slope = (-beta * upstream * (x.data[place] as number) * d ** (-beta - 1) * 2 * alpha) / width;
        for (const j of windowOf(c)) dX[at(i, j, s)] = (dX[at(i, j, s)] as number) + slope * (x.data[at(i, j, s)] as number);
      }
    }
    return { dX: reference.ndarray(dX, x.shape) };
  };
  return { out: reference.ndarray(out, x.shape), backward };
}

export const localResponseNorm: LayerEntry = {
  cases: fc.tuple(seed, size, fc.integer({ min: 1, max: 6 }), fc.array(size, { minLength: 1, maxLength: 2 }), fc.integer({ min: 1, max: 5 }), fc.constantFrom(1e-4, 0.5, 2), fc.constantFrom(0.75, 1, 2)).map(
    ([from, n, channels, rest, width, alpha, beta]) => {
      const shape = [n, channels, ...rest];
      const constants = { alpha, beta, k: 1.5 };
      return {
        options: { ...constants, width, from, shape },
        make: () => new LocalResponseNorm(width, constants),
        inputs: (dtype) => [input(shape, from)(dtype)],
        expected: () => localResponseNormPass(array(shape, from), { ...constants, width }),
      };
    },
  ),
  traits: { keepsNothing: true },
  hasModes: false,
};
