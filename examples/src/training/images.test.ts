import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DataLoader, normalize } from "tapegrad";
import { expect, test } from "vitest";
import { loadCifar10, loadFashionMnist, loadSplitCifar10, someOf, tensorsOf } from "./images.ts";
import { meanImage } from "./mean-image.ts";
import { syntheticImages } from "./synthetic-images.ts";

test("synthetic images are the same in every run, and of ten classes", () => {
  const images = syntheticImages(3, 32, 40, undefined);
  const [x, y] = images.getBatch(Array.from({ length: 40 }, (_, i) => i));
  expect(x.shape).toEqual([40, 3, 32, 32]);
  expect(y.toArray()).toEqual(Array.from({ length: 40 }, (_, i) => i % 10));
  expect(x.toArray()).toEqual(syntheticImages(3, 32, 40, undefined).getBatch(Array.from({ length: 40 }, (_, i) => i))[0].toArray());
  expect(x.std().item()).toBeGreaterThan(0.1);
});

test("synthetic images of a class resemble each other more than those of another", () => {
  const images = syntheticImages(1, 28, 40, undefined);
  const distance = (a: number, b: number): number => images.get(a)[0].sub(images.get(b)[0]).square().mean().item();
  for (let other = 1; other < 10; other++) expect(distance(0, 10)).toBeLessThan(distance(0, other));
});

test("quick data sets have the shapes of the real ones", async () => {
  const cifar = await loadCifar10({ quick: true });
  const fashion = await loadFashionMnist({ quick: true });
  expect([cifar.name, fashion.name, (await loadSplitCifar10({ quick: true })).name]).toEqual(new Array(3).fill("synthetic images"));
  expect([cifar.train, cifar.test, fashion.train, fashion.test].map((images) => [images.length, images.get(0)[0].shape])).toEqual([
    [640, [3, 32, 32]], [320, [3, 32, 32]], [640, [1, 28, 28]], [320, [1, 28, 28]],
  ]);
});

test("the images set aside are the last ones, prepared like test images", async () => {
  const { train, validation, test: testImages } = await loadSplitCifar10({ quick: true, trainTransform: normalize([0.5], [0.5]) });
  const plain = await loadCifar10({ quick: true });
  expect([train.length, validation.length, testImages.length]).toEqual([480, 160, 320]);
  expect(validation.get(0)[0].toArray()).toEqual(plain.train.get(480)[0].toArray());
  expect(train.get(5)[0].toArray()).not.toEqual(plain.train.get(5)[0].toArray());
});

test("a folder without the data is an error", async () => {
  const root = mkdtempSync(join(tmpdir(), "tapegrad-no-data-"));
  try {
    await expect(loadCifar10({ root })).rejects.toThrow(`no CIFAR-10 in ${root}`);
    await expect(loadFashionMnist({ root })).rejects.toThrow(root);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test("parts and means of a data set", async () => {
  const images = syntheticImages(1, 4, 30, undefined);
  const [x, y] = tensorsOf(someOf(images, 10, 13));
  expect([x.shape, y.toArray()]).toEqual([[3, 1, 4, 4], [0, 1, 2]]);
  const mean = await meanImage(someOf(images, 10, 13));
  expect(mean.sub(x.mean({ dim: 0 })).abs().max().item()).toBeLessThan(1e-6);
  expect(() => tensorsOf(someOf(images, 3, 3))).toThrow("batchSize 0");
  expect(new DataLoader(images).length).toBe(30);
});
