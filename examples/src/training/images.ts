import { CIFAR10, DataLoader, FashionMNIST, Subset, type Dataset, type FetchEvents, type ImageTransform, type Tensor } from "tapegrad";
import { progressBar } from "./progress.ts";
import { syntheticImages } from "./synthetic-images.ts";

/** Images with their labels. */
export type LabelledImages = Dataset<readonly [image: Tensor, label: number | Tensor]>;

/** Training and test images. */
export interface ImageData {
  /** What they are, for headings and figures. */
  readonly name: string;
  readonly train: LabelledImages;
  readonly test: LabelledImages;
}

/** With a part of the training images set aside, to choose by. */
export interface SplitImageData extends ImageData {
  readonly validation: LabelledImages;
}

/** Which images, and how they are prepared. */
export interface ImageDataOptions {
  /** A few synthetic images instead. */
  readonly quick?: boolean;
  /** A folder with the data set. */
  readonly root?: string | undefined;
  /** Ends the fetching. */
  readonly signal?: AbortSignal | undefined;
  readonly trainTransform?: ImageTransform | undefined;
  readonly testTransform?: ImageTransform | undefined;
}

/** CIFAR-10, fetched the first time with a progress bar. */
export async function loadCifar10(options: ImageDataOptions): Promise<ImageData> {
  const { name, train, test } = await cifar10Halves(options);
  return { name, train: train(options.trainTransform), test: test(options.testTransform) };
}

/** CIFAR-10 with the last 1,000 training images set aside, as CS231n does; they get the transform of the test images. */
export async function loadSplitCifar10(options: ImageDataOptions): Promise<SplitImageData> {
  const { name, train, test } = await cifar10Halves(options);
  const images = train(options.trainTransform);
  const kept = images.length - (options.quick === true ? 160 : 1000);
  return {
    name,
    train: someOf(images, 0, kept),
    validation: someOf(train(options.testTransform), kept, images.length),
    test: test(options.testTransform),
  };
}

/** Fashion-MNIST, fetched the first time with a progress bar. */
export async function loadFashionMnist({ quick = false, root, signal, trainTransform, testTransform }: ImageDataOptions): Promise<ImageData> {
  if (quick) return { name: syntheticName, train: syntheticImages(1, 28, 640, trainTransform), test: syntheticImages(1, 28, 320, testTransform) };
  return withFetchBar(signal, async (events) => ({
    name: "Fashion-MNIST",
    train: await FashionMNIST.load({ ...events, root, train: true, transform: trainTransform }),
    test: await FashionMNIST.load({ ...events, root, train: false, transform: testTransform }),
  }));
}

/** The images from `start` (included) to `end` (excluded). */
export function someOf(images: LabelledImages, start: number, end: number): LabelledImages {
  return new Subset(images, Array.from({ length: end - start }, (_, i) => start + i));
}

/** Everything in one batch. */
export function tensorsOf(images: LabelledImages): readonly [x: Tensor, y: Tensor] {
  const [batch] = new DataLoader(images, { batchSize: images.length });
  if (batch === undefined) throw new RangeError("no images");
  return batch;
}

/** What quick runs say that they were trained on: their accuracies are not those of any data set. */
const syntheticName = "synthetic images";

interface ImageHalves {
  readonly name: string;
  train(transform: ImageTransform | undefined): LabelledImages;
  test(transform: ImageTransform | undefined): LabelledImages;
}

/** The two halves of CIFAR-10, each to be had with several transforms. */
async function cifar10Halves({ quick = false, root, signal }: ImageDataOptions): Promise<ImageHalves> {
  if (quick) return { name: syntheticName, train: (transform) => syntheticImages(3, 32, 640, transform), test: (transform) => syntheticImages(3, 32, 320, transform) };
  return withFetchBar(signal, async (events) => {
    const train = await CIFAR10.load({ ...events, root, train: true });
    const test = await CIFAR10.load({ ...events, root, train: false });
    return { name: "CIFAR-10", train: (transform) => train.withTransform(transform), test: (transform) => test.withTransform(transform) };
  });
}

/** Shows what is fetched while `load` runs: with a bar on a terminal, with a line for each step elsewhere. */
async function withFetchBar<Data>(signal: AbortSignal | undefined, load: (events: FetchEvents) => Promise<Data>): Promise<Data> {
  let shown = "";
  const bar = progressBar("  {step} {bar} {percentage}% {megabytes} MB");
  try {
    return await load({
      signal,
      onProgress: ({ step, doneBytes, totalBytes }) => {
        if (process.stderr.isTTY !== true && step !== shown) console.error(`  ${step}`);
        shown = step;
        bar.update(totalBytes === undefined ? 0 : doneBytes / totalBytes, { step, megabytes: (doneBytes / 1e6).toFixed(0) });
      },
      onNotice: (notice) => {
        bar.stop();
        console.log(`  ${notice}`);
      },
    });
  } finally {
    bar.stop();
  }
}
