import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { temporaryFolder } from "@tapegrad/test-support";
import { normalize } from "../images/normalize.ts";
import { dataError } from "../testing/data-error.ts";
import { idx } from "../testing/small-mnist.ts";
import { FashionMNIST } from "./fashion-mnist.ts";
import { MNIST } from "./mnist.ts";

const pixels = Uint8Array.from({ length: 10_000 * 784 }, (_, at) => (at < 784 ? 51 : 255));
const labels = Uint8Array.from({ length: 10_000 }, (_, at) => at % 10);
const quiet = { verify: false, onNotice: () => undefined };

test("MNIST from a folder", async () => {
  const root = temporaryFolder();
  mkdirSync(join(root, "MNIST", "raw"), { recursive: true });
  writeFileSync(join(root, "MNIST", "raw", "t10k-images-idx3-ubyte"), idx([10_000, 28, 28], pixels));
  writeFileSync(join(root, "MNIST", "raw", "t10k-labels-idx1-ubyte"), idx([10_000], labels));
  const test = await MNIST.load({ root, train: false, transform: normalize([0.2], [0.8]), ...quiet });
  const [x, y] = test.getBatch([0, 3]);
  expect([x.shape, y.toArray(), test.classes[3]]).toEqual([[2, 1, 28, 28], [0, 3], "3"]);
  const values = x.toTypedArray();
  expect(values[0]).toBeCloseTo(0, 6);
  expect(values[784]).toBeCloseTo(1, 6);
  expect(test.withTransform(undefined).get(0)[0].toTypedArray()[0]).toBe(Math.fround(0.2));
});

test("Fashion-MNIST from a folder", async () => {
  const root = temporaryFolder();
  writeFileSync(join(root, "t10k-images-idx3-ubyte.gz"), gzipSync(idx([10_000, 28, 28], pixels), { level: 1 }));
  writeFileSync(join(root, "t10k-labels-idx1-ubyte.gz"), gzipSync(idx([10_000], labels)));
  const test = await FashionMNIST.load({ root, train: false, ...quiet });
  const [image, label] = test.get(9);
  expect([image.shape, test.length, FashionMNIST.classes[label]]).toEqual([[1, 28, 28], 10_000, "Ankle boot"]);
  expect(test.withTransform(normalize([1], [1])).get(9)[0].toTypedArray()[0]).toBe(0);
});

test("nothing there", async () => {
  const root = temporaryFolder();
  expect((await dataError(MNIST.load({ root }))).message).toContain(`MNIST.load: no MNIST in ${root}\n`);
  expect((await dataError(FashionMNIST.load({ root }))).message).toContain(`FashionMNIST.load: no FashionMNIST in ${root}\n`);
});
