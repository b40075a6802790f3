import { grad, nn, randint, randn, randperm, type Tensor } from "tapegrad";
import { affineBackward, affineForward } from "./affine.ts";
import { affineReluBackward, affineReluForward } from "./affine-relu.ts";
import { batchNormBackward, batchNormBackwardSimplified, batchNormForward, newBatchNormParam } from "./batch-norm.ts";
import type { Checks } from "./checks.ts";
import { convBackward, convForward } from "./convolution.ts";
import { dropoutBackward, dropoutForward, type DropoutParam } from "./dropout.ts";
import { groupNormBackward, groupNormForward } from "./group-norm.ts";
import { layerNormBackward, layerNormForward } from "./layer-norm.ts";
import { softmaxLoss, svmLoss } from "./losses.ts";
import { avgPoolBackward, avgPoolForward, maxPoolBackward, maxPoolForward } from "./pooling.ts";
import { reluBackward, reluForward } from "./relu.ts";
import { spatialBatchNormBackward, spatialBatchNormForward } from "./spatial-batch-norm.ts";
import { twoLayerLoss, type TwoLayerParameters } from "./two-layer-net.ts";

const { avgPool2d, batchNorm, conv2d, crossEntropy, layerNorm, linear, maxPool2d, relu } = nn.functional;

function random(...shape: number[]): Tensor {
  return randn(shape, { dtype: "float64" });
}

/** Different numbers, none of them near another or near 0: no tie and no kink within a small step. */
function distinct(...shape: number[]): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  return randperm(count).to("float64").add(0.5 - Math.floor(count / 2)).div(count).reshape(shape);
}

/** Checks the gradients of every layer. */
export function checkLayerGradients(checks: Checks): void {
  checkAffine(checks);
  checkLosses(checks);
  checkNormalisations(checks);
  checkDropout(checks);
  checkImages(checks);
  checkTwoLayerGradients(checks);
}

function checkAffine(checks: Checks): void {
  const inputs = { x: random(2, 3, 4), w: random(12, 5), b: random(5) };
  // What goes into the ReLU lies near b, and so away from its kink.
  const awayFromKink = { x: random(2, 3, 4).mul(0.01), w: random(12, 5), b: distinct(5) };
  const framework = (x: Tensor, w: Tensor, b: Tensor): Tensor => linear(x.flatten(1), w.T, b);
  checks.layer({ name: "affine", inputs, forward: affineForward, backward: affineBackward, framework });
  checks.layer({ name: "relu", inputs: { x: distinct(10, 10) }, forward: reluForward, backward: reluBackward, framework: (x) => relu(x) });
  checks.layer({
    name: "affine-relu",
    inputs: awayFromKink,
    forward: affineReluForward,
    backward: affineReluBackward,
    framework: (x, w, b) => relu(framework(x, w, b)),
  });
}

function checkLosses(checks: Checks): void {
  // Differences are multiples of pi / 120: none of them is near the margin of 1.
  const [scores, labels] = [distinct(12, 10).mul(Math.PI), randint(0, 10, [12])];
  const backward = (dOut: Tensor, dX: Tensor): [dX: Tensor] => [dX.mul(dOut)];
  checks.layer({ name: "svm loss", inputs: { x: scores }, forward: (x) => svmLoss(x, labels), backward });
  checks.layer({ name: "softmax loss", inputs: { x: scores }, forward: (x) => softmaxLoss(x, labels), backward, framework: (x) => crossEntropy(x, labels) });
}

function checkNormalisations(checks: Checks): void {
  const rows = { x: random(4, 5).mul(5).add(12), gamma: random(5), beta: random(5) };
  const images = { x: random(2, 6, 3, 2).mul(5).add(12), gamma: random(6), beta: random(6) };
  const batchNormCase = {
    inputs: rows,
    forward: (x: Tensor, gamma: Tensor, beta: Tensor) => batchNormForward(x, gamma, beta, newBatchNormParam(5)),
    framework: (x: Tensor, weight: Tensor, bias: Tensor) => batchNorm(x, { weight, bias, training: true }),
  };
  checks.layer({ name: "batch norm", ...batchNormCase, backward: batchNormBackward });
  checks.layer({ name: "batch norm simplified", ...batchNormCase, backward: batchNormBackwardSimplified });
  checks.layer({
    name: "layer norm",
    inputs: rows,
    forward: (x, gamma, beta) => layerNormForward(x, gamma, beta),
    backward: layerNormBackward,
    framework: (x, weight, bias) => layerNorm(x, [5], { weight, bias }),
  });
  checks.layer({
    name: "spatial batch norm",
    inputs: images,
    forward: (x, gamma, beta) => spatialBatchNormForward(x, gamma, beta, newBatchNormParam(6)),
    backward: spatialBatchNormBackward,
    framework: (x, weight, bias) => batchNorm(x, { weight, bias, training: true }),
  });
  checks.layer({
    name: "group norm",
    inputs: { x: images.x, gamma: random(1, 6, 1, 1), beta: random(1, 6, 1, 1) },
    forward: (x, gamma, beta) => groupNormForward(x, gamma, beta, 2),
    backward: groupNormBackward,
  });
  checkBatchNormTestMode(checks);
}

/** In test mode the running statistics stand in for those of the batch. */
function checkBatchNormTestMode(checks: Checks): void {
  const param = newBatchNormParam(5);
  const [gamma, beta] = [random(5), random(5)];
  for (let batch = 0; batch < 20; batch++) batchNormForward(random(30, 5).mul(3).add(7), gamma, beta, param);
  param.mode = "test";
  const x = random(8, 5).mul(3).add(7);
  const { runningMean, runningVar } = param;
  const framework = batchNorm(x, { weight: gamma, bias: beta, runningMean, runningVar, training: false });
  checks.tape("batch norm test mode out", batchNormForward(x, gamma, beta, param)[0], framework);
}

function checkDropout(checks: Checks): void {
  const train: DropoutParam = { mode: "train", p: 0.6, seed: 123 };
  checks.layer({ name: "dropout", inputs: { x: random(10, 10).add(10) }, forward: (x) => dropoutForward(x, train), backward: dropoutBackward });
  checks.layer({ name: "dropout test mode", inputs: { x: random(4, 4) }, forward: (x) => dropoutForward(x, { ...train, mode: "test" }), backward: dropoutBackward });
}

function checkImages(checks: Checks): void {
  const conv = { stride: 1, pad: 1 };
  const strided = { stride: 2, pad: 1 };
  const inputs = { x: random(3, 3, 5, 5), w: random(2, 3, 3, 3), b: random(2) };
  for (const param of [conv, strided]) {
    checks.layer({
      name: `convolution stride ${param.stride}`,
      inputs,
      forward: (x, w, b) => convForward(x, w, b, param),
      backward: convBackward,
      framework: (x, w, b) => conv2d(x, w, b, { stride: param.stride, padding: param.pad }),
    });
  }
  const windows = { height: 2, width: 2, stride: 2 };
  checks.layer({
    name: "max pool",
    inputs: { x: distinct(3, 2, 6, 6) },
    forward: (x) => maxPoolForward(x, windows),
    backward: maxPoolBackward,
    framework: (x) => maxPool2d(x, 2),
  });
  checks.layer({
    name: "average pool",
    inputs: { x: random(3, 2, 6, 6) },
    forward: (x) => avgPoolForward(x, windows),
    backward: avgPoolBackward,
    framework: (x) => avgPool2d(x, 2),
  });
}

/** The whole net: gradients by hand against the tape through the loss. */
function checkTwoLayerGradients(checks: Checks): void {
  const [x, labels] = [random(3, 5), randint(0, 7, [3])];
  const parameters: TwoLayerParameters = [random(5, 50), random(50), random(50, 7), random(7)];
  for (const reg of [0, 0.7]) {
    const leaves = parameters.map((parameter) => parameter.requiresGrad_());
    const [loss, byHand] = twoLayerLoss(x, labels, parameters, reg);
    const byTape = grad([loss], leaves);
    byHand.forEach((gradient, i) => checks.tape(`two-layer net, reg ${reg}, d${["W1", "b1", "W2", "b2"][i]}`, gradient, byTape[i] ?? null));
  }
}
