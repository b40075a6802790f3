import { parseArgs } from "node:util";
import { CIFAR10, compose, getNumThreads, kernelInfo, manualSeed, memoryStats, nn, normalize, optim, randomHorizontalFlip, setNumThreads, Subset } from "tapegrad";
import { LeNet } from "./lenet-model.ts";
import { accuracy } from "./training/evaluate.ts";
import { fit, type EpochRecord } from "./training/fit.ts";
import { loadCifar10 } from "./training/images.ts";
import { isPositive, isPositiveInteger, numberOption, UsageError } from "./training/options.ts";
import { plotTraining } from "./training/plot.ts";
import { program } from "./training/program.ts";
import { writeWhole } from "./training/report.ts";

const usage = `npm run demo -- [--epochs N] [--batch N] [--lr RATE] [--seed N] [--threads N] [--data DIR] [--json FILE] [--limit N] [--out DIR]`;

/** The command line, checked. */
function readFlags() {
  const text = { type: "string" } as const;
  const options = { epochs: text, batch: text, lr: text, seed: text, threads: text, data: text, json: text, limit: text, out: text, help: { type: "boolean" } } as const;
  try {
    const { values } = parseArgs({ options });
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
async function demo(): Promise<void> {
  const { epochs, batch, lr, seed, threads, limit, data: root, json, out, help } = readFlags();
  if (help) {
    console.log(usage);
    return;
  }
  const interruption = new AbortController();
  process.once("SIGINT", () => {
    console.log("\n  interrupted: finishing the step and keeping what is done");
    interruption.abort();
  });
  setNumThreads(threads);
  manualSeed(seed);
  const { kernels, blas, simdBits } = kernelInfo();

  console.log("CIFAR-10");
  const normalized = normalize(CIFAR10.mean, CIFAR10.std);
  const { train, test } = await loadCifar10({ root, trainTransform: compose(randomHorizontalFlip(), normalized), testTransform: normalized });
  const first = (count: number): number[] => Array.from({ length: Math.min(count, limit) }, (_, i) => i);
  const images = limit < train.length ? new Subset(train, first(train.length)) : train;
  const testImages = limit < test.length ? new Subset(test, first(test.length)) : test;

  const model = new LeNet();
  const parameters = model.parameters().reduce((total, parameter) => total + parameter.numel(), 0);
  console.log(`LeNet, ${parameters.toLocaleString("en-US")} parameters; ${images.length} images, ${epochs} epochs, ${threads} threads`);
  console.log(`kernels: wasm, ${simdBits}-bit vectors${blas === null ? "" : `, and for large matrix products ${blas.version || blas.name} (${blas.path})`}`);
  const optimizer = new optim.SGD(model.parameters(), { lr, momentum: 0.9, weightDecay: 5e-4 });
  const start = performance.now();
  const history: EpochRecord[] = [];
  await fit(model, images, optimizer, {
    epochs,
    batchSize: Math.min(batch, images.length),
    learningRate: (progress) => lr * (1 - progress),
    signal: interruption.signal,
    afterEpoch: (record) => {
      history.push(record);
      console.log(`  epoch ${record.epoch}: loss ${record.loss.toFixed(4)}, accuracy ${(100 * record.accuracy).toFixed(2)}%, ${record.imagesPerSecond.toFixed(0)} images/s`);
    },
  });
  const testAccuracy = await accuracy(model, testImages);
  const seconds = (performance.now() - start) / 1000;
  console.log(`test accuracy ${(100 * testAccuracy).toFixed(2)}% after ${seconds.toFixed(1)} s`);

  const trained = history.reduce((total, record) => total + record.seconds, 0);
  const seen = history.reduce((total, record) => total + record.seconds * record.imagesPerSecond, 0);
  const figures = {
    system: "lenet",
    epochs: history.length,
    testAccuracy,
    imagesPerSecond: trained > 0 ? seen / trained : 0,
    seconds,
    threads,
    kernels,
    peakBytes: memoryStats().peak,
  };
  const curve = (name: "loss" | "accuracy") => [{ name: `training ${name}`, values: history.map((record) => record[name]) }];
  writeWhole(`${out}/history.json`, `${JSON.stringify({ ...figures, seed, history }, null, 1)}\n`);
  writeWhole(`${out}/curves.svg`, plotTraining("LeNet on CIFAR-10", curve("loss"), curve("accuracy")));
  nn.saveSafetensors(`${out}/weights.safetensors`, model.stateDict());
  if (json !== undefined) writeWhole(json, `${JSON.stringify(figures)}\n`);
  console.log(`weights, history and curves are in ${out}/`);
  if (interruption.signal.aborted) process.exitCode = 130;
}

await program(demo);
