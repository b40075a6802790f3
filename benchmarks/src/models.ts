/**
 * The four networks as data. The JavaScript peers build them from here; ours (workers/our-models.ts) and PyTorch's
 * (peers/torch_train.py) are written out, as a user would.
 */

export const modelNames = ["mlp", "lenet", "vgg", "alexnet"] as const;
export type ModelName = (typeof modelNames)[number];

/** The two whose batch and width the scale suite doubles (workers/our-scaled-models.ts). */
export const scaledModelNames = ["mlp", "convnet"] as const;
export type ScaledModelName = (typeof scaledModelNames)[number];

/** A layer; convolutions have stride 1, pools a 2x2 window. */
export type Layer =
  | { readonly kind: "linear"; readonly inputs: number; readonly outputs: number }
  | { readonly kind: "conv"; readonly inputs: number; readonly outputs: number; readonly kernel: number; readonly padding: number }
  | { readonly kind: "batchNorm"; readonly channels: number }
  | { readonly kind: "relu" | "maxPool" | "flatten" | "dropout" };

export interface ModelPlan {
  readonly batch: number;
  /** Shape of one input, channels first. */
  readonly input: readonly number[];
  readonly layers: readonly Layer[];
}

export const classes = 10;
export const learningRate = 0.01;
export const momentum = 0.9;
export const dropProbability = 0.5;

const relu: Layer = { kind: "relu" };
const maxPool: Layer = { kind: "maxPool" };
const flatten: Layer = { kind: "flatten" };
const dropout: Layer = { kind: "dropout" };
const image = [3, 32, 32];

function linear(inputs: number, outputs: number): Layer {
  return { kind: "linear", inputs, outputs };
}

function conv5(inputs: number, outputs: number): Layer[] {
  return [{ kind: "conv", inputs, outputs, kernel: 5, padding: 0 }, relu];
}

function conv3(inputs: number, outputs: number): Layer[] {
  return [{ kind: "conv", inputs, outputs, kernel: 3, padding: 1 }, relu];
}

function normalizedConv3(inputs: number, outputs: number): Layer[] {
  return [{ kind: "conv", inputs, outputs, kernel: 3, padding: 1 }, { kind: "batchNorm", channels: outputs }, relu];
}

export const modelPlans: Readonly<Record<ModelName, ModelPlan>> = {
  mlp: { batch: 128, input: [3072], layers: [linear(3072, 100), relu, linear(100, 100), relu, linear(100, 10)] },
  lenet: {
    batch: 64,
    input: image,
    layers: [...conv5(3, 6), maxPool, ...conv5(6, 16), maxPool, flatten, linear(400, 120), relu, linear(120, 84), relu, linear(84, 10)],
  },
  vgg: {
    batch: 64,
    input: image,
    layers: [
      ...normalizedConv3(3, 32), ...normalizedConv3(32, 32), maxPool,
      ...normalizedConv3(32, 64), ...normalizedConv3(64, 64), maxPool,
      flatten, linear(4096, 10),
    ],
  },
  alexnet: {
    batch: 64,
    input: image,
    layers: [
      ...conv3(3, 64), maxPool, ...conv3(64, 192), maxPool, ...conv3(192, 384), ...conv3(384, 256), ...conv3(256, 256), maxPool,
      flatten, dropout, linear(4096, 1024), relu, dropout, linear(1024, 10),
    ],
  },
};

/** A layer's weight and bias (batch norm: scale and shift); null if it learns nothing. Convolution weights as [out, in, k, k]. */
export function parameterShapes(layer: Layer): { readonly weight: readonly number[]; readonly bias: readonly number[] } | null {
  switch (layer.kind) {
    case "linear": return { weight: [layer.outputs, layer.inputs], bias: [layer.outputs] };
    case "conv": return { weight: [layer.outputs, layer.inputs, layer.kernel, layer.kernel], bias: [layer.outputs] };
    case "batchNorm": return { weight: [layer.channels], bias: [layer.channels] };
    default: return null;
  }
}

/** Starting values: uniform in +-1 / sqrt(fan in) like PyTorch's, scale 1 and shift 0 for batch norm. */
export function initialValues(layer: Layer, shape: readonly number[], isBias: boolean): Float32Array {
  const values = new Float32Array(elementCount(shape));
  if (layer.kind === "batchNorm") return values.fill(isBias ? 0 : 1);
  const weight = parameterShapes(layer)?.weight ?? [];
  const bound = 1 / Math.sqrt(elementCount(weight.slice(1)));
  return values.map(() => (2 * Math.random() - 1) * bound);
}

/** One batch for a model: noise, and a class for each input. */
export function noiseBatch({ batch, input }: ModelPlan): { readonly x: Float32Array; readonly labels: Int32Array } {
  const x = new Float32Array(batch * elementCount(input)).map(() => 4 * Math.random() - 2);
  return { x, labels: new Int32Array(batch).map(() => Math.floor(Math.random() * classes)) };
}

function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
