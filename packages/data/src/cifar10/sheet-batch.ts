import { DataError, reasonOf } from "@tapegrad/tensor";
import { decodePngSheet } from "../formats/png-sheet.ts";
import { pixelBytes, recordsFrom } from "./records.ts";

/** Pixels of an image; a sheet shows one image per row, its 32 rows of 32 pixels side by side. */
const imagePixels = 32 * 32;

/**
 * The records of a sheet: a PNG of 1024 pixels per row, an image a row.
 *
 * Throws    DataError `png/damaged`, `png/form`, `cifar10/label`
 */
export function sheetRecords(op: string, file: string, png: Uint8Array, labels: readonly unknown[]): Uint8Array {
  const rgb = decodePngSheet(op, file, png, { width: imagePixels, height: labels.length });
  const planes = new Uint8Array(rgb.length);
  for (let image = 0; image < rgb.length; image += pixelBytes)
    for (let channel = 0; channel < 3; channel++)
      for (let pixel = 0; pixel < imagePixels; pixel++)
        planes[image + channel * imagePixels + pixel] = rgb[image + pixel * 3 + channel] ?? 0;
  return recordsFrom(op, file, labels, planes);
}

/**
 * The labels that come with the sheets: a JSON array.
 *
 * Throws    DataError `cifar10/labels`
 */
export function sheetLabels(op: string, file: string, json: Uint8Array, count: number): unknown[] {
  let labels: unknown;
  let reason = "";
  // A label of one digit with a comma and some white space: a list of lists takes many times its text.
  if (json.length > 64 * count + 1024) reason = `: it has ${json.length} bytes`;
  else try {
    labels = JSON.parse(new TextDecoder().decode(json));
  } catch (error) {
    reason = `: ${reasonOf(error)}`;
  }
  if (Array.isArray(labels) && labels.length === count) return labels;
  throw new DataError({
    op,
    fact: `${file} must be a JSON array of ${count} labels${reason}`,
    code: "cifar10/labels",
    data: { file, found: Array.isArray(labels) ? labels.length : undefined, expected: count },
  });
}
