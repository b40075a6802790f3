import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { listFolder } from "../fetch/list-folder.ts";
import type { DataRules } from "../fetch/load-data.ts";
import { readRegularFile } from "../formats/read-regular-file.ts";
import { readTarGz } from "../formats/tar-gz.ts";
import type { BatchFile, Cifar10Release } from "./official.ts";
import { pythonBatchRecords } from "./python-batch.ts";
import { checkRecords, recordBytes } from "./records.ts";
import { differenceFromOfficial } from "./verify.ts";

type Version = "binary" | "python";

/** CIFAR-10 found on the disk, in one of its two published versions. */
interface LocalCifar10 {
  readonly version: Version;
  readonly isArchive: boolean;
  readonly path: string;
}

export const binaryFolder = "cifar-10-batches-bin";
const pythonFolder = "cifar-10-batches-py";
const archives: readonly string[] = ["cifar-10-binary.tar.gz", "cifar-10-python.tar.gz"];

/** The places under a root that are looked at, for the message that says nothing was there. */
export const placesLookedAt: readonly string[] = ["data_batch_1.bin", "data_batch_1", `${binaryFolder}/`, `${pythonFolder}/`, ...archives];

/**
 * Looks for the data in a folder, in the subfolders its archives unpack to, and for the archives themselves.
 *
 * Throws    DataError `cifar10/permission`
 */
export async function findCifar10(op: string, root: string, release: Cifar10Release): Promise<LocalCifar10 | undefined> {
  const kind = await stat(root).catch(() => undefined);
  if (kind?.isFile()) return archiveAt(root);
  for (const path of [root, join(root, binaryFolder), join(root, pythonFolder)]) {
    const names = await listFolder(op, "cifar10", path);
    for (const { name } of [...release.train, ...release.test]) {
      if (names.includes(`${name}.bin`)) return { version: "binary", isArchive: false, path };
      if (names.includes(name)) return { version: "python", isArchive: false, path };
    }
    const archive = archives.find((name) => names.includes(name));
    if (archive !== undefined) return archiveAt(join(path, archive));
  }
  return undefined;
}

function archiveAt(path: string): LocalCifar10 {
  return { version: basename(path).includes("python") ? "python" : "binary", isArchive: true, path };
}

/**
 * Reads some of the six files, checking sizes and labels; whatever the version, the result is in the form of the
 * binary one.
 *
 * Throws    DataError `cifar10/missing`, `cifar10/truncated`, `cifar10/size`, `cifar10/label`, `cifar10/batch`,
 *           `archive/...`, `pickle/...`; `cifar10/md5` is given to the rules
 */
export async function readLocalCifar10(
  op: string,
  local: LocalCifar10,
  files: readonly BatchFile[],
  { recordsPerFile }: Cifar10Release,
  rules: DataRules,
): Promise<Uint8Array[]> {
  const fileName = ({ name }: BatchFile) => (local.version === "binary" ? `${name}.bin` : name);
  const limitBytes = 2 * recordsPerFile * recordBytes;
  const unpacked = local.isArchive
    ? await readTarGz({ op, file: local.path, wanted: files.map(fileName), entryLimitBytes: limitBytes })
    : undefined;
  const found: Uint8Array[] = [];
  for (const file of files) {
    const path = join(local.path, fileName(file));
    const bytes = unpacked?.get(fileName(file)) ?? (await readRegularFile({ op, area: "cifar10", path, limitBytes }));
    if (local.version === "binary") checkRecords(op, path, bytes, recordsPerFile);
    const records = local.version === "binary" ? bytes : pythonBatchRecords(op, path, bytes, recordsPerFile);
    const unofficial = differenceFromOfficial(op, path, records, file);
    if (unofficial !== undefined) rules.onUnofficial(unofficial);
    found.push(records);
  }
  return found;
}
