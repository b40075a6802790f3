import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { create } from "tar";
import { inTemporaryFolder } from "@tapegrad/test-support";
import { md5Of } from "../fetch/file-checks.ts";
import type { MnistRelease } from "../mnist/official.ts";

/** A data set in the form of MNIST: five training and two test images. */
export interface SmallMnist {
  readonly release: MnistRelease;
  readonly trainPixels: Uint8Array;
  readonly trainLabels: Uint8Array;
  /** The unpacked idx files by name. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  write(folder: string, form: "packed" | "unpacked"): void;
  /** The archive of an npm package with the unpacked files. */
  readonly packageArchive: Uint8Array;
}

export function idx(dims: readonly number[], data: Uint8Array): Uint8Array {
  const header = Buffer.alloc(4 + 4 * dims.length);
  header.writeUInt32BE(0x800 + dims.length);
  for (const [index, dim] of dims.entries()) header.writeUInt32BE(dim, 4 + 4 * index);
  return Buffer.concat([header, data]);
}

export async function smallMnist(): Promise<SmallMnist> {
  const files = new Map<string, Uint8Array>();
  const file = (name: string, dims: readonly number[], data: Uint8Array) => {
    const bytes = idx(dims, data);
    files.set(name, bytes);
    return { name, md5: md5Of(bytes), gzMd5: md5Of(gzipSync(bytes)), gzBytes: gzipSync(bytes).length };
  };
  const images = (count: number, seed: number) => Uint8Array.from({ length: count * 784 }, (_, at) => (at * 13 + seed) & 255);
  const labels = (count: number, seed: number) => Uint8Array.from({ length: count }, (_, at) => (at + seed) % 10);
  const trainPixels = images(5, 1);
  const trainLabels = labels(5, 7);
  const train = {
    images: file("train-images-idx3-ubyte", [5, 28, 28], trainPixels),
    labels: file("train-labels-idx1-ubyte", [5], trainLabels),
    count: 5,
  };
  const test = {
    images: file("t10k-images-idx3-ubyte", [2, 28, 28], images(2, 9)),
    labels: file("t10k-labels-idx1-ubyte", [2], labels(2, 3)),
    count: 2,
  };
  const packageArchive = await inTemporaryFolder(async (work) => {
    mkdirSync(join(work, "package", "data"), { recursive: true });
    for (const [name, bytes] of files) writeFileSync(join(work, "package", "data", name), bytes);
    await create({ file: join(work, "package.tgz"), gzip: true, cwd: work }, ["package"]);
    return readFileSync(join(work, "package.tgz"));
  });
  return {
    release: {
      name: "SmallMNIST",
      area: "small-mnist",
      train,
      test,
      urls: ["http://127.0.0.1:9/"],
      npmPackage: {
        name: "small-mnist",
        version: "1.0.0",
        bytes: packageArchive.length,
        integrity: `sha512-${createHash("sha512").update(packageArchive).digest("base64")}`,
      },
    },
    trainPixels,
    trainLabels,
    files,
    write(folder, form) {
      for (const [name, bytes] of files)
        if (form === "packed") writeFileSync(join(folder, `${name}.gz`), gzipSync(bytes));
        else writeFileSync(join(folder, name), bytes);
    },
    packageArchive,
  };
}
