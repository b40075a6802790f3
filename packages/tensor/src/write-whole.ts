import type { Stats } from "node:fs";
import { isPartialName, isPartialOfDeadWriter, newPartialName } from "./partial-name.ts";

// Asked for, not imported: an import of node:fs makes Node load all of it, streams and promises too, which takes 3 ms.
const {
  chmodSync, chownSync, closeSync, constants, fsyncSync, lstatSync, opendirSync, openSync, readlinkSync, renameSync, statSync, unlinkSync, writeSync,
} = process.getBuiltinModule("node:fs");
const { basename, dirname, join, resolve } = process.getBuiltinModule("node:path");

/**
 * Writes a file so that whoever reads its path finds the old content or the new, whole: a partial file beside it is written,
 * brought to the disk and renamed. Any number of threads, processes and containers may write one path at once; the last one wins.
 *
 * - The partial file has a random name and is opened exclusively: it neither follows a link nor touches a file that is there.
 * - A path that is a symbolic link stays one: the file that it leads to is replaced, as if it had been opened and written.
 * - The mode of a file that is replaced is kept, the owner too where the system permits it.
 * - After the rename the folder is brought to the disk as well: the name is there after a loss of power.
 * - Partial files that a killed writer left in the folder are removed.
 *
 * `parts` is read as the file is written, so that no more than one part need be in memory.
 *
 * Throws    the system's error (ENOENT, ENOSPC, ...), or what `parts` throws; the old file is then as it was and no partial file is left
 */
export function writeWhole(path: string, parts: Iterable<Uint8Array>): void {
  const target = linkTarget(path);
  const old = statOf(target);
  if (old !== null && !old.isFile()) throw notAFile(target, old);
  const folder = dirname(target);
  const partial = join(folder, newPartialName());
  // From the start with no more permissions than the file will have.
  const file = openSync(partial, "wx", old === null ? 0o666 : old.mode & 0o777);
  try {
    try {
      if (old !== null) takeAfter(partial, old);
      for (const part of parts) for (let done = 0; done < part.length; ) done += writeSync(file, part, done);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(partial, target);
  } catch (error) {
    removeIfThere(partial);
    throw error;
  }
  syncFolder(folder);
  removeLeftovers(folder);
}

/** Where a chain of symbolic links ends, at a file or at nothing; the path itself where there is none. */
function linkTarget(path: string): string {
  let target = resolve(path);
  // Linux gives up after 40 as well.
  for (let links = 0; links < 40; links++) {
    let link: string;
    try {
      link = readlinkSync(target);
    } catch {
      // No link, or nothing there: what is wrong with the path, opening it will tell.
      return target;
    }
    target = resolve(dirname(target), link);
  }
  throw systemError("ELOOP", "too many symbolic links encountered", path);
}

function statOf(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch {
    return null;
  }
}

function notAFile(path: string, stats: Stats): Error {
  return stats.isDirectory() ? systemError("EISDIR", "illegal operation on a directory", path) : systemError("EINVAL", "not a regular file", path);
}

/** An error as the system's are. */
function systemError(code: string, what: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${what}, open '${path}'`), { code, path });
}

/** Gives a new file the owner and the mode of the one that it will replace. */
function takeAfter(partial: string, old: Stats): void {
  const own = statSync(partial);
  if (own.uid !== old.uid || own.gid !== old.gid) {
    try {
      chownSync(partial, old.uid, old.gid);
    } catch {
      // Only root may give files away; a file that can be written is worth more than its owner.
    }
  }
  // What the process's mask took off. Special bits are not kept, as when a file is written in place.
  if ((own.mode & 0o777) !== (old.mode & 0o777)) chmodSync(partial, old.mode & 0o777);
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // The first error is the one to tell.
  }
}

/** Windows and some network file systems cannot bring a folder to the disk by itself; the file is whole without. */
function syncFolder(folder: string): void {
  try {
    const handle = openSync(folder, constants.O_RDONLY);
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch {
    // See above.
  }
}

/** The new file is in its place: what goes wrong in here is no reason to say that it could not be written. */
function removeLeftovers(folder: string): void {
  try {
    const entries = opendirSync(folder);
    try {
      for (let entry = entries.readSync(); entry !== null; entry = entries.readSync()) {
        if (!entry.isFile() || !isPartialName(entry.name)) continue;
        const path = join(folder, basename(entry.name));
        if (isPartialOfDeadWriter(entry.name, () => statSync(path).mtimeMs)) removeIfThere(path);
      }
    } finally {
      entries.closeSync();
    }
  } catch {
    // See above.
  }
}
