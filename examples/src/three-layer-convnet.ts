import { CIFAR10, manualSeed, nn, normalize, optim, type Tensor } from "tapegrad";
import { accuracy } from "./training/evaluate.ts";
import { describeEpoch, fit } from "./training/fit.ts";
import { loadSplitCifar10, type SplitImageData } from "./training/images.ts";
import { l2Penalty } from "./training/l2-penalty.ts";
import { readOptions } from "./training/options.ts";
import { countParameters, report, type Figures } from "./training/report.ts";

interface ConvNetOptions {
  readonly filters: number;
  readonly hidden: number;
  readonly batchSize: number;
  /** Batch norm between convolution and ReLU. */
  readonly batchNorm: boolean;
}

/** conv 7x7 - [spatial batch norm] - ReLU - 2x2 max pool - affine - ReLU - affine, for 32x32 colour images. */
class ThreeLayerConvNet extends nn.Module {
  conv: nn.Conv2d;
  norm: nn.BatchNorm2d | null;
  pool = new nn.MaxPool2d(2);
  fc1: nn.Linear;
  fc2: nn.Linear;

  constructor({ filters, hidden, batchNorm }: Omit<ConvNetOptions, "batchSize">) {
    super();
    this.conv = new nn.Conv2d(3, filters, 7, { padding: 3 });
    this.norm = batchNorm ? new nn.BatchNorm2d(filters) : null;
    this.fc1 = new nn.Linear(filters * 16 * 16, hidden);
    this.fc2 = new nn.Linear(hidden, 10);
  }

  override forward(x: Tensor): Tensor {
    let h = this.conv.forward(x);
    if (this.norm !== null) h = this.norm.forward(h);
    h = this.pool.forward(h.relu());
    h = this.fc1.forward(h.flatten(1)).relu();
    return this.fc2.forward(h);
  }
}

/** CS231n's three-layer convolutional net after a single epoch of CIFAR-10, without and with spatial batch norm. */
export async function threeLayerConvNet(args: readonly string[]): Promise<Figures> {
  const { seed, quick, json, data } = readOptions(args);
  const start = performance.now();
  const transform = normalize(CIFAR10.mean, CIFAR10.std);
  const images = await loadSplitCifar10({ quick, root: data, trainTransform: transform, testTransform: transform });
  console.log(images.name);
  const size = quick ? { filters: 4, hidden: 32, batchSize: 5 } : { filters: 32, hidden: 100, batchSize: 50 };
  const plain = await train({ ...size, batchNorm: false }, images, seed);
  const normalised = await train({ ...size, batchNorm: true }, images, seed);
  const metrics = {
    valAccuracy: plain.valAccuracy,
    testAccuracy: plain.testAccuracy,
    loss: plain.loss,
    batchNormValAccuracy: normalised.valAccuracy,
    batchNormTestAccuracy: normalised.testAccuracy,
    batchNormLoss: normalised.loss,
  };
  return report({ system: "three-layer-convnet", seed, data: images.name, metrics, seconds: (performance.now() - start) / 1000, parameters: plain.parameters }, json);
}

interface TrainedNet {
  readonly valAccuracy: number;
  readonly testAccuracy: number;
  readonly loss: number;
  readonly parameters: number;
}

async function train(options: ConvNetOptions, { train, validation, test }: SplitImageData, seed: number): Promise<TrainedNet> {
  manualSeed(seed);
  console.log(options.batchNorm ? "with spatial batch norm" : "plain");
  const model = new ThreeLayerConvNet(options);
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  const [record] = await fit(model, train, optimizer, {
    epochs: 1,
    batchSize: options.batchSize,
    learningRate: (progress) => 1e-3 * (1 - progress),
    penalty: () => l2Penalty([model.conv.weight, model.fc1.weight, model.fc2.weight], 1e-3),
    afterEpoch: async (epoch) => console.log(describeEpoch(epoch, { valAccuracy: await accuracy(model, validation) })),
  });
  return {
    valAccuracy: await accuracy(model, validation),
    testAccuracy: await accuracy(model, test),
    loss: record?.loss ?? NaN,
    parameters: countParameters(model),
  };
}
