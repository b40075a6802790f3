import { DataError } from "@tapegrad/tensor";
import { decode } from "fast-png";
import { messageOf } from "../fetch/file-error.ts";

interface SheetSize {
  readonly width: number;
  readonly height: number;
}

/**
 * Decodes a PNG of 8-bit RGB pixels; the result has width * height * 3 bytes, row by row.
 *
 * Throws    DataError `png/damaged`, `png/form`
 */
export function decodePngSheet(op: string, file: string, png: Uint8Array, { width, height }: SheetSize): Uint8Array {
  let image: ReturnType<typeof decode>;
  try {
    image = decode(png, { checkCrc: true });
  } catch (error) {
    throw new DataError({
      op,
      fact: `${file} is damaged or not a PNG image: ${messageOf(error)}`,
      code: "png/damaged",
      data: { file },
      cause: error,
    });
  }
  const { data } = image;
  const isExpected = image.width === width && image.height === height && image.channels === 3 && image.depth === 8;
  if (!isExpected || !(data instanceof Uint8Array) || data.length !== width * height * 3)
    throw new DataError({
      op,
      fact: `${file} must be a PNG image of ${width} x ${height} pixels, 3 channels of 8 bits`,
      code: "png/form",
      details: [`found  ${image.width} x ${image.height} pixels, ${image.channels} channels of ${image.depth} bits`],
      data: { file, width: image.width, height: image.height, channels: image.channels, depth: image.depth },
    });
  return data;
}
