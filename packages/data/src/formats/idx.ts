import { DataError, showPath } from "@tapegrad/tensor";
import { showDims } from "./show-dims.ts";

/** An array of unsigned bytes. */
interface IdxArray {
  readonly dims: readonly number[];
  readonly data: Uint8Array;
}

const unsignedByte = 0x08;

/**
 * Reads an idx file of unsigned bytes: two zeros, the type, the number of dimensions, each as a big-endian uint32, then
 * the bytes.
 *
 * Throws    DataError `idx/magic`, `idx/truncated`, `idx/size`
 * Source    Yann LeCun, "The MNIST database of handwritten digits", section on file formats
 */
export function parseIdx(op: string, file: string, bytes: Uint8Array): IdxArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const dimCount = bytes[3] ?? 0;
  if (bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== unsignedByte || dimCount === 0) {
    const found = Buffer.from(bytes.subarray(0, 4)).toString("hex");
    throw new DataError({
      op,
      fact: `${showPath(file)} is not an idx file of unsigned bytes: it begins with ${found === "" ? "nothing" : `0x${found}`}, not 0x000008nn`,
      code: "idx/magic",
      data: { file, found },
    });
  }
  const headerBytes = 4 + 4 * dimCount;
  if (bytes.length < headerBytes) throw wrongLength(op, file, bytes.length, headerBytes, "for its header alone");
  const dims = Array.from({ length: dimCount }, (_, dim) => view.getUint32(4 + 4 * dim));
  const expected = headerBytes + dims.reduce((product, dim) => product * dim, 1);
  if (bytes.length !== expected) throw wrongLength(op, file, bytes.length, expected, `for ${showDims(dims)}`);
  return { dims, data: bytes.subarray(headerBytes) };
}

function wrongLength(op: string, file: string, found: number, expected: number, what: string): DataError {
  return new DataError({
    op,
    fact: `${showPath(file)} has ${found} bytes, not ${expected} ${what}`,
    code: found < expected ? "idx/truncated" : "idx/size",
    data: { file, found, expected },
  });
}
