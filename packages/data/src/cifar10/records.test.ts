import { expect, test } from "vitest";
import { dataError } from "../testing/data-error.ts";
import { checkRecords, pixelBytes, recordBytes, recordsFrom } from "./records.ts";

const op = "CIFAR10.load";

test("whole records with good labels pass", () => {
  const bytes = new Uint8Array(2 * recordBytes).fill(200);
  bytes[0] = 0;
  bytes[recordBytes] = 9;
  expect(() => checkRecords(op, "a.bin", bytes, 2)).not.toThrow();
});

test("too short, too long", async () => {
  const short = await dataError(() => checkRecords(op, "a.bin", new Uint8Array(3000), 1));
  expect(short.message).toBe(
    "CIFAR10.load: a.bin has 3000 bytes, not 3073 (1 records of 3073)\n  code: cifar10/truncated",
  );
  const long = await dataError(() => checkRecords(op, "a.bin", new Uint8Array(3074), 1));
  expect(long.code).toBe("cifar10/size");
});

test("a label above 9", async () => {
  const bytes = new Uint8Array(2 * recordBytes);
  bytes[recordBytes] = 10;
  const error = await dataError(() => checkRecords(op, "a.bin", bytes, 2));
  expect(error.message).toBe("CIFAR10.load: a.bin: the label of record 1 is 10, not one of 0 to 9\n  code: cifar10/label");
  expect(error.data).toEqual({ file: "a.bin", record: 1, label: 10 });
});

test("labels and pixels become records", () => {
  const pixels = Uint8Array.from({ length: 2 * pixelBytes }, (_, index) => index & 255);
  const records = recordsFrom(op, "a", [3, 7], pixels);
  expect(records.length).toBe(2 * recordBytes);
  expect([records[0], records[recordBytes]]).toEqual([3, 7]);
  expect(records.subarray(1, recordBytes)).toEqual(pixels.subarray(0, pixelBytes));
  expect(records.subarray(recordBytes + 1)).toEqual(pixels.subarray(pixelBytes));
});

test.each([-1, 10, 1.5, "3", null])("%j is no label", async (label) => {
  const error = await dataError(() => recordsFrom(op, "a", [label], new Uint8Array(pixelBytes)));
  expect(error.code).toBe("cifar10/label");
  expect(error.message).toContain(`the label of record 0 is ${JSON.stringify(label)}, not one of 0 to 9`);
});

test("a label of nested lists, which refer to one another, is not written out", async () => {
  let label: unknown = [];
  for (let level = 0; level < 60; level++) label = [label, label, label];
  const error = await dataError(() => recordsFrom(op, "a", [label], new Uint8Array(pixelBytes)));
  expect(error.message.length).toBeLessThan(400);
  expect(JSON.stringify(error.data).length).toBeLessThan(400);
});
