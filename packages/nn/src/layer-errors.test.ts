import { describe, expect, test } from "vitest";
import { ones, tensor, zeros } from "@tapegrad/tensor";
import { thrownBy } from "@tapegrad/test-support";
import { BatchNorm1d, BatchNorm2d } from "./batch-norm.ts";
import { Conv2d } from "./conv2d.ts";
import { Dropout } from "./dropout.ts";
import { Flatten } from "./flatten.ts";
import { layerNorm, LayerNorm } from "./layer-norm.ts";
import { Linear } from "./linear.ts";
import { LocalResponseNorm } from "./local-response-norm.ts";
import { CrossEntropyLoss, MSELoss, NLLLoss } from "./loss.ts";
import { AvgPool2d, MaxPool2d } from "./pooling.ts";

const labels = (...values: number[]): ReturnType<typeof tensor> => tensor(Int32Array.from(values));

const cases: readonly (readonly [name: string, error: string, call: () => unknown, message: string])[] = [
  ["Linear of no inputs", "IndexError", () => new Linear(0, 2), "Linear: inFeatures 0 must be a positive integer\n  code: Linear/size"],
  ["Linear of half an output", "IndexError", () => new Linear(2, 1.5), "Linear: outFeatures 1.5 must be a positive integer\n  code: Linear/size"],
  ["Linear of NaN inputs", "IndexError", () => new Linear(NaN, 1), "Linear: inFeatures NaN must be a positive integer\n  code: Linear/size"],
  ["Conv2d without channels", "IndexError", () => new Conv2d(-1, 2, 3), "Conv2d: inChannels -1 must be a positive integer\n  code: Conv2d/size"],
  ["Conv2d without a window", "IndexError", () => new Conv2d(1, 2, [3, 0]), "Conv2d: kernelWidth 0 must be a positive integer\n  code: Conv2d/size"],
  ["Conv2d with groups 0", "IndexError", () => new Conv2d(1, 2, 3, { groups: 0 }), "Conv2d: groups 0 must be a positive integer\n  code: Conv2d/option"],
  ["Conv2d with groups that do not divide", "IndexError", () => new Conv2d(4, 6, 3, { groups: 4 }), "Conv2d: groups 4 must divide inChannels 4 and outChannels 6\n  code: Conv2d/groups"],
  ["BatchNorm1d of nothing", "IndexError", () => new BatchNorm1d(0), "BatchNorm1d: numFeatures 0 must be a positive integer\n  code: BatchNorm1d/size"],
  ["BatchNorm2d of nothing", "IndexError", () => new BatchNorm2d(0), "BatchNorm2d: numFeatures 0 must be a positive integer\n  code: BatchNorm2d/size"],
  ["LayerNorm of nothing", "IndexError", () => new LayerNorm([2, 0]), "LayerNorm: normalizedShape[1] 0 must be a positive integer\n  code: LayerNorm/size"],
  ["LocalResponseNorm of nothing", "IndexError", () => new LocalResponseNorm(0), "LocalResponseNorm: size 0 must be a positive integer\n  code: LocalResponseNorm/size"],
  ["Dropout above 1", "IndexError", () => new Dropout(1.1), "Dropout: p 1.1 must be a probability: from 0 (keep all) to 1 (drop all)\n  code: Dropout/option"],
  ["Dropout below 0", "IndexError", () => new Dropout(-0.1), "Dropout: p -0.1 must be a probability: from 0 (keep all) to 1 (drop all)\n  code: Dropout/option"],
  ["Dropout of NaN", "IndexError", () => new Dropout(NaN), "Dropout: p NaN must be a probability: from 0 (keep all) to 1 (drop all)\n  code: Dropout/option"],
  [
    "Linear of other features",
    "ShapeError",
    () => new Linear(3, 2).forward(zeros([5, 4])),
    "linear: x.shape[-1] = 4 must equal weight.shape[1] = 3\n  x  [5, 4]  float32\n  weight  [2, 3]  float32\n  bias  [2]  float32\n  code: linear/features\n  in Linear",
  ],
  [
    'Conv2d with padding "same" and a stride',
    "ShapeError",
    () => new Conv2d(1, 1, 3, { padding: "same", stride: 2 }).forward(zeros([1, 1, 5, 5])),
    'conv2d: padding "same" needs stride 1, not [2, 2]\n  code: conv2d/same\n  in Conv2d',
  ],
  [
    "BatchNorm1d of images",
    "ShapeError",
    () => new BatchNorm1d(3).forward(zeros([2, 3, 4, 4])),
    "BatchNorm1d: x must have 2 or 3 dimensions and 3 channels in dimension 1\n  x  [2, 3, 4, 4]  float32\n  code: BatchNorm1d/shape\n  in BatchNorm1d",
  ],
  [
    "BatchNorm2d of other channels",
    "ShapeError",
    () => new BatchNorm2d(3).forward(zeros([2, 4, 4, 4])),
    "BatchNorm2d: x must have 4 dimensions and 3 channels in dimension 1\n  x  [2, 4, 4, 4]  float32\n  code: BatchNorm2d/shape\n  in BatchNorm2d",
  ],
  [
    "BatchNorm1d of one example",
    "ShapeError",
    () => new BatchNorm1d(3).forward(zeros([1, 3])),
    "batchNorm: one value per channel has no variance: training needs more\n  x  [1, 3]  float32\n  hint: use a larger batch, drop the last one (dropLast), or call eval() first\n  code: batchNorm/single\n  in BatchNorm1d",
  ],
  [
    "LayerNorm of another shape",
    "ShapeError",
    () => new LayerNorm([2, 3]).forward(zeros([4, 3, 2])),
    "layerNorm: the last dimensions of x [4, 3, 2] must be [2, 3]\n  x  [4, 3, 2]  float32\n  code: layerNorm/shape\n  in LayerNorm",
  ],
  [
    "LayerNorm of too few dimensions",
    "ShapeError",
    () => layerNorm(zeros([3]), [2, 3]),
    "layerNorm: the last dimensions of x [3] must be [2, 3]\n  x  [3]  float32\n  code: layerNorm/shape",
  ],
  ["layerNorm over nothing", "ShapeError", () => layerNorm(zeros([3]), []), "layerNorm: the last dimensions of x [3] must be []\n  x  [3]  float32\n  code: layerNorm/shape"],
  [
    "layerNorm with a weight that would broadcast",
    "ShapeError",
    () => layerNorm(zeros([2, 3]), [3], { weight: ones([1]) }),
    "layerNorm: weight [1] must have the normalized shape [3]\n  x  [2, 3]  float32\n  code: layerNorm/parameter",
  ],
  [
    "layerNorm with a bias of another shape",
    "ShapeError",
    () => layerNorm(zeros([2, 3]), [3], { bias: ones([2, 3]) }),
    "layerNorm: bias [2, 3] must have the normalized shape [3]\n  x  [2, 3]  float32\n  code: layerNorm/parameter",
  ],
  [
    "LocalResponseNorm of a matrix",
    "ShapeError",
    () => new LocalResponseNorm(2).forward(zeros([2, 3])),
    "LocalResponseNorm: x must be [N, C, ...] with at least 3 dimensions, not 2\n  x  [2, 3]  float32\n  code: LocalResponseNorm/dims\n  in LocalResponseNorm",
  ],
  [
    "MaxPool2d of a small image",
    "ShapeError",
    () => new MaxPool2d(3).forward(zeros([1, 1, 2, 5])),
    "maxPool2d: a window of [3, 3] is larger than the padded image of [2, 5]\n  x  [1, 1, 2, 5]  float32\n  code: maxPool2d/too-small\n  in MaxPool2d",
  ],
  [
    "AvgPool2d with too much padding",
    "ShapeError",
    () => new AvgPool2d(2, { padding: 2 }).forward(zeros([1, 1, 4, 4])),
    "avgPool2d: padding [2, 2] must be at most half of the kernel [2, 2]\n  x  [1, 1, 4, 4]  float32\n  code: avgPool2d/padding\n  in AvgPool2d",
  ],
  [
    "AvgPool2d with divisor 0",
    "IndexError",
    () => new AvgPool2d(2, { divisorOverride: 0 }),
    "AvgPool2d: divisorOverride 0 must be an integer other than 0\n  code: AvgPool2d/option",
  ],
  [
    "Flatten of dimensions that are not there",
    "IndexError",
    () => new Flatten(3).forward(zeros([2, 2])),
    "flatten: start 3 is outside [-2, 1], the dimensions of a 2-d tensor\n  code: flatten/dim\n  in Flatten",
  ],
  [
    "CrossEntropyLoss of a label outside",
    "IndexError",
    () => new CrossEntropyLoss().forward(zeros([2, 3]), labels(1, 3)),
    "crossEntropy: target 3 at position 1 is outside [0, 2]\n  targets  [2]  int32\n  code: crossEntropy/target\n  in CrossEntropyLoss",
  ],
  [
    "CrossEntropyLoss with weights for other classes",
    "ShapeError",
    () => new CrossEntropyLoss({ weight: ones([2]) }).forward(zeros([2, 3]), labels(1, 0)),
    "crossEntropy: weight [2] must have one entry for each of the 3 classes\n  code: crossEntropy/weight\n  in CrossEntropyLoss",
  ],
  [
    "CrossEntropyLoss with too much smoothing",
    "IndexError",
    () => new CrossEntropyLoss({ labelSmoothing: 2 }),
    "CrossEntropyLoss: labelSmoothing 2 must be a number from 0 to 1\n  code: CrossEntropyLoss/option",
  ],
  [
    "NLLLoss of floating labels",
    "DTypeError",
    () => new NLLLoss().forward(zeros([2, 3]), zeros([2])),
    'nllLoss: targets.dtype = float32 must be an integer dtype: int32, int64 or uint8\n  targets  [2]  float32\n  hint: convert them: targets.to("int32")\n  code: nllLoss/targets\n  in NLLLoss',
  ],
  [
    "MSELoss of shapes that do not broadcast",
    "ShapeError",
    () => new MSELoss().forward(zeros([3, 2]), zeros([3])),
    "mseLoss: input.shape[-1] = 2 and target.shape[-1] = 3 must be equal, or one of them 1\n  input  [3, 2]\n  target  [3]\n  code: mseLoss/broadcast\n  in MSELoss",
  ],
];

describe("layers refuse", () => {
  test.each(cases)("%s", (_name, type, call, message) => {
    const error = thrownBy(call);
    expect(error.message).toBe(message);
    expect(error.name).toBe(type);
  });

  test("a batch that was refused is not counted", () => {
    const layer = new BatchNorm1d(1);
    thrownBy(() => layer.forward(zeros([1, 1])));
    expect(layer.numBatchesTracked?.item()).toBe(0);
    layer.forward(tensor([[1], [2]]));
    expect(layer.numBatchesTracked?.item()).toBe(1);
  });
});
