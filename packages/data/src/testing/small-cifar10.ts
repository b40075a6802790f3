import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encode } from "fast-png";
import { create } from "tar";
import { inTemporaryFolder } from "@tapegrad/test-support";
import type { Cifar10Release } from "../cifar10/official.ts";
import { pixelBytes, recordBytes } from "../cifar10/records.ts";
import { md5Of } from "../fetch/file-checks.ts";
import { python2Batch } from "./pickle-writer.ts";

const recordsPerFile = 3;
const trainNames = ["data_batch_1", "data_batch_2"];
const testNames = ["test_batch"];
const names = [...trainNames, ...testNames];

/** A data set in the form of CIFAR-10: two training files and a test file of three images each. */
export interface SmallCifar10 {
  readonly release: Cifar10Release;
  readonly trainRecords: Uint8Array;
  readonly testRecords: Uint8Array;
  writeBinary(folder: string): void;
  writePython(folder: string): void;
  /** The archive of the binary version, or of the Python one. */
  writeArchive(path: string, version: "binary" | "python"): Promise<Uint8Array>;
  /** The archive of the mirror's package. */
  readonly packageArchive: Uint8Array;
}

export async function smallCifar10(): Promise<SmallCifar10> {
  const files = names.map((_, file) => records(file));
  const withMd5 = (list: readonly string[]) => list.map((name) => ({ name, md5: md5Of(fileOf(name)) }));
  const fileOf = (name: string) => files[names.indexOf(name)] ?? new Uint8Array();

  const archive = (path: string, top: string, write: (folder: string) => void) =>
    inTemporaryFolder(async (folder) => {
      mkdirSync(join(folder, top));
      write(join(folder, top));
      await create({ file: path, gzip: true, cwd: folder }, [top]);
      return readFileSync(path);
    });
  const writeBinary = (folder: string) => {
    for (const name of names) writeFileSync(join(folder, `${name}.bin`), fileOf(name));
  };
  const writePython = (folder: string) => {
    for (const name of names) {
      const { labels, pixels } = split(fileOf(name));
      writeFileSync(join(folder, name), python2Batch(labels, pixels, pixelBytes));
    }
  };
  const writeArchive = (path: string, version: "binary" | "python") =>
    version === "binary" ? archive(path, "cifar-10-batches-bin", writeBinary) : archive(path, "cifar-10-batches-py", writePython);

  const labelsOf = (list: readonly string[]) => JSON.stringify(list.flatMap((name) => split(fileOf(name)).labels));
  const packageArchive = await inTemporaryFolder((work) =>
    archive(join(work, "package.tgz"), "package", (folder) => {
      for (const name of names) writeFileSync(join(folder, `${name}.png`), sheet(fileOf(name)));
      writeFileSync(join(folder, "train_lables.json"), labelsOf(trainNames));
      writeFileSync(join(folder, "test_lables.json"), labelsOf(testNames));
    }),
  );
  return {
    release: {
      recordsPerFile,
      train: withMd5(trainNames),
      test: withMd5(testNames),
      archive: { url: "http://127.0.0.1:9/small.tar.gz", bytes: 0, md5: "" },
      mirror: {
        name: "small-cifar10",
        version: "1.0.0",
        bytes: packageArchive.length,
        integrity: `sha512-${createHash("sha512").update(packageArchive).digest("base64")}`,
      },
    },
    trainRecords: Buffer.concat(trainNames.map(fileOf)),
    testRecords: Buffer.concat(testNames.map(fileOf)),
    writeBinary,
    writePython,
    writeArchive,
    packageArchive,
  };
}

function records(file: number): Uint8Array {
  return Uint8Array.from({ length: recordsPerFile * recordBytes }, (_, at) =>
    at % recordBytes === 0 ? (file * recordsPerFile + at / recordBytes) % 10 : noise(file * 100_000 + at),
  );
}

/** Bytes that no packer makes shorter, so that an archive can be cut in its middle. */
function noise(seed: number): number {
  const mixed = Math.imul(seed ^ (seed >>> 7), 0x9e3779b1);
  return Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b) >>> 24;
}

function split(file: Uint8Array): { labels: number[]; pixels: Uint8Array } {
  const labels: number[] = [];
  const pixels: Uint8Array[] = [];
  for (let at = 0; at < file.length; at += recordBytes) {
    labels.push(file[at] ?? 0);
    pixels.push(file.subarray(at + 1, at + recordBytes));
  }
  return { labels, pixels: Buffer.concat(pixels) };
}

/** A PNG of one image a row, the three values of a pixel together. */
function sheet(file: Uint8Array): Uint8Array {
  const { labels, pixels } = split(file);
  const data = Uint8Array.from({ length: pixels.length }, (_, at) => {
    const image = Math.floor(at / pixelBytes);
    const pixel = Math.floor((at % pixelBytes) / 3);
    return pixels[image * pixelBytes + (at % 3) * 1024 + pixel] ?? 0;
  });
  return encode({ width: 1024, height: labels.length, data, channels: 3, depth: 8 });
}
