import * as tf from "@tensorflow/tfjs";
import {
  classes, dropProbability, initialValues, learningRate, modelPlans, momentum, noiseBatch, parameterShapes, type Layer, type ModelName,
} from "../models.ts";
import type { Training } from "./serve.ts";

/** What a layer does in training; new running statistics are its own business. */
type Forward = (x: tf.Tensor) => tf.Tensor;

/** A model with its optimizer and one batch of noise. Images have their channels last, as TensorFlow.js wants them. */
export function buildTraining(name: ModelName): Training {
  const plan = modelPlans[name];
  const variables: tf.Variable[] = [];
  const forwards = plan.layers.map((layer) => buildLayer(layer, variables));
  const optimizer = tf.train.momentum(learningRate, momentum);
  const { x: values, labels } = noiseBatch(plan);
  const [channels, height, width] = plan.input;
  const inputShape = height === undefined || width === undefined || channels === undefined ? plan.input : [height, width, channels];
  const x = tf.tensor(values, [plan.batch, ...inputShape]);
  const y = tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(labels, "int32"), classes), "float32"));

  function lossOf(): tf.Scalar {
    const logits = forwards.reduce((value, forward) => forward(value), x);
    return tf.losses.softmaxCrossEntropy(y, logits);
  }

  function minimize(): tf.Scalar {
    const loss = optimizer.minimize(lossOf, true);
    if (loss === null) throw new Error("minimize gave no loss");
    return loss;
  }

  return {
    async run(steps) {
      let loss = NaN;
      for (let step = 1; step <= steps; step++) {
        const result = tf.tidy(minimize);
        if (step === steps) [loss = NaN] = await result.data();
        result.dispose();
      }
      return loss;
    },
    dispose() {
      tf.dispose([...variables, x, y]);
      optimizer.dispose();
    },
  };
}

function buildLayer(layer: Layer, variables: tf.Variable[]): Forward {
  const shapes = parameterShapes(layer);
  if (shapes === null) return plainLayer(layer);
  const weight = variable(layer, shapes.weight, false, variables);
  const bias = variable(layer, shapes.bias, true, variables);
  switch (layer.kind) {
    case "linear":
      return (x) => tf.add(tf.matMul(x, weight, false, true), bias);
    case "conv": {
      // Filters as [k, k, in, out].
      const filter = tf.variable(tf.tidy(() => tf.transpose(weight, [2, 3, 1, 0]))) as tf.Variable<tf.Rank.R4>;
      weight.dispose();
      variables.splice(variables.indexOf(weight), 1, filter);
      return (x) => tf.add(tf.conv2d(x as tf.Tensor4D, filter, 1, layer.padding), bias);
    }
    case "batchNorm": {
      const runningMean = statistic(layer.channels, 0);
      const runningVariance = statistic(layer.channels, 1);
      const perChannel = (values: tf.Tensor): tf.Tensor1D => tf.reshape(values, [layer.channels]);
      return (x) => {
        const { mean, variance } = tf.moments(x, [0, 1, 2]);
        follow(runningMean, mean);
        follow(runningVariance, variance);
        return tf.batchNorm(x, perChannel(mean), perChannel(variance), perChannel(bias), perChannel(weight), 1e-5);
      };
    }
    default:
      throw new TypeError(`${layer.kind} has no parameters`);
  }
}

function plainLayer({ kind }: Layer): Forward {
  switch (kind) {
    case "relu": return (x) => tf.relu(x);
    case "maxPool": return (x) => tf.maxPool(x as tf.Tensor4D, 2, 2, "valid");
    case "flatten": return (x) => tf.reshape(x, [x.shape[0] ?? 0, -1]);
    case "dropout": return (x) => tf.dropout(x, dropProbability);
    default: throw new TypeError(`${kind} has parameters`);
  }
}

function variable(layer: Layer, shape: readonly number[], isBias: boolean, variables: tf.Variable[]): tf.Variable {
  const made = tf.variable(tf.tensor(initialValues(layer, shape, isBias), [...shape]));
  variables.push(made);
  return made;
}

function statistic(channels: number, value: number): tf.Variable {
  return tf.variable(tf.fill([channels], value), false);
}

/** Moves a running statistic a tenth of the way, as PyTorch does. */
function follow(running: tf.Variable, batch: tf.Tensor): void {
  running.assign(tf.add(tf.mul(running, 0.9), tf.mul(batch, 0.1)));
}
