import { join } from "node:path";
import { DataError, showPath } from "@tapegrad/tensor";
import { md5Of } from "../fetch/file-checks.ts";
import { listFolder } from "../fetch/list-folder.ts";
import type { DataRules } from "../fetch/load-data.ts";
import { gunzip } from "../formats/gunzip.ts";
import { parseIdx } from "../formats/idx.ts";
import { readIfThere, readRegularFile } from "../formats/read-regular-file.ts";
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
 * Reads the images and labels of one half from idx files, packed or not. How many there are is up to the files, where
 * they need not be the official ones.
 *
 * Throws    DataError `AREA/missing`, `AREA/size`, `AREA/shape`, `AREA/count`, `AREA/label`, `gzip/damaged`, `idx/...`;
 *           `AREA/md5` is given to the rules
 */
export async function readMnist(
  op: string,
  folder: string,
  release: MnistRelease,
  train: boolean,
  rules: DataRules,
): Promise<MnistArrays> {
  const { area } = release;
  const { images, labels, count } = train ? release.train : release.test;
  const context = { op, area, folder, rules };
  const pixels = await readIdx({ ...context, file: images, officialDims: [count, imageSide, imageSide] });
  const numbers = await readIdx({ ...context, file: labels, officialDims: [count] });
  const found = pixels.length / (imageSide * imageSide);
  if (found !== numbers.length)
    throw new DataError({
      op,
      fact: `${folder} holds ${found} images in ${images.name} and ${numbers.length} labels in ${labels.name}`,
      code: `${area}/count`,
      data: { folder, images: found, labels: numbers.length },
    });
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

interface WantedIdx {
  readonly op: string;
  readonly area: string;
  readonly folder: string;
  readonly file: IdxFile;
  /** Files that need not be the official ones may have another first dimension. */
  readonly officialDims: readonly number[];
  readonly rules: DataRules;
}

async function readIdx(wanted: WantedIdx): Promise<Uint8Array> {
  const { op, area, file, officialDims, rules } = wanted;
  const { path, bytes } = await readPackedOrNot(wanted);
  const array = parseIdx(op, path, bytes);
  const [, ...inner] = officialDims;
  if (array.dims.length !== officialDims.length || array.dims.slice(1).join() !== inner.join())
    throw new DataError({
      op,
      fact: `${showPath(path)} must hold an array [${["N", ...inner].join(", ")}], it holds ${showDims(array.dims)}`,
      code: `${area}/shape`,
      data: { path, dims: array.dims, expected: officialDims },
    });
  const found = md5Of(bytes);
  if (found !== file.md5)
    rules.onUnofficial({
      op,
      fact: `${path} is not the official ${file.name}: its md5, unpacked, is ${found}`,
      code: `${area}/md5`,
      details: [`expected  ${file.md5}`, `found     ${found}`],
      data: { path, expected: file.md5, found },
    });
  return array.data;
}

/** Of files that need not be the official ones: no more than this, and what unpacks to much is packed no better than a hundredfold. */
const largestBytes = 4 * 2 ** 30;
const muchBytes = 64 * 2 ** 20;
const largestRatio = 100;

async function readPackedOrNot({ op, area, folder, file, officialDims, rules }: WantedIdx): Promise<{ path: string; bytes: Uint8Array }> {
  const officialBytes = officialDims.reduce((product, dim) => product * dim, 1) + 1024;
  const limitBytes = rules.verify ? officialBytes : largestBytes;
  const path = join(folder, file.name);
  const plain = await readIfThere({ op, area, path, limitBytes });
  if (plain !== undefined) return { path, bytes: plain };
  // If it is not there packed either, that error names what was last looked for.
  const packed = `${path}.gz`;
  const bytes = await readRegularFile({ op, area, path: packed, limitBytes });
  const unpackedLimit = rules.verify ? officialBytes : Math.max(officialBytes, muchBytes, largestRatio * bytes.length);
  return { path: packed, bytes: await gunzip(op, packed, bytes, Math.min(unpackedLimit, limitBytes)) };
}
