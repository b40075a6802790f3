import { CIFAR10, compose, manualSeed, nn, normalize, optim, randomCrop, randomHorizontalFlip, zeros } from "tapegrad";
import { AlexNet, SmallAlexNet } from "./alexnet-models.ts";
import { checkEqual } from "./training/check.ts";
import { accuracy } from "./training/evaluate.ts";
import { describeEpoch, fit } from "./training/fit.ts";
import { loadCifar10 } from "./training/images.ts";
import { warmupAndCosine } from "./training/learning-rate.ts";
import { choiceOption, readOptions } from "./training/options.ts";
import { countParameters, report, type Figures } from "./training/report.ts";

/**
 * AlexNet: the shapes and the 61.1 million parameters of the original checked, and one of CIFAR-10's size trained. `--norm
 * local-response` puts local response normalisation into both.
 */
export async function alexNet(args: readonly string[]): Promise<Figures> {
  const { seed, quick, json, data, own } = readOptions(args, ["norm"]);
  const localResponseNorm = choiceOption("norm", own.norm, ["none", "local-response"]) === "local-response";
  const start = performance.now();
  manualSeed(seed);
  checkOriginal(localResponseNorm);

  manualSeed(seed);
  const normalized = normalize(CIFAR10.mean, CIFAR10.std);
  const augmented = compose(randomCrop({ size: 32, padding: 2 }), randomHorizontalFlip(), normalized);
  const { name, train, test } = await loadCifar10({ quick, root: data, trainTransform: quick ? normalized : augmented, testTransform: normalized });
  console.log(name);
  const model = new SmallAlexNet({
    channels: quick ? [8, 16, 16, 16, 16] : [32, 64, 128, 96, 96],
    hidden: quick ? 32 : 256,
    dropout: quick ? 0 : 0.1,
    localResponseNorm,
  });
  const lr = 1e-3;
  const optimizer = new optim.AdamW(model.parameters(), { lr, weightDecay: 0.01 });
  const history = await fit(model, train, optimizer, {
    epochs: quick ? 5 : 12,
    batchSize: quick ? 20 : 64,
    learningRate: warmupAndCosine(lr),
    afterEpoch: async (record) => console.log(describeEpoch(record)),
  });
  const testAccuracy = await accuracy(model, test);
  const metrics = { testAccuracy, firstLoss: history[0]?.loss ?? NaN, lastLoss: history.at(-1)?.loss ?? NaN };
  return report({ system: "alexnet", seed, data: name, metrics, seconds: (performance.now() - start) / 1000, parameters: countParameters(model) }, json);
}

/** Sends one image of zeros through the original. */
function checkOriginal(localResponseNorm: boolean): void {
  const table = nn.summary(new AlexNet({ localResponseNorm }), zeros([1, 3, 224, 224]));
  console.log(`${table}\n`);
  const shapesOf = (type: string): (readonly number[] | null)[] => table.layers.filter((layer) => layer.type === type).map(({ outputShape }) => outputShape);
  checkEqual("outputs of AlexNet's convolutions", shapesOf("Conv2d"), [[1, 64, 55, 55], [1, 192, 27, 27], [1, 384, 13, 13], [1, 256, 13, 13], [1, 256, 13, 13]]);
  checkEqual("outputs of AlexNet's pooling layers", shapesOf("MaxPool2d"), [[1, 64, 27, 27], [1, 192, 13, 13], [1, 256, 6, 6]]);
  checkEqual("outputs of AlexNet's dense layers", shapesOf("Linear"), [[1, 4096], [1, 4096], [1, 1000]]);
  checkEqual("parameters of AlexNet", table.parameters, 61_100_840);
}
