import { join } from "node:path";
import { DataError } from "@tapegrad/tensor";
import { md5Of } from "../fetch/file-checks.ts";
import { listFolder } from "../fetch/list-folder.ts";
import type { OnUnofficial } from "../fetch/load-data.ts";
import { gunzip } from "../formats/gunzip.ts";
import { parseIdx } from "../formats/idx.ts";
import { readRegularFile } from "../formats/read-regular-file.ts";
import { showDims } from "../formats/show-dims.ts";
import type { ByteImages } from "../images/image-dataset.ts";
import type { IdxFile, MnistRelease } from "./official.ts";

export const imageSide = 28;
const classCount = 10;

/** Images row by row, one after the other, and their labels. */
export interface MnistArrays {
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
}

export function byteImages({ pixels, labels }: MnistArrays): ByteImages {
  const layout = { firstByte: 0, strideBytes: imageSide * imageSide, channels: 1, height: imageSide, width: imageSide };
  return { bytes: pixels, labels, ...layout };
}

/** The folder with the files: `root`, one named after the data set in it, or the one that torchvision makes. */
export async function findMnist(op: string, root: string, release: MnistRelease): Promise<string | undefined> {
  const all = [release.train, release.test].flatMap(({ images, labels }) => [images.name, labels.name]);
  for (const folder of [root, join(root, release.area), join(root, release.name, "raw")]) {
    const names = await listFolder(op, release.area, folder);
    if (all.some((name) => names.includes(name) || names.includes(`${name}.gz`))) return folder;
  }
  return undefined;
}

/**
 * Reads the images and labels of one half from idx files, packed or not.
 *
 * Throws    DataError `AREA/missing`, `AREA/shape`, `AREA/label`, `gzip/damaged`, `idx/...`; `AREA/md5` is given to
 *           `onUnofficial`
 */
export async function readMnist(
  op: string,
  folder: string,
  release: MnistRelease,
  train: boolean,
  onUnofficial: OnUnofficial,
): Promise<MnistArrays> {
  const { area } = release;
  const { images, labels, count } = train ? release.train : release.test;
  const pixels = await readIdx(op, area, folder, images, [count, imageSide, imageSide], onUnofficial);
  const numbers = await readIdx(op, area, folder, labels, [count], onUnofficial);
  const wrong = numbers.findIndex((label) => label >= classCount);
  if (wrong >= 0)
    throw new DataError({
      op,
      fact: `${join(folder, labels.name)}: label ${wrong} is ${numbers[wrong]}, not one of 0 to ${classCount - 1}`,
      code: `${area}/label`,
      data: { folder, index: wrong, label: numbers[wrong] },
    });
  return { pixels, labels: numbers };
}

async function readIdx(
  op: string,
  area: string,
  folder: string,
  file: IdxFile,
  dims: readonly number[],
  onUnofficial: OnUnofficial,
): Promise<Uint8Array> {
  const { path, bytes } = await readPackedOrNot(op, area, join(folder, file.name), dims);
  const array = parseIdx(op, path, bytes);
  if (array.dims.join() !== dims.join())
    throw new DataError({
      op,
      fact: `${path} must hold an array ${showDims(dims)}, it holds ${showDims(array.dims)}`,
      code: `${area}/shape`,
      data: { path, dims: array.dims, expected: dims },
    });
  const found = md5Of(bytes);
  if (found !== file.md5)
    onUnofficial(
      new DataError({
        op,
        fact: `${path} is not the official ${file.name}: its md5, unpacked, is ${found}`,
        code: `${area}/md5`,
        details: [`expected  ${file.md5}`, `found     ${found}`],
        data: { path, expected: file.md5, found },
      }),
    );
  return array.data;
}

async function readPackedOrNot(
  op: string,
  area: string,
  path: string,
  dims: readonly number[],
): Promise<{ path: string; bytes: Uint8Array }> {
  const limitBytes = 2 * dims.reduce((product, dim) => product * dim, 1) + 1024;
  try {
    return { path, bytes: await readRegularFile({ op, area, path, limitBytes }) };
  } catch (error) {
    // Then it must be there packed; if it is not either, that error names what was last looked for.
    if (!(error instanceof DataError) || error.code !== `${area}/missing`) throw error;
  }
  const packed = `${path}.gz`;
  const bytes = await readRegularFile({ op, area, path: packed, limitBytes });
  return { path: packed, bytes: await gunzip(op, packed, bytes, limitBytes) };
}
