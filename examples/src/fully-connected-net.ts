import { CIFAR10, compose, crossEntropy, DataLoader, manualSeed, normalize, optim, randomHorizontalFlip, TensorDataset, type Tensor } from "tapegrad";
import { FullyConnectedNet } from "./fully-connected-model.ts";
import { BestWeights } from "./training/best-weights.ts";
import { accuracy } from "./training/evaluate.ts";
import { describeEpoch, fit } from "./training/fit.ts";
import { loadSplitCifar10, someOf, tensorsOf, type LabelledImages } from "./training/images.ts";
import { l2Penalty } from "./training/l2-penalty.ts";
import { warmupAndCosine } from "./training/learning-rate.ts";
import { meanImage } from "./training/mean-image.ts";
import { choiceOption, readOptions } from "./training/options.ts";
import { countParameters, report, type Figures } from "./training/report.ts";

/**
 * CS231n's fully connected nets of any depth: two that overfit 50 images, to see that the gradients are right, and one that is
 * trained in earnest, by default with batch norm (`--norm batch|layer|none`).
 */
export async function fullyConnectedNet(args: readonly string[]): Promise<Figures> {
  const { seed, quick, json, data, own } = readOptions(args, ["norm"]);
  const normalization = choiceOption("norm", own.norm, ["batch", "layer", "none"]);
  manualSeed(seed);
  const start = performance.now();
  const raw = await loadSplitCifar10({ quick, root: data });
  console.log(raw.name);
  const mean = await meanImage(raw.train);
  const few = someOf(raw.train, 0, 50);
  const overfit3Layers = await overfit(few, mean, { hidden: [100, 100], lr: 1e-2, weightScale: 1e-2 });
  const overfit5Layers = await overfit(few, mean, { hidden: [100, 100, 100, 100], lr: 2e-3, weightScale: 1e-1 });
  console.log(`  50 images, 20 epochs: accuracy ${100 * overfit3Layers}% with 3 layers, ${100 * overfit5Layers}% with 5`);

  const normalized = normalize(CIFAR10.mean, CIFAR10.std);
  const augmented = compose(randomHorizontalFlip(), normalized);
  const { train, validation, test } = await loadSplitCifar10({ quick, root: data, trainTransform: augmented, testTransform: normalized });
  const model = new FullyConnectedNet({ inputs: mean.numel(), hidden: quick ? [64, 32] : [512, 256, 128], normalization, dropout: 0.1 });
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  const best = new BestWeights(model);
  const history = await fit(model, train, optimizer, {
    epochs: quick ? 3 : 15,
    batchSize: 128,
    learningRate: warmupAndCosine(quick ? 5e-3 : 1e-3),
    penalty: () => l2Penalty(model.weights, 1e-4),
    afterEpoch: async (record) => {
      const valAccuracy = await accuracy(model, validation);
      best.note(valAccuracy);
      console.log(describeEpoch(record, { valAccuracy }));
    },
  });
  const valAccuracy = best.restore();
  const testAccuracy = await accuracy(model, test);
  const losses = { firstLoss: history[0]?.loss ?? NaN, lastLoss: history.at(-1)?.loss ?? NaN };
  const metrics = { overfit3Layers, overfit5Layers, valAccuracy, testAccuracy, ...losses };
  return report({ system: "fully-connected-net", seed, data: raw.name, metrics, seconds: (performance.now() - start) / 1000, parameters: countParameters(model) }, json);
}

/** Trains a plain net on a few images for 20 epochs; returns its accuracy on them. */
async function overfit(images: LabelledImages, mean: Tensor, { hidden, lr, weightScale }: { hidden: number[]; lr: number; weightScale: number }): Promise<number> {
  const [x, y] = tensorsOf(images);
  const few = new TensorDataset(x.sub(mean).mul(255), y);
  const model = new FullyConnectedNet({ inputs: mean.numel(), hidden, weightScale });
  const optimizer = new optim.SGD(model.parameters(), { lr });
  for (let epoch = 0; epoch < 20; epoch++) {
    for (const [batch, labels] of new DataLoader(few, { batchSize: 25, shuffle: true })) {
      optimizer.zeroGrad();
      crossEntropy(model.forward(batch), labels).backward();
      optimizer.step();
    }
  }
  return accuracy(model, few);
}
