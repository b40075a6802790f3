import { encode } from "fast-png";
import { expect, test } from "vitest";
import { dataError } from "../testing/data-error.ts";
import { decodePngSheet } from "./png-sheet.ts";

const data = Uint8Array.from({ length: 4 * 2 * 3 }, (_, index) => index * 10);
const png = encode({ width: 4, height: 2, data, channels: 3, depth: 8 });

test("the pixels, row by row", () => {
  expect([...decodePngSheet("Test.load", "a.png", png, { width: 4, height: 2 })]).toEqual([...data]);
});

test("another size, or grey", async () => {
  const error = await dataError(() => decodePngSheet("Test.load", "a.png", png, { width: 2, height: 4 }));
  expect(error.message).toBe(
    "Test.load: a.png must be a PNG image of 2 x 4 pixels, 3 channels of 8 bits\n" +
      "  found  4 x 2 pixels, 3 channels of 8 bits\n  code: png/form",
  );
  const grey = encode({ width: 4, height: 2, data: data.subarray(0, 8), channels: 1, depth: 8 });
  expect((await dataError(() => decodePngSheet("Test.load", "a.png", grey, { width: 4, height: 2 }))).code).toBe("png/form");
});

test("cut short anywhere, or with any byte changed", async () => {
  for (let length = 0; length < png.length - 12; length++) {
    const error = await dataError(() => decodePngSheet("Test.load", "a.png", png.subarray(0, length), { width: 4, height: 2 }));
    expect(error.code).toBe("png/damaged");
    expect(error.message).toMatch(/^Test\.load: a\.png is damaged or not a PNG image: ./);
  }
  const changed = Uint8Array.from(png);
  const at = png.length - 20;
  changed[at] = (changed[at] ?? 0) ^ 1;
  expect((await dataError(() => decodePngSheet("Test.load", "a.png", changed, { width: 4, height: 2 }))).code).toBe("png/damaged");
});
