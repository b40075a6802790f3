import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { dataError } from "../testing/data-error.ts";
import { gunzip } from "./gunzip.ts";

const packed = gzipSync(Buffer.alloc(1000, "x"));

test("unpacks", async () => {
  expect(await gunzip("Test.load", "a.gz", packed, 1000)).toEqual(Buffer.alloc(1000, "x"));
});

test("cut short, changed, too long, no .gz at all", async () => {
  const changed = Buffer.from(packed);
  changed[packed.length - 6] = (changed[packed.length - 6] ?? 0) ^ 1;
  for (const [bytes, limit] of [
    [packed.subarray(0, -1), 1000],
    [changed, 1000],
    [packed, 999],
    [Buffer.from("text"), 1000],
    [Buffer.alloc(0), 1000],
  ] as const) {
    const error = await dataError(gunzip("Test.load", "a.gz", bytes, limit));
    expect(error.message).toMatch(/^Test\.load: a\.gz is damaged or not a \.gz file: .+\n {2}code: gzip\/damaged$/);
  }
});
