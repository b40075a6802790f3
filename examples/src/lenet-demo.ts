import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { CIFAR10, compose, getNumThreads, kernelInfo, manualSeed, memoryStats, nn, normalize, optim, randomHorizontalFlip, setNumThreads } from "tapegrad";
import { LeNet } from "./lenet-model.ts";
import { accuracy } from "./training/evaluate.ts";
import { describeEpoch, fit, type EpochRecord } from "./training/fit.ts";
import { loadCifar10, someOf, type ImageData, type LabelledImages } from "./training/images.ts";
import { isPositive, isPositiveInteger, numberOption, UsageError } from "./training/options.ts";
import { checkOutputFile, checkOutputFolder, writeEach, writeWhole } from "./training/outputs.ts";
import { plotTraining, type TrainingCurves } from "./training/plot.ts";
import { countParameters } from "./training/report.ts";

const usage = `npm run demo -- [--epochs N] [--batch N] [--lr RATE] [--seed N] [--threads N] [--data DIR] [--json FILE] [--limit N] [--out DIR]`;

/** The command line, checked. */
function readFlags(args: readonly string[]) {
  const text = { type: "string" } as const;
  const options = { epochs: text, batch: text, lr: text, seed: text, threads: text, data: text, json: text, limit: text, out: text, help: { type: "boolean" } } as const;
  try {
    const { values } = parseArgs({ args: [...args], options });
    return {
      epochs: numberOption("epochs", values.epochs, 3, isPositiveInteger, "a positive integer"),
      batch: numberOption("batch", values.batch, 64, isPositiveInteger, "a positive integer"),
      lr: numberOption("lr", values.lr, 0.02, isPositive, "a positive number"),
      seed: numberOption("seed", values.seed, 1, Number.isInteger, "an integer"),
      threads: numberOption("threads", values.threads, getNumThreads(), isPositiveInteger, "a positive integer"),
      limit: numberOption("limit", values.limit, Infinity, isPositiveInteger, "a positive integer"),
      data: values.data,
      json: values.json,
      out: values.out ?? "runs/lenet",
      help: values.help ?? false,
    };
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
}

/** Trains a LeNet on CIFAR-10 and leaves weights, history and a picture behind. */
export async function lenetDemo(args: readonly string[]): Promise<void> {
  const { epochs, batch, lr, seed, threads, limit, data: root, json, out, help } = readFlags(args);
  if (help) {
    console.log(usage);
    return;
  }
  const interruption = new AbortController();
  const { signal } = interruption;
  process.once("SIGINT", () => {
    console.log("\n  interrupted: finishing the step and keeping what is done");
    interruption.abort();
  });
  setNumThreads(threads);
  manualSeed(seed);
  const model = new LeNet();
  if (json !== undefined) checkOutputFile("json", json);
  checkOutputFolder("out", out, 4 * countParameters(model) + spareBytes);

  const images = await loadImages({ root, limit, signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  if (images === undefined) return nothingTrained();
  const { name, train, test } = images;
  console.log(name);
  const { kernels, blas, simdBits } = kernelInfo();
  console.log(`LeNet, ${countParameters(model).toLocaleString("en-US")} parameters; ${train.length} images, ${epochs} epochs, ${threads} threads`);
  console.log(`kernels: wasm, ${simdBits}-bit vectors${blas === null ? "" : `, and for large matrix products ${blas.version || blas.name} (${blas.path})`}`);
  const optimizer = new optim.SGD(model.parameters(), { lr, momentum: 0.9, weightDecay: 5e-4 });
  const untrained = await accuracy(model, test);
  const start = performance.now();
  const history: (EpochRecord & { readonly testAccuracy: number })[] = [];
  const losses: number[] = [];
  await fit(model, train, optimizer, {
    epochs,
    batchSize: Math.min(batch, train.length),
    learningRate: (progress) => lr * (1 - progress),
    signal,
    afterStep: (loss) => void losses.push(loss),
    afterEpoch: async (record) => {
      const testAccuracy = await accuracy(model, test);
      history.push({ ...record, testAccuracy });
      console.log(describeEpoch(record, { testAccuracy }));
    },
  });
  const last = history.at(-1);
  if (last === undefined) return nothingTrained();
  const { testAccuracy } = last;
  const seconds = (performance.now() - start) / 1000;
  console.log(`test accuracy ${(100 * testAccuracy).toFixed(2)}% after ${seconds.toFixed(1)} s`);

  const trained = history.reduce((total, record) => total + record.seconds, 0);
  const seen = history.reduce((total, record) => total + record.seconds * record.imagesPerSecond, 0);
  const figures = {
    system: "lenet",
    epochs: history.length,
    testAccuracy,
    imagesPerSecond: seen / trained,
    seconds,
    threads,
    kernels,
    peakBytes: memoryStats().peak,
  };
  const curves: TrainingCurves = {
    title: `LeNet on ${name}`,
    losses,
    accuracies: [
      { name: "training images", points: history.map((record) => [record.epoch, record.accuracy]) },
      { name: "test images", points: [[0, untrained], ...history.map((record) => [record.epoch, record.testAccuracy] as const)] },
    ],
  };
  writeEach([
    // What costs the most to have again comes first.
    () => saveWeights(`${out}/weights.safetensors`, model),
    () => writeWhole(`${out}/history.json`, `${JSON.stringify({ ...figures, seed, untrainedAccuracy: untrained, history, losses: losses.map((loss) => Number(loss.toPrecision(5))) })}\n`),
    () => writeWhole(`${out}/curves.svg`, plotTraining(curves)),
    () => json === undefined || writeWhole(json, `${JSON.stringify(figures)}\n`),
  ]);
  console.log(`weights, history and curves are in ${out}/`);
  if (signal.aborted) process.exitCode = 130;
}

/** History and picture, generously. */
const spareBytes = 2 ** 20;

/** CIFAR-10, or the first images of it, with what is done to them. */
async function loadImages({ root, limit, signal }: { root: string | undefined; limit: number; signal: AbortSignal }): Promise<ImageData> {
  const normalized = normalize(CIFAR10.mean, CIFAR10.std);
  const { name, train, test } = await loadCifar10({ root, signal, trainTransform: compose(randomHorizontalFlip(), normalized), testTransform: normalized });
  const first = (images: LabelledImages): LabelledImages => (limit < images.length ? someOf(images, 0, limit) : images);
  return { name, train: first(train), test: first(test) };
}

/** What an earlier run has left is better than an untrained net: it stays. */
function nothingTrained(): void {
  console.log("  nothing was trained, so nothing is written");
  process.exitCode = 130;
}

function saveWeights(path: string, model: LeNet): void {
  mkdirSync(dirname(path), { recursive: true });
  nn.saveSafetensors(path, model.stateDict());
}
