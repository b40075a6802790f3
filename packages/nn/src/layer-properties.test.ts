import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as reference from "@tapegrad/reference";
import { tensor, type DType, type Pair, type Shape, type Tensor } from "@tapegrad/tensor";
import { BatchNorm1d, BatchNorm2d } from "./batch-norm.ts";
import { Conv2d } from "./conv2d.ts";
import { Dropout } from "./dropout.ts";
import { LayerNorm } from "./layer-norm.ts";
import { Linear } from "./linear.ts";
import { CrossEntropyLoss, MSELoss, NLLLoss } from "./loss.ts";
import type { AnyModule } from "./any-module.ts";
import { AvgPool2d, MaxPool2d } from "./pooling.ts";
import { boundFor, expectClose } from "./testing/closeness.ts";
import { dyadic, leaf, setParameters } from "./testing/pattern.ts";

// Values are exact in float32, so that both dtypes start from the numbers that the reference gets.

const dtype = fc.constantFrom<DType>("float64", "float32");
const seed = fc.integer({ min: 0, max: 4000 });
const size = fc.integer({ min: 1, max: 4 });
const pairOf = (least: number, most: number): fc.Arbitrary<Pair> => fc.tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }));
const reduction = fc.constantFrom("mean" as const, "sum" as const, "none" as const);

const array = (shape: Shape, from: number): reference.NdArray => reference.ndarray(dyadic(shape, from), shape);

/** A parameter as the reference takes it; `fallback` where the layer has none. */
function parameterOf(parameter: Tensor | null, shape: Shape, fallback: number): reference.NdArray {
  return parameter === null ? reference.full(fallback, shape) : reference.ndarray(Float64Array.from(parameter.toTypedArray()), shape);
}

interface Expected {
  readonly out: reference.NdArray;
  /** Gradients for an upstream gradient. */
  readonly backward: (dOut: reference.NdArray) => Readonly<Record<string, reference.NdArray>>;
}

/** Runs a layer forward and backward beside the reference; gradients are `dX` and the parameters' names. */
function expectEqual(module: AnyModule, x: Tensor, out: Tensor, expected: Expected): void {
  const bound = boundFor(x.dtype);
  expect(out.shape).toEqual(expected.out.shape);
  expectClose(out, expected.out.data, bound, "out");
  const dOut = array(out.shape, 9);
  out.backward(tensor(dOut.data, { shape: out.shape, dtype: x.dtype }));
  const gradients = expected.backward(dOut);
  expectClose(x.grad, gradients["dX"]?.data ?? [], bound, "dX");
  for (const [name, parameter] of module.namedParameters()) expectClose(parameter.grad, gradients[name]?.data ?? [], bound, `gradient of ${name}`);
}

describe("layers equal the reference", () => {
  test("Linear", () => {
    fc.assert(
      fc.property(dtype, seed, fc.array(size, { maxLength: 2 }), size, size, fc.boolean(), (type, from, lead, inputs, outputs, bias) => {
        const module = new Linear(inputs, outputs, { bias, dtype: type });
        setParameters(module, dyadic);
        const shape = [...lead, inputs];
        const x = leaf(dyadic(shape, from), shape, type);
        // The reference takes rows.
        const rows = lead.reduce((product, n) => product * n, 1);
        const weight = parameterOf(module.weight, [outputs, inputs], 0);
        const { out, cache } = reference.linearForward(array([rows, inputs], from), weight, module.bias === null ? null : parameterOf(module.bias, [outputs], 0));
        expectEqual(module, x, module.forward(x), {
          out: reference.reshape(out, [...lead, outputs]),
          backward: (dOut) => {
            const { dX, dW, dB } = reference.linearBackward(reference.reshape(dOut, [rows, outputs]), cache);
            return { dX, weight: dW, bias: dB };
          },
        });
      }),
      { numRuns: 60 },
    );
  });

  test("Conv2d", () => {
    const geometry = fc.record({ kernel: pairOf(1, 3), stride: pairOf(1, 3), dilation: pairOf(1, 2), groups: fc.integer({ min: 1, max: 3 }), same: fc.boolean(), padding: pairOf(0, 2), bias: fc.boolean() });
    fc.assert(
      fc.property(dtype, seed, fc.tuple(size, size, size), pairOf(5, 8), geometry, (type, from, [n, inputs, outputs], image, { same, groups, bias, kernel, ...rest }) => {
        const shape = [n, inputs * groups, ...image];
        const options = { ...rest, groups, ...(same ? { padding: "same" as const, stride: [1, 1] as const } : {}) };
        const module = new Conv2d(inputs * groups, outputs * groups, kernel, { ...options, bias, dtype: type });
        setParameters(module, dyadic);
        const x = leaf(dyadic(shape, from), shape, type);
        const weight = parameterOf(module.weight, module.weight.shape, 0);
        const { out, cache } = reference.conv2dForward(array(shape, from), weight, module.bias === null ? null : parameterOf(module.bias, [outputs * groups], 0), options);
        expectEqual(module, x, module.forward(x), {
          out,
          backward: (dOut) => {
            const { dX, dW, dB } = reference.conv2dBackward(dOut, cache);
            return { dX, weight: dW, bias: dB };
          },
        });
      }),
      { numRuns: 60 },
    );
  });

  const pooling = pairOf(1, 3).chain((kernel) =>
    fc.record({
      kernel: fc.constant(kernel),
      stride: pairOf(1, 3),
      padding: fc.tuple(fc.integer({ min: 0, max: kernel[0] >> 1 }), fc.integer({ min: 0, max: kernel[1] >> 1 })) satisfies fc.Arbitrary<Pair>,
      ceilMode: fc.boolean(),
    }),
  );

  test("MaxPool2d", () => {
    fc.assert(
      fc.property(dtype, seed, fc.tuple(size, size), pairOf(5, 8), pooling, pairOf(1, 2), (type, from, lead, image, { kernel, ...options }, dilation) => {
        const shape = [...lead, ...image];
        const module = new MaxPool2d(kernel, { ...options, dilation });
        const x = leaf(dyadic(shape, from), shape, type);
        const { out, cache } = reference.maxPool2dForward(array(shape, from), kernel, { ...options, dilation });
        expectEqual(module, x, module.forward(x), { out, backward: (dOut) => reference.maxPool2dBackward(dOut, cache) });
      }),
      { numRuns: 60 },
    );
  });

  test("AvgPool2d", () => {
    const divisor = fc.option(fc.integer({ min: 1, max: 7 }), { nil: null });
    fc.assert(
      fc.property(dtype, seed, fc.tuple(size, size), pairOf(5, 8), pooling, fc.boolean(), divisor, (type, from, lead, image, { kernel, ...windows }, countIncludePad, divisorOverride) => {
        const shape = [...lead, ...image];
        const options = { ...windows, countIncludePad, ...(divisorOverride === null ? {} : { divisorOverride }) };
        const module = new AvgPool2d(kernel, options);
        const x = leaf(dyadic(shape, from), shape, type);
        const { out, cache } = reference.avgPool2dForward(array(shape, from), kernel, options);
        expectEqual(module, x, module.forward(x), { out, backward: (dOut) => reference.avgPool2dBackward(dOut, cache) });
      }),
      { numRuns: 60 },
    );
  });

  const namedLikeOurs = ({ dX, dGamma, dBeta }: reference.BatchNormGradients): Record<string, reference.NdArray> => ({ dX, weight: dGamma, bias: dBeta });

  type ExpectedNorm = Expected & { readonly statistics: Pick<reference.BatchNormForward, "mean" | "variance"> };

  function flatNorm(x: reference.NdArray, gamma: reference.NdArray, beta: reference.NdArray): ExpectedNorm {
    const { out, cache, ...statistics } = reference.batchNormForward(x, gamma, beta, 0.1);
    return { out, statistics, backward: (dOut) => namedLikeOurs(reference.batchNormBackward(dOut, cache)) };
  }

  function spatialNorm(x: reference.NdArray, gamma: reference.NdArray, beta: reference.NdArray): ExpectedNorm {
    const { out, cache, ...statistics } = reference.spatialBatchNormForward(x, gamma, beta, 0.1);
    return { out, statistics, backward: (dOut) => namedLikeOurs(reference.spatialBatchNormBackward(dOut, cache)) };
  }

  test("BatchNorm1d and BatchNorm2d, with their running statistics", () => {
    const momentum = fc.constantFrom(0.1, 0.5, null);
    fc.assert(
      fc.property(dtype, seed, fc.boolean(), fc.tuple(fc.integer({ min: 2, max: 5 }), size, size, size), momentum, fc.boolean(), (type, from, isImage, [n, c, h, w], share, affine) => {
        const shape = isImage ? [n, c, h, w] : [n, c];
        // A deviation well above 0: neighbours of the pattern may come close.
        const options = { momentum: share, affine, eps: 0.1, dtype: type };
        const module = isImage ? new BatchNorm2d(c, options) : new BatchNorm1d(c, options);
        setParameters(module, dyadic);
        const [gamma, beta] = [parameterOf(module.weight, [c], 1), parameterOf(module.bias, [c], 0)];
        let running: reference.RunningStatistics = { mean: reference.zeros([c]), variance: reference.full(1, [c]), batches: 0 };
        for (const batch of [from, from + 17, from + 40]) {
          module.zeroGrad();
          const source = array(shape, batch);
          const x = leaf(source.data, shape, type);
          const expected = isImage ? spatialNorm(source, gamma, beta) : flatNorm(source, gamma, beta);
          running = reference.updateRunningStatistics(running, expected.statistics, source.data.length / c, share);
          expectEqual(module, x, module.forward(x), expected);
        }
        expectClose(module.runningMean, running.mean.data, boundFor(type), "runningMean");
        expectClose(module.runningVar, running.variance.data, boundFor(type), "runningVar");
        expect(module.numBatchesTracked?.item()).toBe(3);
      }),
      { numRuns: 40 },
    );
  });

  test("BatchNorm1d in evaluation", () => {
    fc.assert(
      fc.property(dtype, seed, fc.integer({ min: 2, max: 5 }), size, (type, from, n, c) => {
        const module = new BatchNorm1d(c, { dtype: type });
        setParameters(module, dyadic);
        module.forward(tensor(dyadic([n, c], from + 100), { shape: [n, c], dtype: type }));
        module.eval();
        const shape = [n, c];
        const x = leaf(dyadic(shape, from), shape, type);
        const statistics = [parameterOf(module.runningMean, [c], 0), parameterOf(module.runningVar, [c], 1)] as const;
        const { out, cache } = reference.batchNormEvalForward(array(shape, from), parameterOf(module.weight, [c], 1), parameterOf(module.bias, [c], 0), ...statistics);
        expectEqual(module, x, module.forward(x), {
          out,
          backward: (dOut) => namedLikeOurs(reference.batchNormEvalBackward(dOut, cache)),
        });
      }),
      { numRuns: 30 },
    );
  });

  test("LayerNorm", () => {
    fc.assert(
      fc.property(dtype, seed, fc.array(size, { maxLength: 2 }), fc.array(size, { minLength: 1, maxLength: 2 }), fc.boolean(), (type, from, lead, normalized, elementwiseAffine) => {
        const module = new LayerNorm(normalized, { eps: 0.1, elementwiseAffine, dtype: type });
        setParameters(module, dyadic);
        const shape = [...lead, ...normalized];
        const x = leaf(dyadic(shape, from), shape, type);
        const { out, cache } = reference.layerNormForward(array(shape, from), parameterOf(module.weight, normalized, 1), parameterOf(module.bias, normalized, 0), 0.1);
        expectEqual(module, x, module.forward(x), {
          out,
          backward: (dOut) => namedLikeOurs(reference.layerNormBackward(dOut, cache)),
        });
      }),
      { numRuns: 60 },
    );
  });

  test("Dropout, with the mask that it drew", () => {
    fc.assert(
      fc.property(dtype, seed, fc.array(size, { maxLength: 3 }), fc.constantFrom(0, 0.25, 0.5, 0.9, 1), (type, from, shape, p) => {
        const module = new Dropout(p);
        // No element is 0, so that a 0 in the output was dropped.
        const source = reference.map((value) => value + 1 / 2048, array(shape, from));
        const x = leaf(source.data, shape, type);
        const out = module.forward(x);
        const mask = reference.ndarray(Float64Array.from(out.toTypedArray(), (value) => (value === 0 ? 0 : 1)), shape);
        const { out: expected, cache } = reference.dropoutForward(source, mask, p);
        expectEqual(module, x, out, { out: expected, backward: (dOut) => reference.dropoutBackward(dOut, cache) });
      }),
      { numRuns: 40 },
    );
  });
});

describe("losses equal the reference", () => {
  /** Logits, their class indices (7 is ignored) and the losses' options. */
  const classified = fc.record({
    shape: fc.tuple(size, fc.integer({ min: 2, max: 5 }), fc.array(size, { maxLength: 2 })).map(([n, c, rest]) => [n, c, ...rest]),
    labels: seed,
    weighted: fc.boolean(),
    reduction,
  });

  function targetsFor([n = 0, c = 0, ...rest]: Shape, labels: number): { targets: Int32Array<ArrayBuffer>; targetShape: Shape } {
    const targetShape = [n, ...rest];
    // The first is kept: the mean of nothing is NaN.
    const targets = Int32Array.from(dyadic(targetShape, labels), (value, i) => (value < -1.5 && i > 0 ? 7 : Math.abs(Math.round(value * 1024)) % c));
    return { targets, targetShape };
  }

  test("CrossEntropyLoss", () => {
    fc.assert(
      fc.property(dtype, seed, classified, fc.constantFrom(0, 0.1, 1), (type, from, { shape, labels, weighted, reduction: kind }, labelSmoothing) => {
        const { targets, targetShape } = targetsFor(shape, labels);
        const options = { reduction: kind, ignoreIndex: 7, labelSmoothing };
        const weight = dyadic([shape[1] ?? 0], 3).map((value) => Math.abs(value) + 0.25);
        const module = new CrossEntropyLoss(weighted ? { ...options, weight: tensor(weight) } : options);
        const x = leaf(dyadic(shape, from), shape, type);
        const { out, cache } = reference.crossEntropyForward(array(shape, from), targets, weighted ? { ...options, weight } : options);
        expectEqual(module, x, module.forward(x, tensor(targets, { shape: targetShape })), { out, backward: (dOut) => reference.crossEntropyBackward(dOut, cache) });
      }),
      { numRuns: 80 },
    );
  });

  test("NLLLoss", () => {
    fc.assert(
      fc.property(dtype, seed, classified, (type, from, { shape, labels, weighted, reduction: kind }) => {
        const { targets, targetShape } = targetsFor(shape, labels);
        const options = { reduction: kind, ignoreIndex: 7 };
        const weight = dyadic([shape[1] ?? 0], 3).map((value) => Math.abs(value) + 0.25);
        const module = new NLLLoss(weighted ? { ...options, weight: tensor(weight) } : options);
        const x = leaf(dyadic(shape, from), shape, type);
        const { out, cache } = reference.nllLossForward(array(shape, from), targets, weighted ? { ...options, weight } : options);
        expectEqual(module, x, module.forward(x, tensor(targets, { shape: targetShape })), { out, backward: (dOut) => reference.nllLossBackward(dOut, cache) });
      }),
      { numRuns: 60 },
    );
  });

  test("MSELoss, with the gradient of the target", () => {
    fc.assert(
      fc.property(dtype, seed, fc.array(size, { maxLength: 3 }), reduction, (type, from, shape, kind) => {
        const module = new MSELoss({ reduction: kind });
        const x = leaf(dyadic(shape, from), shape, type);
        const target = leaf(dyadic(shape, from + 55), shape, type);
        const { out, cache } = reference.mseLossForward(array(shape, from), array(shape, from + 55), kind);
        expectEqual(module, x, module.forward(x, target), { out, backward: (dOut) => reference.mseLossBackward(dOut, cache) });
        expectClose(target.grad, reference.mseLossBackward(array(out.shape, 9), cache).dTarget.data, boundFor(type), "dTarget");
      }),
      { numRuns: 60 },
    );
  });
});
