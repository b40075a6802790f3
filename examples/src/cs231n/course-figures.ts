import { randn, tensor, zeros } from "tapegrad";
import { affineForward } from "./affine.ts";
import type { Checks } from "./checks.ts";
import { convForward } from "./convolution.ts";
import { ramp, readCourseFigures } from "./figures.ts";
import { softmaxLoss, svmLoss } from "./losses.ts";
import { maxPoolForward } from "./pooling.ts";
import { reluForward } from "./relu.ts";
import { twoLayerLoss, twoLayerScores, type TwoLayerParameters } from "./two-layer-net.ts";
import { adam, rmsprop, sgdMomentum } from "./update-rules.ts";

/** Compares the layers, losses and update rules with what the course's notebooks print. */
export function checkCourseFigures(checks: Checks): void {
  checkLayers(checks);
  checkTwoLayerNet(checks);
  checkUpdateRules(checks);
  checkLossesOfNearZeroScores(checks);
}

function checkLayers(checks: Checks): void {
  const { affineForward: affine, reluForward: relu, convForward: conv, maxPoolForward: pool } = readCourseFigures();
  checks.figure("affine out", affineForward(ramp(affine.x), ramp(affine.w), ramp(affine.b))[0], affine.out);
  checks.figure("relu out", reluForward(ramp(relu.x))[0], relu.out);
  checks.figure("convolution out", convForward(ramp(conv.x), ramp(conv.w), ramp(conv.b), conv)[0], conv.out);
  checks.figure("max pool out", maxPoolForward(ramp(pool.x), { height: pool.size, width: pool.size, stride: pool.stride })[0], pool.out);
}

function checkTwoLayerNet(checks: Checks): void {
  const { twoLayerNet: net } = readCourseFigures();
  const parameters: TwoLayerParameters = [ramp(net.W1), ramp(net.b1), ramp(net.W2), ramp(net.b2)];
  const x = ramp(net.xTransposed).T;
  const labels = tensor(net.labels, { dtype: "int32" });
  checks.figure("two-layer scores", twoLayerScores(x, parameters), net.scores);
  checks.figure("two-layer loss", twoLayerLoss(x, labels, parameters, 0)[0], net.loss);
  checks.figure("two-layer loss, reg 1", twoLayerLoss(x, labels, parameters, 1)[0], net.lossWithReg1);
}

function checkUpdateRules(checks: Checks): void {
  const { sgdMomentum: momentum, rmsprop: rms, adam: moments } = readCourseFigures();
  const [momentumW, velocity] = sgdMomentum(ramp(momentum.w), ramp(momentum.dw), ramp(momentum.velocity), momentum);
  checks.figure("sgd momentum w", momentumW, momentum.nextW);
  checks.figure("sgd momentum velocity", velocity, momentum.nextVelocity);

  const [rmsW, cache] = rmsprop(ramp(rms.w), ramp(rms.dw), ramp(rms.cache), rms);
  checks.figure("rmsprop w", rmsW, rms.nextW);
  checks.figure("rmsprop cache", cache, rms.nextCache);

  const before = { m: ramp(moments.m), v: ramp(moments.v), t: moments.tBefore };
  const [adamW, { m, v }] = adam(ramp(moments.w), ramp(moments.dw), before, moments.learningRate);
  checks.figure("adam w", adamW, moments.nextW);
  checks.figure("adam m", m, moments.nextM);
  checks.figure("adam v", v, moments.nextV);
}

/** With scores near zero every class is as likely as the next: the losses are classes - 1 and log(classes). */
function checkLossesOfNearZeroScores(checks: Checks): void {
  const { svmAndSoftmaxSanity: sanity } = readCourseFigures();
  const scores = randn([50, sanity.classes], { dtype: "float64" }).mul(0.001);
  const labels = zeros([50], { dtype: "int32" });
  checks.sanity("svm loss near zero", svmLoss(scores, labels)[0], sanity.svmLoss, sanity.tolerance);
  checks.sanity("softmax loss near zero", softmaxLoss(scores, labels)[0], sanity.softmaxLoss, sanity.tolerance);
}
