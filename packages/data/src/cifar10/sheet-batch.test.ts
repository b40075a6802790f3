import { encode } from "fast-png";
import { expect, test } from "vitest";
import { dataError } from "../testing/data-error.ts";
import { recordBytes } from "./records.ts";
import { sheetLabels, sheetRecords } from "./sheet-batch.ts";

const op = "CIFAR10.load";

test("a row of RGB pixels becomes three planes behind its label", () => {
  const data = Uint8Array.from({ length: 2 * 3072 }, (_, index) => (index * 13 + (index >> 6)) & 255);
  const png = encode({ width: 1024, height: 2, data, channels: 3, depth: 8 });
  const records = sheetRecords(op, "data_batch_1.png", png, [4, 1]);
  expect([records[0], records[recordBytes]]).toEqual([4, 1]);
  for (const image of [0, 1])
    for (const pixel of [0, 1, 31, 32, 1023])
      for (const channel of [0, 1, 2])
        expect(records[image * recordBytes + 1 + channel * 1024 + pixel]).toBe(data[(image * 1024 + pixel) * 3 + channel]);
});

test("a sheet of another height", async () => {
  const png = encode({ width: 1024, height: 1, data: new Uint8Array(3072), channels: 3, depth: 8 });
  expect((await dataError(() => sheetRecords(op, "a.png", png, [1, 2]))).code).toBe("png/form");
});

test.each([
  ["[1, 2]", ""],
  ["{}", ""],
  ["[1, 2, 3", ": "],
])("labels: %s", async (json, reason) => {
  const error = await dataError(() => sheetLabels(op, "labels.json", Buffer.from(json), 3));
  expect(error.code).toBe("cifar10/labels");
  expect(error.message).toContain(`CIFAR10.load: labels.json must be a JSON array of 3 labels${reason}`);
});

test("a JSON text far longer than the labels is not parsed, and what is wrong in a text is shown escaped", async () => {
  const long = await dataError(() => sheetLabels("Test.load", "labels.json", Buffer.alloc(2000, "[]"), 3));
  expect(long.message).toBe("Test.load: labels.json must be a JSON array of 3 labels: it has 2000 bytes\n  code: cifar10/labels");
  const wrong = await dataError(() => sheetLabels("Test.load", "labels.json", Buffer.from("[\u001b[2J\u202e"), 3));
  expect(wrong.code).toBe("cifar10/labels");
  expect(wrong.message).not.toMatch(/\p{Cf}|\p{Cc}(?! {2}code)/u);
});
