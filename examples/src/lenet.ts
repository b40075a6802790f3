import { CIFAR10, compose, FashionMNIST, manualSeed, nn, normalize, optim, randomHorizontalFlip, zeros, type Tensor } from "tapegrad";
import { LeNet } from "./lenet-model.ts";
import { checkEqual } from "./training/check.ts";
import { accuracy } from "./training/evaluate.ts";
import { describeEpoch, fit, type FitOptions } from "./training/fit.ts";
import { loadCifar10, loadFashionMnist } from "./training/images.ts";
import { glorotWeights } from "./training/normal-weights.ts";
import { choiceOption, readOptions } from "./training/options.ts";
import { countParameters, report, type Figures } from "./training/report.ts";

/** LeNet as "Dive into Deep Learning" has it: sigmoid and average pooling, for 28x28 grey images. */
class SigmoidLeNet extends nn.Module {
  conv1 = glorotWeights(new nn.Conv2d(1, 6, 5, { padding: 2 }));
  conv2 = glorotWeights(new nn.Conv2d(6, 16, 5));
  pool = new nn.AvgPool2d(2);
  fc1 = glorotWeights(new nn.Linear(16 * 5 * 5, 120));
  fc2 = glorotWeights(new nn.Linear(120, 84));
  fc3 = glorotWeights(new nn.Linear(84, 10));

  override forward(x: Tensor): Tensor {
    let h = this.pool.forward(this.conv1.forward(x).sigmoid());
    h = this.pool.forward(this.conv2.forward(h).sigmoid());
    h = this.fc1.forward(h.flatten(1)).sigmoid();
    h = this.fc2.forward(h).sigmoid();
    return this.fc3.forward(h);
  }
}

/** What one of the two trainings gave. */
interface Part {
  readonly name: string;
  readonly metrics: Readonly<Record<string, number>>;
  readonly parameters: number;
}

interface PartOptions {
  readonly seed: number;
  readonly quick: boolean;
  readonly data: string | undefined;
}

/** LeNet twice: the classic one on Fashion-MNIST and its modern form on CIFAR-10 (`--part both|fashion|cifar`). */
export async function leNet(args: readonly string[]): Promise<Figures> {
  const { json, own, ...options } = readOptions(args, ["part"]);
  const part = choiceOption("part", own.part, ["both", "fashion", "cifar"]);
  const start = performance.now();
  const parts = [
    ...(part === "cifar" ? [] : [await fashion(options)]),
    ...(part === "fashion" ? [] : [await cifar(options)]),
  ];
  const metrics = Object.assign({}, ...parts.map((done) => done.metrics)) as Record<string, number>;
  const parameters = parts.reduce((total, done) => total + done.parameters, 0);
  const data = [...new Set(parts.map(({ name }) => name))].join(" and ");
  return report({ system: "lenet", seed: options.seed, data, metrics, seconds: (performance.now() - start) / 1000, parameters }, json);
}

async function fashion({ seed, quick, data }: PartOptions): Promise<Part> {
  manualSeed(seed);
  const model = new SigmoidLeNet();
  const table = nn.summary(model, zeros([1, 1, 28, 28]));
  console.log(`${table}\n`);
  const counts = table.layers.map(({ parameters }) => parameters).filter((count) => count > 0);
  checkEqual("parameters of LeNet's layers", counts, [156, 2416, 48120, 10164, 850]);

  const transform = normalize(FashionMNIST.mean, FashionMNIST.std);
  const { name, train, test } = await loadFashionMnist({ quick, root: data, trainTransform: transform, testTransform: transform });
  console.log(name);
  const lr = quick ? 1e-2 : 4e-3;
  const optimizer = new optim.Adam(model.parameters(), { lr });
  const history = await fit(model, train, optimizer, { ...loop(10), batchSize: quick ? 20 : 128, learningRate: (progress) => lr * (1 - progress) });
  const testAccuracy = await accuracy(model, test);
  console.log(`  test accuracy ${(100 * testAccuracy).toFixed(2)}%`);
  const metrics = { fashionTestAccuracy: testAccuracy, fashionFirstLoss: history[0]?.loss ?? NaN, fashionLastLoss: history.at(-1)?.loss ?? NaN };
  return { name, metrics, parameters: countParameters(model) };
}

async function cifar({ seed, quick, data }: PartOptions): Promise<Part> {
  manualSeed(seed);
  const normalized = normalize(CIFAR10.mean, CIFAR10.std);
  const { name, train, test } = await loadCifar10({ quick, root: data, trainTransform: compose(randomHorizontalFlip(), normalized), testTransform: normalized });
  console.log(name);
  const model = new LeNet();
  const lr = 0.02;
  const optimizer = new optim.SGD(model.parameters(), { lr, momentum: 0.9, weightDecay: 5e-4 });
  const history = await fit(model, train, optimizer, { ...loop(quick ? 4 : 10), batchSize: quick ? 20 : 64, learningRate: (progress) => lr * (1 - progress) });
  const testAccuracy = await accuracy(model, test);
  console.log(`  test accuracy ${(100 * testAccuracy).toFixed(2)}%`);
  const metrics = { testAccuracy, firstLoss: history[0]?.loss ?? NaN, lastLoss: history.at(-1)?.loss ?? NaN };
  return { name, metrics, parameters: countParameters(model) };
}

/** Length of a training, and a line for each epoch. */
function loop(epochs: number): Pick<FitOptions, "epochs" | "afterEpoch"> {
  return { epochs, afterEpoch: (record) => console.log(describeEpoch(record)) };
}
