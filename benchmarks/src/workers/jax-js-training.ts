import { jit, lax, nn, numpy as np, random, tree, valueAndGrad } from "@jax-js/jax";
import {
  classes, dropProbability, initialValues, learningRate, modelPlans, momentum, noiseBatch, parameterShapes, type Layer, type ModelName,
} from "../models.ts";
import type { Training } from "./serve.ts";

/** Weight and bias of each layer that has them, in order. */
type Parameters = np.Array[];

/**
 * A model with its optimizer and one batch of noise, the whole step in one `jit`. jax-js counts references: whoever is
 * given an array uses it up, unless it hands on `.ref`.
 */
export function buildTraining(name: ModelName): Training {
  const plan = modelPlans[name];
  const { x: values, labels } = noiseBatch(plan);
  const x = np.array(values).reshape([plan.batch, ...plan.input]);
  const y = nn.oneHot(np.array(labels, { dtype: np.int32 }), classes);
  let parameters: Parameters = plan.layers.flatMap(initialParameters);
  let velocities: Parameters = parameters.map((parameter) => np.zeros(parameter.shape));
  let steps = 0;

  const lossAndGradients = valueAndGrad((own: Parameters, images: np.Array, targets: np.Array, key: np.Array) => {
    const logits = forward(plan.layers, own, images, key);
    return np.sum(nn.logSoftmax(logits).mul(targets)).mul(-1 / plan.batch);
  });
  const step = jit((own: Parameters, moving: Parameters, images: np.Array, targets: np.Array, key: np.Array) => {
    const [loss, gradients] = lossAndGradients(tree.ref(own), images, targets, key);
    const velocity = moving.map((v, i) => v.mul(momentum).add(at(gradients, i)));
    const moved = own.map((parameter, i) => parameter.sub(at(velocity, i).ref.mul(learningRate)));
    return [moved, velocity, loss] as [Parameters, Parameters, np.Array];
  });

  return {
    async run(count) {
      let last = NaN;
      for (let i = 1; i <= count; i++) {
        const [moved, velocity, loss] = step(parameters, velocities, x.ref, y.ref, random.key(steps++));
        parameters = moved;
        velocities = velocity;
        if (i === count) {
          for (const parameter of parameters) await parameter.blockUntilReady();
          last = (await loss.data())[0] ?? NaN;
        } else loss.dispose();
      }
      return last;
    },
    dispose() {
      tree.dispose([...parameters, ...velocities, x, y]);
      step.dispose();
    },
  };
}

function initialParameters(layer: Layer): np.Array[] {
  const shapes = parameterShapes(layer);
  if (shapes === null) return [];
  const make = (shape: readonly number[], isBias: boolean): np.Array => np.array(initialValues(layer, shape, isBias)).reshape([...shape]);
  return [make(shapes.weight, false), make(shapes.bias, true)];
}

function forward(layers: readonly Layer[], parameters: Parameters, x: np.Array, key: np.Array): np.Array {
  const rest = parameters[Symbol.iterator]();
  const next = (): np.Array => {
    const { value } = rest.next();
    if (value === undefined) throw new RangeError("more layers than parameters");
    return value;
  };
  const keys = random.split(key, layers.length);
  const out = layers.reduce((value, layer, position) => applyLayer(layer, value, next, () => keys.ref.slice(position)), x);
  keys.dispose();
  return out;
}

function applyLayer(layer: Layer, x: np.Array, next: () => np.Array, key: () => np.Array): np.Array {
  switch (layer.kind) {
    case "relu": return nn.relu(x);
    case "flatten": return x.reshape([x.shape[0] ?? 0, -1]);
    case "linear": return np.dot(x, next().transpose()).add(next());
    case "conv": {
      const padding = layer.padding;
      const out = lax.convGeneralDilated(x, next(), [1, 1], [[padding, padding], [padding, padding]]);
      return out.add(next().reshape([1, layer.outputs, 1, 1]));
    }
    case "maxPool": return lax.reduceWindow(x, (window) => np.max(window), [2, 2], [2, 2]);
    case "batchNorm": {
      // Its running statistics are left out, which only helps it.
      const centered = x.ref.sub(np.mean(x, [0, 2, 3], { keepdims: true }));
      const variance = np.mean(np.square(centered.ref), [0, 2, 3], { keepdims: true });
      const shape = [1, layer.channels, 1, 1];
      const scale = next().reshape(shape);
      return centered.div(np.sqrt(variance.add(1e-5))).mul(scale).add(next().reshape(shape));
    }
    case "dropout": {
      const kept = random.bernoulli(key(), 1 - dropProbability, x.shape);
      return np.where(kept, x.mul(1 / (1 - dropProbability)), 0);
    }
  }
}

function at(arrays: readonly np.Array[], position: number): np.Array {
  const found = arrays[position];
  if (found === undefined) throw new RangeError(`no array ${position}`);
  return found;
}
