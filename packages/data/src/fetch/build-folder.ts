import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileError, systemCode } from "./file-error.ts";

/**
 * Makes a folder whole or not at all: `build` fills a new one beside it, which then takes the place of `target`.
 * If another process was faster, its folder stays and this one's is dropped.
 *
 * Throws    DataError `cache/disk-full`, `cache/permission`, `cache/not-a-folder`, and whatever `build` throws
 */
export async function buildFolder(op: string, target: string, build: (staging: string) => Promise<void>): Promise<void> {
  const parent = dirname(target);
  const prefix = `.${basename(target)}-in-work-`;
  let staging: string;
  try {
    await mkdir(parent, { recursive: true });
    await removeAbandoned(parent, prefix);
    staging = await mkdtemp(join(parent, `${prefix}${process.pid}-`));
  } catch (error) {
    throw fileError({ op, area: "cache", doing: "making the folder", path: target }, error);
  }
  try {
    await build(staging);
    await rename(staging, target);
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    const code = systemCode(error);
    if (code === "ENOTEMPTY" || code === "EEXIST") return;
    if (code === undefined) throw error;
    throw fileError({ op, area: "cache", doing: "filling the folder", path: target }, error);
  }
}

/** What killed processes left behind: their ids are in the names. */
async function removeAbandoned(parent: string, prefix: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix)) continue;
    const owner = Number.parseInt(name.slice(prefix.length), 10);
    if (!isRunning(owner)) await rm(join(parent, name), { recursive: true, force: true });
  }
}

function isRunning(processId: number): boolean {
  try {
    return process.kill(processId, 0);
  } catch (error) {
    return systemCode(error) === "EPERM";
  }
}
