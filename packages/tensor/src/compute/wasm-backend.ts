import { beginCall, dtypeInfo, reduceOps, unaryOps, wasm } from "@tapegrad/kernels";
import { sameShape, sizeOf, type Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { Backend, ConvGeometry, Epilogue, MeanGeometry } from "./backend.ts";
import { broadcastStrides, writeLayout } from "./layout.ts";
import { stackOf } from "./wasm-matrices.ts";

const code = (x: Tensor): number => dtypeInfo[x.dtype].code;
/** Where a tensor begins, for the running call. */
const pointerOf = (x: Tensor): number => x.storage.pointer + x.offset * dtypeInfo[x.dtype].bytes;
const addressOf = (x: Tensor | null): number => (x === null ? 0 : pointerOf(x));

type ConvArguments = readonly [n: number, c: number, h: number, w: number, o: number, kh: number, kw: number, oh: number, ow: number, sh: number, sw: number, pt: number, pl: number, dh: number, dw: number, groups: number];

function convArguments(x: Shape, weight: Shape, { stride, before, dilation, groups, outSize }: ConvGeometry): ConvArguments {
  const [n, c, h, w] = x as [number, number, number, number];
  const [o, , kh, kw] = weight as [number, number, number, number];
  return [n, c, h, w, o, kh, kw, ...outSize, ...stride, ...before, ...dilation, groups];
}

const planesOf = (shape: Shape): number => sizeOf(shape.slice(0, -2));

type MeanArguments = readonly [planes: number, h: number, w: number, oh: number, ow: number, kh: number, kw: number, sh: number, sw: number, ph: number, pw: number, include: number, divisor: number];

function meanArguments(shape: Shape, { kernel, stride, padding, outSize, countIncludePad, divisorOverride }: MeanGeometry): MeanArguments {
  const [height = 0, width = 0] = shape.slice(-2);
  return [planesOf(shape), height, width, ...outSize, ...kernel, ...stride, ...padding, countIncludePad ? 1 : 0, divisorOverride];
}

/** Sizes before, at and after a dimension. */
function around(shape: Shape, dim: number): readonly [outer: number, n: number, inner: number] {
  return [sizeOf(shape.slice(0, dim)), shape[dim] ?? 1, sizeOf(shape.slice(dim + 1))];
}

/** [N, C, S] of a shape [N, C, ...]. */
function channels(shape: Shape): readonly [n: number, c: number, s: number] {
  return [shape[0] ?? 0, shape[1] ?? 0, sizeOf(shape.slice(2))];
}

const inRow: readonly (readonly number[])[] = [[1], [1]];

function copyLayout(x: Tensor, out: Tensor): number {
  if (x.isContiguous() && out.isContiguous() && x.numel() === out.numel()) return writeLayout([x.numel()], inRow);
  return writeLayout(out.shape, [broadcastStrides(x.shape, x.strides, out.shape), out.strides]);
}

/** Asks the kernel that runs next to cut off at zero what it writes. */
function announce(epilogue: Epilogue): void {
  if (epilogue === "relu") wasm.askRectify();
}

/** Does what a kernel that cannot has left. */
function complete(epilogue: Epilogue, out: Tensor): void {
  if (epilogue === "relu" && wasm.tookRectify() === 0) wasm.unary(unaryOps.relu, code(out), pointerOf(out), pointerOf(out), out.numel(), 0, 0);
}

/** The kernels of WebAssembly, on tensors in its memory. */
export const wasmBackend: Backend = {
  name: "wasm",

  unary(op, x, out, p0, p1) {
    beginCall();
    if (x.isContiguous()) wasm.unary(op, code(x), pointerOf(x), pointerOf(out), out.numel(), p0, p1);
    else wasm.unaryStrided(op, code(x), pointerOf(x), pointerOf(out), writeLayout(out.shape, [x.strides]), p0, p1);
  },

  binary(op, a, b, out) {
    beginCall();
    if (a.isContiguous() && b.isContiguous() && sameShape(a.shape, b.shape)) {
      wasm.binary(op, code(a), pointerOf(a), pointerOf(b), pointerOf(out), out.numel());
      return;
    }
    const strides = [broadcastStrides(a.shape, a.strides, out.shape), broadcastStrides(b.shape, b.strides, out.shape)];
    wasm.binaryStrided(op, code(a), pointerOf(a), pointerOf(b), pointerOf(out), writeLayout(out.shape, strides));
  },

  where(condition, a, b, out) {
    beginCall();
    const layout = writeLayout(out.shape, [condition, a, b].map((x) => broadcastStrides(x.shape, x.strides, out.shape)));
    wasm.where(code(out), pointerOf(condition), pointerOf(a), pointerOf(b), pointerOf(out), layout);
  },

  cast(x, out) {
    beginCall();
    wasm.cast(code(x), code(out), pointerOf(x), pointerOf(out), out.numel());
  },

  copy(x, out) {
    beginCall();
    wasm.copyStrided(dtypeInfo[x.dtype].bytes, pointerOf(x), pointerOf(out), copyLayout(x, out));
  },

  fill(out, value) {
    beginCall();
    wasm.fill(code(out), pointerOf(out), out.numel(), value);
  },

  hasZero(x) {
    beginCall();
    return wasm.hasZero(code(x), pointerOf(x), x.numel()) !== 0;
  },

  reduce(op, x, out, outer, n, inner) {
    beginCall();
    wasm.reduce(reduceOps[op], code(x), pointerOf(x), pointerOf(out), outer, n, inner);
  },

  moments(x, mean, squares, outer, n, inner) {
    beginCall();
    wasm.moments(code(x), pointerOf(x), pointerOf(mean), pointerOf(squares), outer, n, inner);
  },

  matmul(a, b, bias, out, epilogue) {
    const batch = out.shape.slice(0, -2);
    const left = stackOf(a, batch, wasmBackend.copy);
    const right = stackOf(b, batch, wasmBackend.copy);
    const m = a.shape.at(-2) as number, k = a.shape.at(-1) as number, n = b.shape.at(-1) as number;
    beginCall();
    announce(epilogue);
    wasm.gemm(
      code(a), sizeOf(batch), m, n, k,
      pointerOf(left.tensor), left.rowStride, left.columnStride, left.batchStride,
      pointerOf(right.tensor), right.rowStride, right.columnStride, right.batchStride,
      pointerOf(out), n, m * n, addressOf(bias), 0,
    );
    complete(epilogue, out);
  },

  conv2d(x, weight, bias, out, geometry, epilogue) {
    beginCall();
    announce(epilogue);
    wasm.conv2d(code(x), pointerOf(x), pointerOf(weight), addressOf(bias), pointerOf(out), ...convArguments(x.shape, weight.shape, geometry));
    complete(epilogue, out);
  },

  conv2dInputGrad(dOut, weight, dX, geometry) {
    beginCall();
    wasm.conv2dInputGrad(code(dX), pointerOf(dOut), pointerOf(weight), pointerOf(dX), ...convArguments(dX.shape, weight.shape, geometry));
  },

  conv2dWeightGrad(dOut, x, dWeight, dBias, geometry) {
    beginCall();
    wasm.conv2dWeightGrad(code(dWeight), pointerOf(dOut), pointerOf(x), pointerOf(dWeight), addressOf(dBias), ...convArguments(x.shape, dWeight.shape, geometry));
  },

  maxPool2d(x, out, indices, { kernel, stride, padding, dilation, outSize }) {
    const [height = 0, width = 0] = x.shape.slice(-2);
    beginCall();
    wasm.maxPool2d(code(x), pointerOf(x), pointerOf(out), pointerOf(indices), planesOf(x.shape), height, width, ...outSize, ...kernel, ...stride, ...padding, ...dilation);
  },

  maxPool2dBackward(dOut, indices, dX, twoByTwo) {
    const [H = 0, W = 0] = dX.shape.slice(-2), [OH = 0, OW = 0] = dOut.shape.slice(-2);
    beginCall();
    wasm.maxPool2dBackward(code(dX), pointerOf(dOut), pointerOf(indices), pointerOf(dX), planesOf(dX.shape), H, W, OH, OW, twoByTwo ? 1 : 0);
  },

  avgPool2d(x, out, geometry) {
    beginCall();
    wasm.avgPool2d(code(x), pointerOf(x), pointerOf(out), ...meanArguments(x.shape, geometry));
  },

  avgPool2dBackward(dOut, dX, geometry) {
    beginCall();
    wasm.avgPool2dBackward(code(dX), pointerOf(dOut), pointerOf(dX), ...meanArguments(dX.shape, geometry));
  },

  softmax(x, out, dim, isLog) {
    beginCall();
    wasm.softmax(code(out), pointerOf(x), pointerOf(out), ...around(out.shape, dim), isLog ? 1 : 0);
  },

  softmaxBackward(dOut, y, dX, dim, isLog) {
    beginCall();
    wasm.softmaxBackward(code(dX), pointerOf(dOut), pointerOf(y), pointerOf(dX), ...around(dX.shape, dim), isLog ? 1 : 0);
  },

  crossEntropy(logits, targets, weight, losses, kept, normalizers, { ignoreIndex, labelSmoothing }) {
    const [rows = 0, classes = 0] = logits.shape;
    beginCall();
    wasm.crossEntropyForward(
      code(logits), pointerOf(logits), pointerOf(targets), addressOf(weight), pointerOf(losses), pointerOf(kept), pointerOf(normalizers), rows, classes, ignoreIndex, labelSmoothing,
    );
  },

  crossEntropyBackward(logits, targets, weight, normalizers, scale, dLogits, { ignoreIndex, labelSmoothing }) {
    const [rows = 0, classes = 0] = logits.shape;
    beginCall();
    wasm.crossEntropyBackward(
      code(logits), pointerOf(logits), pointerOf(targets), addressOf(weight), pointerOf(normalizers), pointerOf(scale), pointerOf(dLogits), rows, classes, ignoreIndex, labelSmoothing,
    );
  },

  invalidTarget(targets, classes, ignoreIndex) {
    beginCall();
    return wasm.checkTargets(pointerOf(targets), targets.numel(), classes, ignoreIndex);
  },

  batchNormTrain(x, { weight, bias }, out, mean, inverseStd, runningMean, runningVar, eps, momentum, epilogue) {
    const [n, c, s] = channels(x.shape);
    beginCall();
    announce(epilogue);
    wasm.batchNormTrain(
      code(x), pointerOf(x), pointerOf(out), addressOf(weight), addressOf(bias), pointerOf(mean), pointerOf(inverseStd),
      addressOf(runningMean), addressOf(runningVar), n, c, s, eps, momentum,
    );
    complete(epilogue, out);
  },

  batchNormEval(x, { weight, bias }, mean, variance, out, eps, epilogue) {
    beginCall();
    announce(epilogue);
    wasm.batchNormEval(code(x), pointerOf(x), pointerOf(out), addressOf(weight), addressOf(bias), pointerOf(mean), pointerOf(variance), ...channels(x.shape), eps);
    complete(epilogue, out);
  },

  batchNormBackward(dOut, x, weight, mean, inverseStd, dX, dWeight, dBias) {
    beginCall();
    wasm.batchNormBackward(
      code(x), pointerOf(dOut), pointerOf(x), addressOf(weight), pointerOf(mean), pointerOf(inverseStd), pointerOf(dX), pointerOf(dWeight), pointerOf(dBias), ...channels(x.shape),
    );
  },

  batchNormEvalBackward(dOut, x, weight, mean, variance, dX, dWeight, dBias, eps) {
    beginCall();
    wasm.batchNormEvalBackward(
      code(x), pointerOf(dOut), pointerOf(x), addressOf(weight), pointerOf(mean), pointerOf(variance), pointerOf(dX), pointerOf(dWeight), pointerOf(dBias), ...channels(x.shape), eps,
    );
  },

  indexSelect(x, indices, out, dim) {
    beginCall();
    wasm.indexSelect(dtypeInfo[x.dtype].bytes, pointerOf(x), pointerOf(indices), pointerOf(out), ...around(x.shape, dim), indices.numel());
  },

  gather(x, indices, out, dim) {
    beginCall();
    wasm.gather(dtypeInfo[x.dtype].bytes, pointerOf(x), pointerOf(indices), pointerOf(out), ...around(x.shape, dim), indices.shape[dim] ?? 1);
  },

  scatterAdd(out, indices, src, dim) {
    beginCall();
    wasm.scatterAdd(code(src), pointerOf(out), pointerOf(indices), pointerOf(src), ...around(out.shape, dim), indices.shape[dim] ?? 1);
  },

  indexAdd(out, indices, src, dim) {
    beginCall();
    wasm.indexAdd(code(src), pointerOf(out), pointerOf(indices), pointerOf(src), ...around(out.shape, dim), indices.numel());
  },

  invalidIndex(indices, size) {
    beginCall();
    return wasm.checkIndices(pointerOf(indices), indices.numel(), size);
  },

  randomUniform(out, at, low, high) {
    beginCall();
    wasm.randomUniform(code(out), pointerOf(out), out.numel(), ...at, low, high);
  },

  randomNormal(out, at, mean, std) {
    beginCall();
    wasm.randomNormal(code(out), pointerOf(out), out.numel(), ...at, mean, std);
  },

  randomInt(out, at, low, high) {
    beginCall();
    wasm.randomInt(pointerOf(out), out.numel(), ...at, low, high);
  },

  dropout(x, out, mask, p, at) {
    beginCall();
    wasm.dropout(code(x), pointerOf(x), pointerOf(out), pointerOf(mask), out.numel(), p, ...at);
  },

  dropoutBackward(dOut, mask, dX, p) {
    beginCall();
    wasm.dropoutBackward(code(dX), pointerOf(dOut), pointerOf(mask), pointerOf(dX), dX.numel(), p);
  },

  sgdStep(parameter, gradient, buffer, { lr, momentum, dampening, weightDecay, nesterov, first, maximize }) {
    beginCall();
    wasm.sgdStep(
      code(parameter), pointerOf(parameter), pointerOf(gradient), addressOf(buffer), parameter.numel(), lr, momentum, dampening, weightDecay,
      nesterov ? 1 : 0, first ? 1 : 0, maximize ? 1 : 0,
    );
  },

  adamStep(parameter, gradient, m, v, maxV, { lr, beta1, beta2, eps, weightDecay, decoupled, step, maximize }) {
    beginCall();
    wasm.adamStep(
      code(parameter), pointerOf(parameter), pointerOf(gradient), pointerOf(m), pointerOf(v), addressOf(maxV), parameter.numel(), lr, beta1, beta2, eps, weightDecay,
      decoupled ? 1 : 0, 1 - beta1 ** step, 1 - beta2 ** step, maximize ? 1 : 0,
    );
  },
};
