import { CIFAR10, DataLoader, FashionMNIST, Subset, type Dataset, type FetchEvents, type ImageTransform, type Tensor } from "tapegrad";
import { progressBar } from "./progress.ts";
import { syntheticImages } from "./synthetic-images.ts";

/** Images with their labels. */
export type LabelledImages = Dataset<readonly [image: Tensor, label: number | Tensor]>;

/** Training and test images. */
export interface ImageData {
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
  readonly trainTransform?: ImageTransform | undefined;
  readonly testTransform?: ImageTransform | undefined;
}

/** CIFAR-10, fetched the first time with a progress bar. */
export async function loadCifar10(options: ImageDataOptions): Promise<ImageData> {
  const { train, test } = await cifar10Halves(options);
  return { train: train(options.trainTransform), test: test(options.testTransform) };
}

/** CIFAR-10 with the last 1,000 training images set aside, as CS231n does; they get the transform of the test images. */
export async function loadSplitCifar10(options: ImageDataOptions): Promise<SplitImageData> {
  const { train, test } = await cifar10Halves(options);
  const images = train(options.trainTransform);
  const kept = images.length - (options.quick === true ? 160 : 1000);
  return {
    train: someOf(images, 0, kept),
    validation: someOf(train(options.testTransform), kept, images.length),
    test: test(options.testTransform),
  };
}

/** Fashion-MNIST, fetched the first time with a progress bar. */
export async function loadFashionMnist({ quick = false, root, trainTransform, testTransform }: ImageDataOptions): Promise<ImageData> {
  if (quick) return { train: syntheticImages(1, 28, 640, trainTransform), test: syntheticImages(1, 28, 320, testTransform) };
  return withFetchBar(async (events) => ({
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

/** The two halves of CIFAR-10, each to be had with several transforms. */
async function cifar10Halves({ quick = false, root }: ImageDataOptions): Promise<Record<"train" | "test", (transform: ImageTransform | undefined) => LabelledImages>> {
  if (quick) return { train: (transform) => syntheticImages(3, 32, 640, transform), test: (transform) => syntheticImages(3, 32, 320, transform) };
  return withFetchBar(async (events) => {
    const train = await CIFAR10.load({ ...events, root, train: true });
    const test = await CIFAR10.load({ ...events, root, train: false });
    return { train: (transform) => train.withTransform(transform), test: (transform) => test.withTransform(transform) };
  });
}

/** Shows what is fetched while `load` runs. */
async function withFetchBar<Data>(load: (events: FetchEvents) => Promise<Data>): Promise<Data> {
  const bar = progressBar("  {step} {bar} {percentage}% {megabytes} MB");
  try {
    return await load({
      onProgress: ({ step, doneBytes, totalBytes }) => {
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
