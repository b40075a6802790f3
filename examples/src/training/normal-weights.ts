import { nn, randn, zeros } from "tapegrad";

/** Gives a layer weights from a normal distribution and a bias of zero; returns the layer. */
export function normalWeights<Layer extends nn.Linear | nn.Conv2d>(layer: Layer, deviation: number): Layer {
  layer.weight = new nn.Parameter(randn(layer.weight.shape).mul(deviation));
  if (layer.bias !== null) layer.bias = new nn.Parameter(zeros(layer.bias.shape));
  return layer;
}

/** Normal weights that keep the size of what goes through a layer and the ReLU behind it (He et al. 2015). */
export function heWeights<Layer extends nn.Linear | nn.Conv2d>(layer: Layer): Layer {
  const fanIn = layer.weight.numel() / layer.weight.size(0);
  return normalWeights(layer, Math.sqrt(2 / fanIn));
}

/** Normal weights that keep the size of signals and gradients alike where the activation is about linear (Glorot and Bengio 2010). */
export function glorotWeights<Layer extends nn.Linear | nn.Conv2d>(layer: Layer): Layer {
  const pixels = layer.weight.shape.slice(2).reduce((product, size) => product * size, 1);
  const fans = (layer.weight.size(0) + layer.weight.size(1)) * pixels;
  return normalWeights(layer, Math.sqrt(2 / fans));
}
