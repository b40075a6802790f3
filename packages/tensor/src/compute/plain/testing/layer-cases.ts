import type { DType } from "@tapegrad/kernels";
import { sizeOf, type Shape } from "../../../shape.ts";
import type { Tensor } from "../../../tensor.ts";
import type { ConvGeometry, Epilogue, LabelOptions, MeanGeometry, Pair, WindowGeometry } from "../../backend.ts";
import type { Call } from "./both-backends.ts";
import { floats } from "./element-cases.ts";
import { layouts, type Operands } from "./operands.ts";

const epilogues: readonly Epilogue[] = ["none", "relu"];
const maybe = <T>(from: Operands, make: () => T): T | null => (from.integer(0, 2) === 0 ? null : make());

const matmul: Call = (backend, from, result) => {
  for (const dtype of floats) {
    const [m, k, n] = from.choice([[from.integer(1, 5), from.integer(0, 5), from.integer(1, 5)], [1, 40, from.integer(1, 40)], [20, 33, 17]]), batch = from.shape(from.integer(0, 2));
    const operand = (rows: number, columns: number): Tensor => {
      const lead = batch.map((size) => (from.integer(0, 3) === 0 ? 1 : size)).slice(from.integer(0, 1));
      return from.mildTensor(dtype, [...lead, rows, columns], from.choice(layouts));
    };
    const bias = maybe(from, () => from.mildTensor(dtype, [n]));
    backend.matmul(operand(m, k), operand(k, n), bias, result([...batch, m, n], dtype, 3 * k + 1), from.choice(epilogues));
  }
};

interface Conv {
  readonly x: Shape;
  readonly weight: Shape;
  readonly out: Shape;
  readonly geometry: ConvGeometry;
}

/** A convolution that has at least one output; its padding may differ above and below. */
function convOf(from: Operands): Conv {
  const pair = (low: number, high: number): Pair => [from.integer(low, high), from.integer(low, high)];
  const groups = from.choice([1, 1, 2]), channels = from.choice([1, 2, 5]) * groups, outputs = from.choice([1, 3, 6]) * groups;
  const kernel = from.choice([pair(1, 3), [3, 3] as const]), stride = pair(1, 2), dilation = pair(1, 2), before = pair(0, 2), images = from.integer(1, 2);
  const size = kernel.map((taps, dim) => (taps - 1) * (dilation[dim] as number) + from.integer(1, 5)) as [number, number];
  const outSize = size.map((length, dim) => {
    const room = length + (before[dim] as number) + from.integer(0, 2) - ((kernel[dim] as number) - 1) * (dilation[dim] as number) - 1;
    return Math.floor(room / (stride[dim] as number)) + 1;
  }) as [number, number];
  return { x: [images, channels, ...size], weight: [outputs, channels / groups, ...kernel], out: [images, outputs, ...outSize], geometry: { stride, before, dilation, groups, outSize } };
}

/**
 * Mild numbers, now and then with one that must not reach further than where it lies. Not for what meets padding: whether zeros of the padding
 * are multiplied, some kernels leave open.
 */
function image(from: Operands, dtype: DType, shape: Shape): Tensor {
  const x = from.mildTensor(dtype, shape);
  if (from.integer(0, 3) === 0) x.storage.numbers[x.offset + from.integer(0, x.numel() - 1)] = from.choice([Infinity, NaN]);
  return x;
}

const conv2d: Call = (backend, from, result) => {
  for (const dtype of floats) {
    const { x, weight, out, geometry } = convOf(from), bias = maybe(from, () => from.mildTensor(dtype, weight.slice(0, 1)));
    backend.conv2d(image(from, dtype, x), from.mildTensor(dtype, weight), bias, result(out, dtype, 200), geometry, from.choice(epilogues));
  }
};

const conv2dInputGrad: Call = (backend, from, result) => {
  for (const dtype of floats) {
    const { x, weight, out, geometry } = convOf(from);
    backend.conv2dInputGrad(image(from, dtype, out), from.mildTensor(dtype, weight), result(x, dtype, 200), geometry);
  }
};

const conv2dWeightGrad: Call = (backend, from, result) => {
  for (const dtype of floats) {
    const { x, weight, out, geometry } = convOf(from);
    backend.conv2dWeightGrad(from.mildTensor(dtype, out), image(from, dtype, x), result(weight, dtype, 200), maybe(from, () => result(weight.slice(0, 1), dtype, 200)), geometry);
  }
};

interface Windows {
  readonly x: Shape;
  readonly out: Shape;
  readonly geometry: WindowGeometry & MeanGeometry;
}

/** Windows of which none lies outside; the last ones may hang over, as with ceilMode. */
function windowsOf(from: Operands, mostDilation: number): Windows {
  const kernel: Pair = from.choice([[2, 2], [from.integer(1, 3), from.integer(1, 3)]]), stride: Pair = from.choice([[2, 2], [from.integer(1, 3), from.integer(1, 3)]]);
  const dilation: Pair = [from.integer(1, mostDilation), from.integer(1, mostDilation)], padding = kernel.map((size) => from.integer(0, size >> 1)) as [number, number];
  const size = kernel.map((taps, dim) => (taps - 1) * (dilation[dim] as number) + from.choice([1, 2, 6, 9])) as [number, number];
  const outSize = size.map((length, dim) => {
    const [step, edge] = [stride[dim] as number, padding[dim] as number];
    const room = length + 2 * edge - ((kernel[dim] as number) - 1) * (dilation[dim] as number) - 1, count = Math.floor(room / step) + 1;
    return from.integer(0, 1) === 1 && room % step !== 0 && count * step < length + edge ? count + 1 : count;
  }) as [number, number];
  const lead = from.shape(from.integer(0, 2));
  return {
    x: [...lead, ...size], out: [...lead, ...outSize],
    geometry: { kernel, stride, padding, dilation, outSize, countIncludePad: from.integer(0, 1) === 1, divisorOverride: from.choice([0, 0, 3]) },
  };
}

const maxPool2d: Call = (backend, from, result) => {
  for (const dtype of floats) {
    const { x, out, geometry } = windowsOf(from, 2);
    backend.maxPool2d(from.tensor(dtype, x, from.choice(["dense", "shifted"])), result(out, dtype), result(out, "int32"), geometry);
  }
};

const maxPool2dBackward: Call = (backend, from, result) => {
  for (const dtype of floats) {
    const [planes, height, width] = [from.integer(1, 3), from.integer(1, 6), from.integer(1, 12)], out: Shape = [planes, from.integer(1, 5), from.integer(1, 6)];
    backend.maxPool2dBackward(from.mildTensor(dtype, out), from.indices(out, -1, height * width - 1), result([planes, height, width], dtype, 8), false);
    // Windows of 2 x 2 side by side, each of which holds its index.
    const [rows, columns] = [from.integer(1, 3), from.integer(1, 6)], wide = 2 * columns + from.integer(0, 1), indices = from.indices([planes, rows, columns], 0, 0);
    const places = indices.storage.numbers;
    for (let i = 0; i < indices.numel(); i++) {
      places[indices.offset + i] = (2 * (Math.floor(i / columns) % rows) + from.integer(0, 1)) * wide + 2 * (i % columns) + from.integer(0, 1);
    }
    backend.maxPool2dBackward(from.mildTensor(dtype, [planes, rows, columns]), indices, result([planes, 2 * rows + 1, wide], dtype), true);
  }
};

const avgPool2d: Call = (backend, from, result) => {
  for (const dtype of floats) {
    const { x, out, geometry } = windowsOf(from, 1);
    backend.avgPool2d(image(from, dtype, x), result(out, dtype, 8), geometry);
  }
};

const avgPool2dBackward: Call = (backend, from, result) => {
  for (const dtype of floats) {
    const { x, out, geometry } = windowsOf(from, 1);
    backend.avgPool2dBackward(from.mildTensor(dtype, out), result(x, dtype, 8), geometry);
  }
};

const softmax: Call = (backend, from, result) => {
  for (const dtype of floats) {
    for (const isLog of [false, true]) {
      const shape = from.shape(3), dim = from.integer(0, 2), x = from.mildTensor(dtype, shape, undefined, () => from.choice([1, 50]) * from.number(-2, 2));
      if (from.integer(0, 2) === 0) x.storage.numbers[x.offset] = from.choice([-Infinity, Infinity, NaN]);
      backend.softmax(x, result(shape, dtype, 6), dim, isLog);
    }
  }
};

const softmaxBackward: Call = (backend, from, result) => {
  for (const dtype of floats) {
    for (const isLog of [false, true]) {
      const shape = from.shape(3);
      backend.softmaxBackward(from.mildTensor(dtype, shape), from.mildTensor(dtype, shape), result(shape, dtype, 60), from.integer(0, 2), isLog);
    }
  }
};

interface Labelled {
  readonly logits: Tensor;
  readonly targets: Tensor;
  readonly weight: Tensor | null;
  readonly options: LabelOptions;
}

/** Rows of which none is ignored, if `isKept`. */
function labelled(from: Operands, dtype: DType, isKept: boolean): Labelled {
  const rows = from.integer(1, 4), classes = from.integer(1, 6);
  const targets = from.indices([rows], 0, classes - 1), ignoreIndex = isKept ? -100 : from.integer(0, classes - 1);
  const weight = maybe(from, () => from.mildTensor(dtype, [classes], undefined, () => from.choice([0, 0.5, 1, 2])));
  return { logits: from.mildTensor(dtype, [rows, classes]), targets, weight, options: { ignoreIndex, labelSmoothing: from.choice([0, 0.1, 1]) } };
}

const crossEntropy: Call = (backend, from, result) => {
  for (const dtype of floats) {
    for (const isKept of [true, false]) {
      const { logits, targets, weight, options } = labelled(from, dtype, isKept), rows = targets.shape;
      const normalizers = isKept ? result([...rows, 2], dtype, 8) : from.mildTensor(dtype, [...rows, 2]);
      backend.crossEntropy(logits, targets, weight, result(rows, dtype, 30), result(rows, dtype), normalizers, options);
    }
  }
};

const crossEntropyBackward: Call = (backend, from, result) => {
  for (const dtype of floats) {
    const { logits, targets, weight, options } = labelled(from, dtype, from.integer(0, 1) === 1), [rows = 0] = targets.shape;
    const normalizers = from.mildTensor(dtype, [rows, 2], undefined, () => from.number(1, 3));
    backend.crossEntropyBackward(logits, targets, weight, normalizers, from.mildTensor(dtype, [rows]), result(logits.shape, dtype, 60), options);
  }
};

const invalidTarget: Call = (backend, from) => backend.invalidTarget(from.indices([from.integer(1, 6)], -2, 6), 6, from.choice([-2, -100, 7]));

/** [N, C, ...] with at least two values to a channel. */
const batchShape = (from: Operands): Shape => [from.integer(2, 4), from.integer(1, 5), ...from.choice([[], [1], [from.integer(1, 6)], [2, 3]])];
const positive = (from: Operands): (() => number) => () => from.number(0.2, 2);

const batchNormTrain: Call = (backend, from, result) => {
  for (const dtype of floats) {
    const shape = batchShape(from), channels = shape.slice(1, 2), vector = (): Tensor => from.mildTensor(dtype, channels);
    const running = (): Tensor | null => maybe(from, () => result(channels, dtype, 60, from.mild(dtype, sizeOf(channels))));
    backend.batchNormTrain(
      from.mildTensor(dtype, shape), { weight: maybe(from, vector), bias: maybe(from, vector) }, result(shape, dtype, 200), result(channels, dtype, 8),
      result(channels, dtype, 200), running(), running(), 0.1, from.choice([0.1, 0.5]), from.choice(epilogues),
    );
  }
};

const batchNormEval: Call = (backend, from, result) => {
  for (const dtype of floats) {
    const shape = batchShape(from), channels = shape.slice(1, 2), vector = (): Tensor => from.mildTensor(dtype, channels);
    const variance = from.mildTensor(dtype, channels, undefined, positive(from));
    backend.batchNormEval(
      from.mildTensor(dtype, shape), { weight: maybe(from, vector), bias: maybe(from, vector) }, vector(), variance, result(shape, dtype, 60), 1e-5, from.choice(epilogues),
    );
  }
};

const batchNormBackward: Call = (backend, from, result) => {
  for (const dtype of floats) {
    const shape = batchShape(from), channels = shape.slice(1, 2), vector = (): Tensor => from.mildTensor(dtype, channels), batch = (): Tensor => from.mildTensor(dtype, shape);
    const inverseStd = from.mildTensor(dtype, channels, undefined, positive(from)), near = 400;
    backend.batchNormBackward(batch(), batch(), maybe(from, vector), vector(), inverseStd, result(shape, dtype, near), result(channels, dtype, near), result(channels, dtype, near));
  }
};

const batchNormEvalBackward: Call = (backend, from, result) => {
  for (const dtype of floats) {
    const shape = batchShape(from), channels = shape.slice(1, 2), vector = (): Tensor => from.mildTensor(dtype, channels), batch = (): Tensor => from.mildTensor(dtype, shape);
    const variance = from.mildTensor(dtype, channels, undefined, positive(from)), near = 400;
    backend.batchNormEvalBackward(batch(), batch(), maybe(from, vector), vector(), variance, result(shape, dtype, near), result(channels, dtype, near), result(channels, dtype, near), 1e-5);
  }
};

/** Of each of the functions that layers are made of. */
export const layerCases = {
  matmul, conv2d, conv2dInputGrad, conv2dWeightGrad, maxPool2d, maxPool2dBackward, avgPool2d, avgPool2dBackward, softmax, softmaxBackward, crossEntropy, crossEntropyBackward,
  invalidTarget, batchNormTrain, batchNormEval, batchNormBackward, batchNormEvalBackward,
};
