import { DataError } from "@tapegrad/tensor";
import { showDims } from "../formats/show-dims.ts";
import { readPickle } from "../formats/pickle.ts";
import { pixelBytes, recordsFrom } from "./records.ts";

/**
 * The records of a batch file of the Python version: a pickled dictionary with "data", a uint8 array
 * [images, 3072], and "labels", a list of integers.
 *
 * Throws    DataError `cifar10/batch`, `cifar10/truncated`, `cifar10/size`, `cifar10/label`, `pickle/...`
 */
export function pythonBatchRecords(op: string, file: string, bytes: Uint8Array, records: number): Uint8Array {
  const batch = readPickle(op, file, bytes);
  const data = batch instanceof Map ? batch.get("data") : undefined;
  const labels = batch instanceof Map ? batch.get("labels") : undefined;
  if (data === null || typeof data !== "object" || !("shape" in data) || !Array.isArray(labels))
    throw new DataError({
      op,
      fact: `${file} is a pickle, but not of a dictionary with an array "data" and a list "labels"`,
      code: "cifar10/batch",
      data: { file },
    });
  const [images = 0, width] = data.shape;
  if (data.shape.length !== 2 || images !== records || width !== pixelBytes || labels.length !== records)
    throw new DataError({
      op,
      fact: `${file} must hold ${records} images and labels`,
      code: images < records || labels.length < records ? "cifar10/truncated" : "cifar10/size",
      details: [`data    ${showDims(data.shape)}  expected [${records}, ${pixelBytes}]`, `labels  ${labels.length}`],
      data: { file, shape: data.shape, labels: labels.length, expected: records },
    });
  return recordsFrom(op, file, labels, data.bytes);
}
