import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { allclose, tensor } from "@tapegrad/tensor";
import { temporaryFolder } from "@tapegrad/test-support";
import { expect, test } from "vitest";
import { normalize } from "../images/normalize.ts";
import { dataError } from "../testing/data-error.ts";
import { CIFAR10 } from "./cifar10.ts";
import { recordBytes } from "./records.ts";

const records = Uint8Array.from({ length: 3 * recordBytes }, (_, at) => (at % recordBytes === 0 ? at / recordBytes + 3 : at & 255));

test("an image, channel-major in [0, 1], and its label", () => {
  const set = CIFAR10.fromRecords(records);
  expect(set.length).toBe(3);
  expect(Array.from(set.labels)).toEqual([3, 4, 5]);
  const [image, label] = set.get(1);
  expect([image.shape, image.dtype, label, set.classes[label]]).toEqual([[3, 32, 32], "float32", 4, "deer"]);
  const expected = Float32Array.from(records.subarray(recordBytes + 1, 2 * recordBytes), (value) => value / 255);
  expect(image.toTypedArray()).toEqual(expected);
});

test("normalised batches; another transform over the same pixels", () => {
  const plain = CIFAR10.fromRecords(records);
  const [x] = plain.withTransform(normalize(CIFAR10.mean, CIFAR10.std)).getBatch([2, 0]);
  const mean = tensor([...CIFAR10.mean]).reshape([3, 1, 1]);
  const std = tensor([...CIFAR10.std]).reshape([3, 1, 1]);
  expect(allclose(x, plain.getBatch([2, 0])[0].sub(mean).div(std), { atol: 1e-6 })).toBe(true);
});

test("ten classes", () => {
  expect(CIFAR10.classes).toHaveLength(10);
  expect([CIFAR10.classes[0], CIFAR10.classes[6], CIFAR10.classes[9]]).toEqual(["airplane", "frog", "truck"]);
});

test("loaded from a folder, with a transform", async () => {
  const root = temporaryFolder();
  const path = join(root, "test_batch.bin");
  writeFileSync(path, Uint8Array.of(7));
  truncateSync(path, 30_730_000);
  const notices: string[] = [];
  const transform = normalize([0.5], [0.5]);
  const test = await CIFAR10.load({ root, train: false, verify: false, transform, onNotice: (notice) => notices.push(notice) });
  expect([test.length, test.labels[0], test.labels[1]]).toEqual([10_000, 7, 0]);
  expect(new Set(test.get(9_999)[0].toTypedArray())).toEqual(new Set([-1]));
  expect(notices).toHaveLength(1);
  truncateSync(path, 30_729_999);
  const error = await dataError(CIFAR10.load({ root, train: false }));
  expect(error.message).toBe(
    `CIFAR10.load: ${path} has 30729999 bytes, not 30730000 (10000 records of 3073)\n  code: cifar10/truncated`,
  );
});
