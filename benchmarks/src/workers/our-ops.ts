import {
  avgPool2d, batchNorm, clone, conv2d, crossEntropy, dropout, exp, grad, matmul, maxPool2d, mul, noGrad, ones, openScope, optim, permute, rand,
  randint, randn, relu, scope, softmax, sum, t, zeros, add, type Tensor,
} from "tapegrad";
import { convolvedSize } from "../ops/op-cost.ts";
import type { BuiltOp } from "./serve.ts";
import type { ConvSpec, LayerSpec, MatmulSpec, OpSpec, OptimizerSpec, PoolSpec } from "../ops/op-case.ts";

/**
 * Makes an op ready. A forward call records nothing. A backward call is `grad` through an op that was recorded beforehand,
 * from a given gradient, with the record kept: the backward pass and nothing else. Results are dropped, as a
 * user would drop them: `scope` frees them at once, so that neither garbage nor its collection is measured.
 */
export function buildOp(spec: OpSpec): BuiltOp {
  const inputs = openScope();
  const call = prepare(spec);
  return { run: () => void scope(() => void call()), dispose: () => inputs.close() };
}

function prepare(spec: OpSpec): () => unknown {
  switch (spec.op) {
    case "matmul": return prepareMatmul(spec);
    case "conv2d": return prepareConvolution(spec);
    case "maxPool2d":
    case "avgPool2d": return preparePool(spec);
    case "batchNorm":
    case "softmax":
    case "crossEntropy":
    case "dropout":
    case "relu": return prepareLayer(spec);
    case "add":
    case "mul": {
      const [x, y] = [randn([spec.size]), randn([spec.size])];
      return spec.op === "add" ? () => add(x, y) : () => mul(x, y);
    }
    case "exp": {
      const x = randn([spec.size]);
      return () => exp(x);
    }
    case "chain":
    case "chainInPlace": {
      const [x, y, z] = [randn([spec.size]), randn([spec.size]), randn([spec.size])];
      return spec.op === "chain" ? () => relu(add(mul(x, y), z)) : () => mul(x, y).add_(z).relu_();
    }
    case "addRow":
    case "addColumn":
    case "addTransposed": {
      const [rows, columns] = spec.shape;
      const x = randn([rows, columns]);
      const y = spec.op === "addRow" ? randn([1, columns]) : spec.op === "addColumn" ? randn([rows, 1]) : t(randn([columns, rows]));
      return () => add(x, y);
    }
    case "sum": {
      const x = randn([...spec.shape]);
      const { dim } = spec;
      return dim === null ? () => sum(x) : () => sum(x, { dim });
    }
    case "clone": {
      const x = randn([...spec.shape]);
      return () => clone(x);
    }
    case "transpose": {
      const x = t(randn([...spec.shape]));
      return () => x.contiguous();
    }
    case "channelsLast": {
      const x = permute(randn([...spec.shape]), [0, 2, 3, 1]);
      return () => x.contiguous();
    }
    case "sgd":
    case "adam": return prepareOptimizer(spec);
  }
}

function prepareMatmul({ m, n, k, transposed }: MatmulSpec): () => Tensor {
  const a = transposed === "a" ? t(randn([k, m])) : randn([m, k]);
  const b = transposed === "b" ? t(randn([n, k])) : randn([k, n]);
  return () => matmul(a, b);
}

function prepareConvolution(spec: ConvSpec): () => unknown {
  const { direction, batch, inputs, outputs, size, kernel, stride, padding, groups } = spec;
  const x = randn([batch, inputs, size, size], { requiresGrad: direction === "input" });
  const weight = randn([outputs, inputs / groups, kernel, kernel], { requiresGrad: direction === "weight" });
  const convolve = (): Tensor => conv2d(x, weight, null, { stride, padding, groups });
  if (direction === "forward") return convolve;
  return prepareBackward(convolve(), [direction === "input" ? x : weight], randn([batch, outputs, convolvedSize(spec), convolvedSize(spec)]));
}

function preparePool({ op, direction, shape, kernel }: PoolSpec): () => unknown {
  const x = randn([...shape], { requiresGrad: direction === "backward" });
  const pool = (): Tensor => (op === "maxPool2d" ? maxPool2d(x, kernel) : avgPool2d(x, kernel));
  return direction === "forward" ? pool : prepareBackward(pool(), [x]);
}

function prepareLayer({ op, direction, shape }: LayerSpec): () => unknown {
  const requiresGrad = direction === "backward";
  const x = randn([...shape], { requiresGrad });
  const rows = shape[0] ?? 0;
  const channels = shape[1] ?? 0;
  switch (op) {
    case "batchNorm": {
      const weight = rand([channels], { requiresGrad });
      const bias = rand([channels], { requiresGrad });
      const running = { runningMean: zeros([channels]), runningVar: ones([channels]) };
      const normalize = (): Tensor => batchNorm(x, { weight, bias, ...running, training: true });
      return requiresGrad ? prepareBackward(normalize(), [x, weight, bias]) : normalize;
    }
    case "softmax": return requiresGrad ? prepareBackward(softmax(x, 1), [x]) : () => softmax(x, 1);
    case "crossEntropy": {
      const labels = randint(0, channels, [rows]);
      return requiresGrad ? prepareBackward(crossEntropy(x, labels), [x]) : () => crossEntropy(x, labels);
    }
    case "dropout": return requiresGrad ? prepareBackward(dropout(x), [x]) : () => dropout(x);
    case "relu": return requiresGrad ? prepareBackward(relu(x), [x]) : () => relu(x);
  }
}

/** Gradients of a recorded result, again and again. */
function prepareBackward(result: Tensor, inputs: Tensor[], gradient = randn([...result.shape])): () => Tensor[] {
  return () => grad([result], inputs, { gradOutputs: [gradient], retainGraph: true });
}

function prepareOptimizer({ op, size }: OptimizerSpec): () => void {
  const parameter = randn([size], { requiresGrad: true });
  sum(mul(parameter, noGrad(() => randn([size])))).backward();
  const optimizer = op === "sgd" ? new optim.SGD([parameter], { lr: 1e-6, momentum: 0.9 }) : new optim.Adam([parameter], { lr: 1e-6 });
  return () => optimizer.step();
}
