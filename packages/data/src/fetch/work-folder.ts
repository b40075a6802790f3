import { randomBytes } from "node:crypto";
import { lstat, mkdir, readdir, rename, rm, utimes } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileError, systemCode } from "./file-error.ts";
import { hasEnded, ownIdentity } from "./process-identity.ts";

/** Where a folder is made. Nobody but this user can reach into it, so that no link of others' is ever followed. */
export interface WorkFolder {
  /** What a later run can use stays here: archives, and downloads that were interrupted. */
  readonly work: string;
  /** Becomes the folder. */
  readonly finished: string;
}

interface FolderPlan {
  readonly op: string;
  readonly target: string;
  /** Asked when there is a folder already: whether it may stay, because another process was faster. */
  isSound?(): Promise<boolean>;
}

const beatMs = 60_000;
/** Who owns a folder, and whether it still runs, may be impossible to know: then the folder counts as left after this time. */
const abandonedMs = 60 * 60_000;

/**
 * Makes a folder whole or not at all: `build` fills `finished` in a folder of work beside it, which then takes the place
 * of `target`; what was there before stays until then. A failed or killed build leaves its folder of work to the next one.
 *
 * Throws    DataError `cache/disk-full`, `cache/permission`, `cache/not-a-folder`, `cache/io`, and whatever `build` throws
 */
export async function buildFolder(plan: FolderPlan, build: (folder: WorkFolder) => Promise<void>): Promise<void> {
  const { op, target } = plan;
  const parent = dirname(target);
  let work: string;
  let finished: string;
  try {
    await mkdir(parent, { recursive: true });
    work = await takeWorkFolder(parent, basename(target));
    finished = join(work, "finished");
    await rm(finished, { recursive: true, force: true });
    // Not as private as what it lies in: others who share the cache are to read it.
    await mkdir(finished);
  } catch (error) {
    throw fileError({ op, area: "cache", doing: "making the folder", path: target }, error);
  }
  const beat = setInterval(() => void utimes(work, new Date(), new Date()).catch(() => undefined), beatMs).unref();
  try {
    await build({ work, finished });
    await putInPlace(plan, finished, work);
    await rm(work, { recursive: true, force: true });
  } catch (error) {
    await leave(work, finished, parent, basename(target));
    if (systemCode(error) === undefined) throw error;
    throw fileError({ op, area: "cache", doing: "filling the folder", path: target }, error);
  } finally {
    clearInterval(beat);
  }
}

const random = () => randomBytes(6).toString("hex");
const ownName = (name: string) => `.${name}-in-work-${ownIdentity().space}-${process.pid}-${random()}`;
const leftName = (name: string) => `.${name}-left-${random()}`;

/** Removes what killed processes left of building a folder that is there by now. */
export async function removeLeftWork(target: string): Promise<void> {
  const parent = dirname(target);
  const name = basename(target);
  for (const entry of await readdir(parent)) {
    if (!(await isLeft(parent, entry, name))) continue;
    // Under our own name first: another process may be about to take it over.
    const own = join(parent, ownName(name));
    await rename(join(parent, entry), own);
    await rm(own, { recursive: true, force: true });
  }
}

/** A new folder, or one that was left by a run that failed or was killed; of several one, the others are removed. */
async function takeWorkFolder(parent: string, name: string): Promise<string> {
  let taken: string | undefined;
  for (const entry of await readdir(parent)) {
    if (!(await isLeft(parent, entry, name))) continue;
    const own = join(parent, ownName(name));
    try {
      // Only one of several processes can do this.
      await rename(join(parent, entry), own);
    } catch {
      continue;
    }
    if (taken === undefined) taken = own;
    else await rm(own, { recursive: true, force: true });
  }
  if (taken !== undefined) return taken;
  const made = join(parent, ownName(name));
  await mkdir(made, { mode: 0o700 });
  return made;
}

/** Whether an entry of the cache folder is a folder of work, of this user alone, that nobody works in. */
async function isLeft(parent: string, entry: string, name: string): Promise<boolean> {
  const isReleased = entry.startsWith(`.${name}-left-`);
  const prefix = `.${name}-in-work-`;
  if (!isReleased && !entry.startsWith(prefix)) return false;
  const found = await lstat(join(parent, entry)).catch(() => undefined);
  if (found?.isDirectory() !== true) return false;
  if (process.getuid !== undefined && (found.uid !== process.getuid() || (found.mode & 0o077) !== 0)) return false;
  if (isReleased || Date.now() - found.mtimeMs > abandonedMs) return true;
  const [, space = "", pid = ""] = /^([0-9a-f]{12})-(\d+)-/.exec(entry.slice(prefix.length)) ?? [];
  return hasEnded({ space, pid: Number(pid) });
}

async function putInPlace({ target, isSound }: FolderPlan, finished: string, work: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await rename(finished, target);
    } catch (error) {
      // EPERM is what Windows says.
      if (!["ENOTEMPTY", "EEXIST", "ENOTDIR", "EPERM"].includes(systemCode(error) ?? "") || attempt === 5) throw error;
    }
    if (isSound !== undefined && (await isSound())) return;
    const old = join(work, `old-${random()}`);
    try {
      await rename(target, old);
    } catch (error) {
      // Another process is doing the same.
      if (systemCode(error) !== "ENOENT") throw error;
    }
  }
}

/** Gives up a folder of work: what a later run can use stays. The error that led here is the one to tell. */
async function leave(work: string, finished: string, parent: string, name: string): Promise<void> {
  try {
    await rm(finished, { recursive: true, force: true });
    if ((await readdir(work)).length === 0) await rm(work, { recursive: true });
    else await rename(work, join(parent, leftName(name)));
  } catch {
    // It stays under its name, which says whose it was.
  }
}
