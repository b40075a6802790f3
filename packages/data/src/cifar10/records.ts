import { DataError, showPath, showValue } from "@tapegrad/tensor";

/** Bytes of an image: 3 channels of 32 x 32 pixels, one channel after the other. */
export const pixelBytes = 3 * 32 * 32;
/** A record of the binary version: the label, then the pixels. */
export const recordBytes = 1 + pixelBytes;
const classCount = 10;

/**
 * Checks that bytes are records of the binary version.
 *
 * Throws    DataError `cifar10/truncated`, `cifar10/size`, `cifar10/label`
 */
export function checkRecords(op: string, file: string, bytes: Uint8Array, records: number): void {
  const expected = records * recordBytes;
  if (bytes.length !== expected)
    throw new DataError({
      op,
      fact: `${showPath(file)} has ${bytes.length} bytes, not ${expected} (${records} records of ${recordBytes})`,
      code: bytes.length < expected ? "cifar10/truncated" : "cifar10/size",
      data: { file, bytes: bytes.length, expected },
    });
  for (let record = 0; record < records; record++)
    checkLabel(op, file, record, bytes[record * recordBytes]);
}

/** Puts labels and channel-major pixels together as records of the binary version. */
export function recordsFrom(op: string, file: string, labels: readonly unknown[], pixels: Uint8Array): Uint8Array {
  const records = new Uint8Array(labels.length * recordBytes);
  for (const [index, label] of labels.entries()) {
    records[index * recordBytes] = checkLabel(op, file, index, label);
    records.set(pixels.subarray(index * pixelBytes, (index + 1) * pixelBytes), index * recordBytes + 1);
  }
  return records;
}

function checkLabel(op: string, file: string, record: number, label: unknown): number {
  if (typeof label === "number" && Number.isInteger(label) && label >= 0 && label < classCount) return label;
  throw new DataError({
    op,
    fact: `${showPath(file)}: the label of record ${record} is ${showValue(label)}, not one of 0 to ${classCount - 1}`,
    code: "cifar10/label",
    // A label of nested lists would be as long as its nesting makes it.
    data: { file, record, label: typeof label === "number" ? label : showValue(label) },
  });
}
