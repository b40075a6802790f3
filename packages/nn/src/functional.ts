// The functional forms of the layers, gathered under the name that PyTorch users look for.
export {
  avgPool2d,
  batchNorm,
  conv2d,
  crossEntropy,
  dropout,
  leakyRelu,
  linear,
  logSoftmax,
  maxPool2d,
  mseLoss,
  nllLoss,
  relu,
  sigmoid,
  softmax,
  softplus,
  tanh,
} from "@tapegrad/tensor";
export { layerNorm } from "./layer-norm.ts";
