import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "@tapegrad/tensor";
import type { FetchEvents } from "./fetch-events.ts";
import { runCommand, type Command } from "./run-command.ts";

interface DebianPackageOptions extends FetchEvents {
  readonly op: string;
  readonly folder: string;
  readonly apt?: Command;
  readonly dpkg?: Command;
}

/**
 * Has the user's own apt-get download a Debian package and dpkg-deb unpack it into `folder`: neither needs to be root,
 * and nothing is installed. The files lie under `folder` as they would under `/`.
 *
 * Throws    DataError `debian-package/not-installed`, `debian-package/failed`, `debian-package/aborted`,
 *           `debian-package/disk-full`, `debian-package/missing`
 */
export async function debianPackage(name: string, options: DebianPackageOptions): Promise<void> {
  const { op, folder, signal, onProgress, apt = { file: "apt-get", args: [] }, dpkg = { file: "dpkg-deb", args: [] } } = options;
  const context = { op, area: "debian-package", folder, signal };
  onProgress?.({ step: `apt-get download ${name}`, doneBytes: 0, totalBytes: undefined });
  await runCommand({ file: apt.file, args: [...apt.args, "download", name] }, context);
  const archive = (await readdir(folder)).find((file) => file.startsWith(`${name}_`) && file.endsWith(".deb"));
  if (archive === undefined)
    throw new DataError({ op, fact: `\`apt-get download ${name}\` left no package`, code: "debian-package/missing" });
  await runCommand({ file: dpkg.file, args: [...dpkg.args, "-x", join(folder, archive), folder] }, context);
}
