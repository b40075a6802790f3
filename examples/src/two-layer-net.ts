import { manualSeed, nn, optim, type Tensor } from "tapegrad";
import { BestWeights } from "./training/best-weights.ts";
import { accuracy } from "./training/evaluate.ts";
import { describeEpoch, fit } from "./training/fit.ts";
import { loadSplitCifar10, someOf } from "./training/images.ts";
import { l2Penalty } from "./training/l2-penalty.ts";
import { meanImage } from "./training/mean-image.ts";
import { normalWeights } from "./training/normal-weights.ts";
import { readOptions } from "./training/options.ts";
import { countParameters, report, type Figures } from "./training/report.ts";

/** affine - relu - affine, over pixels from 0 to 255 with the mean image subtracted. */
class TwoLayerNet extends nn.Module {
  meanImage: nn.Buffer;
  fc1: nn.Linear;
  fc2: nn.Linear;

  constructor(mean: Tensor, hidden: number, classes = 10, weightScale = 1e-3) {
    super();
    this.meanImage = new nn.Buffer(mean);
    this.fc1 = normalWeights(new nn.Linear(mean.numel(), hidden), weightScale);
    this.fc2 = normalWeights(new nn.Linear(hidden, classes), weightScale);
  }

  override forward(x: Tensor): Tensor {
    const pixels = x.sub(this.meanImage).mul(255).flatten(1);
    return this.fc2.forward(this.fc1.forward(pixels).relu());
  }
}

/** CS231n's two-layer net on CIFAR-10: SGD without momentum, its rate falling by 5% each epoch. */
export async function twoLayerNet(args: readonly string[]): Promise<Figures> {
  const { seed, quick, json, data } = readOptions(args);
  manualSeed(seed);
  const start = performance.now();
  const { name, train, validation, test } = await loadSplitCifar10({ quick, root: data });
  console.log(name);
  const epochs = quick ? 3 : 10;
  const model = new TwoLayerNet(await meanImage(train), quick ? 20 : 200);
  const optimizer = new optim.SGD(model.parameters(), { lr: 1e-3 });
  const best = new BestWeights(model);
  const history = await fit(model, train, optimizer, {
    epochs,
    batchSize: 100,
    learningRate: (progress) => 1e-3 * 0.95 ** Math.floor(progress * epochs),
    penalty: () => l2Penalty([model.fc1.weight, model.fc2.weight], 0.01),
    afterEpoch: async (record) => {
      const valAccuracy = await accuracy(model, validation);
      best.note(valAccuracy);
      console.log(describeEpoch(record, { valAccuracy }));
    },
  });
  const valAccuracy = best.restore();
  const testAccuracy = await accuracy(model, someOf(test, 0, Math.min(1000, test.length)));
  const metrics = { valAccuracy, testAccuracy, firstLoss: history[0]?.loss ?? NaN, lastLoss: history.at(-1)?.loss ?? NaN };
  return report({ system: "two-layer-net", seed, data: name, metrics, seconds: (performance.now() - start) / 1000, parameters: countParameters(model) }, json);
}
