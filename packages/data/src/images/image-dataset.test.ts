import { allclose, Generator, IndexError } from "@tapegrad/tensor";
import { expect, test } from "vitest";
import { DataLoader } from "../data-loader.ts";
import { ImageDataset, type ByteImages } from "./image-dataset.ts";
import { compose } from "./image-transform.ts";
import { normalize } from "./normalize.ts";
import { randomCrop } from "./random-crop.ts";
import { randomHorizontalFlip } from "./random-horizontal-flip.ts";

/** Five images of 2 x 3 x 2 pixels; one byte in front of each and one behind. */
const images: ByteImages = {
  bytes: Uint8Array.from({ length: 5 * 14 }, (_, at) => at * 3),
  firstByte: 1,
  strideBytes: 14,
  channels: 2,
  height: 3,
  width: 2,
  labels: Uint8Array.of(3, 1, 4, 1, 5),
};
const pixel = (image: number, at: number) => Math.fround((image * 14 + 1 + at) * 3 / 255);

test("an item is the image in [0, 1] and its label", () => {
  const set = new ImageDataset(images);
  expect(set.length).toBe(5);
  expect([...Array.from(set.labels)]).toEqual([3, 1, 4, 1, 5]);
  const [image, label] = set.get(2);
  expect([image.dtype, image.shape, label]).toEqual(["float32", [2, 3, 2], 4]);
  expect([...image.toTypedArray()]).toEqual(Array.from({ length: 12 }, (_, at) => pixel(2, at)));
});

test("a batch is its items put together", () => {
  const set = new ImageDataset(images);
  const [x, y] = set.getBatch([4, 0, 4]);
  expect([x.shape, y.dtype, y.toArray()]).toEqual([[3, 2, 3, 2], "int32", [5, 3, 5]]);
  expect([...x.toTypedArray()]).toEqual([4, 0, 4].flatMap((image) => Array.from({ length: 12 }, (_, at) => pixel(image, at))));
});

test("the transform is applied, with its own random numbers for each image", () => {
  const augment = compose(randomCrop({ size: [3, 2], padding: 1 }), randomHorizontalFlip(), normalize([0.5], [0.5]));
  const plain = new ImageDataset(images).getBatch([0, 1, 2, 3, 4])[0];
  const set = new ImageDataset(images, augment);
  const [x] = set.getBatch([0, 1, 2, 3, 4], new Generator(3));
  // The plain images are already rounded to float32, the bytes are not.
  expect(allclose(x, augment(plain, new Generator(3)))).toBe(true);
  expect(x.toArray()).not.toEqual(set.getBatch([0, 1, 2, 3, 4], new Generator(4))[0].toArray());
  expect(set.get(0)[0].shape).toEqual([2, 3, 2]);
});

test("two windows, one cut from the other", () => {
  const cutTwice = compose(randomCrop({ size: 2 }), randomCrop({ size: 1 }));
  const [x] = new ImageDataset(images, cutTwice).getBatch([0, 1]);
  expect(x.shape).toEqual([2, 2, 1, 1]);
  expect(new ImageDataset(images, cutTwice).get(0)[0].shape).toEqual([2, 1, 1]);
});

test("the same seed of a loader, the same epoch", () => {
  const set = new ImageDataset(images, randomCrop({ size: 2, padding: 1 }));
  const epoch = (seed: number) =>
    [...new DataLoader(set, { batchSize: 2, shuffle: true, generator: new Generator(seed) })].map((batch) =>
      batch.map((entry) => entry.toArray()),
    );
  expect(epoch(1)).toEqual(epoch(1));
  expect(epoch(1)).not.toEqual(epoch(2));
});

test("items that are not there", () => {
  const set = new ImageDataset(images);
  expect(() => set.get(5)).toThrow(IndexError);
  expect(() => set.get(-1)).toThrow("ImageDataset.get: index -1 is outside [0, 5)\n  code: dataset/index");
  expect(() => set.getBatch([0, 7])).toThrow("ImageDataset.getBatch: index 7 is outside [0, 5)");
});
