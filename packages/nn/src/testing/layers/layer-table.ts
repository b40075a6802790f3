import type { LayerEntry } from "./layer-case.ts";
import { crossEntropyLoss, mseLoss, nllLoss } from "./losses.ts";
import { batchNorm1d, batchNorm2d, layerNorm, localResponseNorm } from "./norms.ts";
import { dropout, flatten, relu, sigmoid, tanh } from "./pointwise.ts";
import { avgPool2d, maxPool2d } from "./pooling.ts";
import { conv2d, linear } from "./products.ts";

/** Every layer and loss that is exported, by its name: the loops of layer-table.test.ts and layer-traits.test.ts prove them all. */
export const layerTable: Readonly<Record<string, LayerEntry>> = {
  AvgPool2d: avgPool2d,
  BatchNorm1d: batchNorm1d,
  BatchNorm2d: batchNorm2d,
  Conv2d: conv2d,
  CrossEntropyLoss: crossEntropyLoss,
  Dropout: dropout,
  Flatten: flatten,
  LayerNorm: layerNorm,
  Linear: linear,
  LocalResponseNorm: localResponseNorm,
  MSELoss: mseLoss,
  MaxPool2d: maxPool2d,
  NLLLoss: nllLoss,
  ReLU: relu,
  Sigmoid: sigmoid,
  Tanh: tanh,
};
