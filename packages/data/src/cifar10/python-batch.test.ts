import { expect, test } from "vitest";
import { dataError } from "../testing/data-error.ts";
import { assemble, python2Batch } from "../testing/pickle-writer.ts";
import { pythonBatchRecords } from "./python-batch.ts";
import { pixelBytes, recordsFrom } from "./records.ts";

const op = "CIFAR10.load";
const pixels = Uint8Array.from({ length: 2 * pixelBytes }, (_, index) => (index * 7) & 255);

test("the same records as the binary version", () => {
  const records = pythonBatchRecords(op, "data_batch_1", python2Batch([6, 9], pixels, pixelBytes), 2);
  expect(records).toEqual(recordsFrom(op, "", [6, 9], pixels));
});

test("too few images, another width, a label above 9", async () => {
  const few = await dataError(() => pythonBatchRecords(op, "data_batch_1", python2Batch([6, 9], pixels, pixelBytes), 3));
  expect(few.message).toBe(
    "CIFAR10.load: data_batch_1 must hold 3 images and labels\n" +
      "  data    [2, 3072]  expected [3, 3072]\n  labels  2\n  code: cifar10/truncated",
  );
  const narrow = await dataError(() => pythonBatchRecords(op, "b", python2Batch([6], pixels.subarray(0, 30), 30), 1));
  expect(narrow.code).toBe("cifar10/size");
  const label = await dataError(() => pythonBatchRecords(op, "b", python2Batch([6, 10], pixels, pixelBytes), 2));
  expect(label.code).toBe("cifar10/label");
});

test("a pickle of something else", async () => {
  for (const program of ["N.", "].", "}.", "}U\x04dataNs."]) {
    const error = await dataError(() => pythonBatchRecords(op, "batch", assemble("\x80\x02", program), 2));
    expect(error.message).toBe(
      'CIFAR10.load: batch is a pickle, but not of a dictionary with an array "data" and a list "labels"\n  code: cifar10/batch',
    );
  }
});
