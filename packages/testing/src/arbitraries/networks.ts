import { AvgPool2d, BatchNorm2d, Conv2d, Flatten, LayerNorm, Linear, MaxPool2d, ReLU, Sequential, Sigmoid, Tanh, type Module } from "@tapegrad/nn";
import type { Shape } from "@tapegrad/tensor";

/** A wish for a layer: `size` and `width` are what the layer makes of them. Plain data, so that networks shrink. */
export interface LayerWish {
  readonly kind: "linear" | "conv" | "norm" | "activation" | "pool";
  /** Features or channels. */
  readonly width: number;
  /** A kernel's length, or which of several there are. */
  readonly size: number;
}

export interface NetworkPlan {
  readonly inputShape: Shape;
  readonly wishes: readonly LayerWish[];
  /** Without kinks, and with norms that bend no more than a numeric derivative follows. */
  readonly isSmooth: boolean;
}

interface Grown {
  readonly layers: readonly Module[];
  /** Of what the layers give. */
  readonly shape: Shape;
}

/** What is added to variances of a smooth network: as much as they are, about. */
const wideEps = 0.5;

/** The network: a wish that the shape at its place does not allow is passed over. */
export function networkOf({ inputShape, wishes, isSmooth }: NetworkPlan): Sequential {
  const start: Grown = { layers: [], shape: inputShape };
  const { layers } = wishes.reduce((grown, wish) => {
    const added = grown.shape.length === 4 ? imageLayer(wish, grown.shape, isSmooth) : featureLayer(wish, grown.shape, isSmooth);
    return added === null ? grown : { layers: [...grown.layers, ...added.layers], shape: added.shape };
  }, start);
  // There is always something with parameters.
  const [first] = inputShape.slice(1);
  return new Sequential(...(layers.some((layer) => layer.parameters().length > 0) ? layers : [...layers, ...last(inputShape, layers, first ?? 1)]));
}

function last(inputShape: Shape, layers: readonly Module[], features: number): readonly Module[] {
  if (inputShape.length === 2) return [new Linear(features, 1)];
  // The pooling layers leave the channels.
  return layers.some((layer) => layer instanceof Flatten) ? [] : [new Conv2d(features, 1, 1)];
}

function featureLayer({ kind, width, size }: LayerWish, shape: Shape, isSmooth: boolean): Grown | null {
  const [batch = 1, features = 1] = shape;
  switch (kind) {
    case "linear":
    case "conv": return { layers: [new Linear(features, width)], shape: [batch, width] };
    case "norm": return features < 2 ? null : { layers: [new LayerNorm(features, isSmooth ? { eps: wideEps } : {})], shape };
    case "activation": return { layers: [activation(size, isSmooth)], shape };
    case "pool": return null;
  }
}

function imageLayer({ kind, width, size }: LayerWish, shape: Shape, isSmooth: boolean): Grown | null {
  const [batch = 1, channels = 1, height = 1, side = 1] = shape;
  switch (kind) {
    case "linear": {
      const features = channels * height * side;
      return { layers: [new Flatten(), new Linear(features, width)], shape: [batch, width] };
    }
    case "conv": {
      const kernel = Math.min(size, height, side);
      return { layers: [new Conv2d(channels, width, kernel)], shape: [batch, width, height - kernel + 1, side - kernel + 1] };
    }
    // In training it needs more than one value for each channel.
    case "norm": return batch * height * side < 2 ? null : { layers: [new BatchNorm2d(channels, isSmooth ? { eps: wideEps } : {})], shape };
    case "activation": return { layers: [activation(size, isSmooth)], shape };
    case "pool": {
      if (height < 2 || side < 2) return null;
      return { layers: [isSmooth || size === 1 ? new AvgPool2d(2) : new MaxPool2d(2)], shape: [batch, channels, Math.floor(height / 2), Math.floor(side / 2)] };
    }
  }
}

function activation(size: number, isSmooth: boolean): Module {
  if (size === 1) return new Tanh();
  return size === 2 || isSmooth ? new Sigmoid() : new ReLU();
}
