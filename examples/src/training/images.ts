import { CIFAR10, FashionMNIST, ImageDataset, type FetchProgress, type ImageTransform } from "tapegrad";
import { progressBar } from "./progress.ts";

/** Training and test images. */
export interface ImageData {
  readonly train: ImageDataset;
  readonly test: ImageDataset;
}

/** How the two halves are prepared. */
export interface ImageDataOptions {
  readonly quick?: boolean;
  /** A folder with the data set. */
  readonly root?: string | undefined;
  readonly trainTransform?: ImageTransform | undefined;
  readonly testTransform?: ImageTransform | undefined;
}

/** CIFAR-10, fetched the first time with a progress bar. */
export async function loadCifar10({ quick = false, root, trainTransform, testTransform }: ImageDataOptions): Promise<ImageData> {
  if (quick) return { train: syntheticImages(3, 32, 640, trainTransform), test: syntheticImages(3, 32, 320, testTransform) };
  const fetch = { root, ...fetchEvents() };
  const train = await CIFAR10.load({ ...fetch, train: true, transform: trainTransform });
  const test = await CIFAR10.load({ ...fetch, train: false, transform: testTransform });
  fetch.done();
  return { train, test };
}

/** Fashion-MNIST, fetched the first time with a progress bar. */
export async function loadFashionMnist({ quick = false, root, trainTransform, testTransform }: ImageDataOptions): Promise<ImageData> {
  if (quick) return { train: syntheticImages(1, 28, 640, trainTransform), test: syntheticImages(1, 28, 320, testTransform) };
  const fetch = { root, ...fetchEvents() };
  const train = await FashionMNIST.load({ ...fetch, train: true, transform: trainTransform });
  const test = await FashionMNIST.load({ ...fetch, train: false, transform: testTransform });
  fetch.done();
  return { train, test };
}

function fetchEvents(): { onProgress: (progress: FetchProgress) => void; onNotice: (notice: string) => void; done: () => void } {
  const bar = progressBar("  {step} {bar} {percentage}% {megabytes} MB");
  return {
    onProgress: ({ step, doneBytes, totalBytes }) => {
      bar.update(totalBytes === undefined ? 0 : doneBytes / totalBytes, { step, megabytes: (doneBytes / 1e6).toFixed(0) });
    },
    onNotice: (notice) => {
      bar.stop();
      console.log(`  ${notice}`);
    },
    done: () => bar.stop(),
  };
}

/** Noise around a pattern of its own for each of ten classes: easy to learn, the same in every run. */
function syntheticImages(channels: number, side: number, count: number, transform: ImageTransform | undefined): ImageDataset {
  const pixels = channels * side * side;
  const bytes = new Uint8Array(count * pixels);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
  let noise = 12345 + count;
  for (let i = 0; i < bytes.length; i++) {
    noise = (Math.imul(noise, 1103515245) + 12345) & 0x7fffffff;
    const label = labels[Math.floor(i / pixels)] ?? 0;
    const wave = Math.sin(((i % pixels) * (label + 1)) / 40 + label);
    bytes[i] = 128 + 60 * wave + ((noise >> 16) % 120) - 60;
  }
  return new ImageDataset({ bytes, firstByte: 0, strideBytes: pixels, channels, height: side, width: side, labels }, transform);
}

