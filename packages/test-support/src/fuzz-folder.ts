import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A number from 0 to below a limit. */
export type RandomBelow = (limit: number) => number;

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** A new folder for the files that a parser is attacked with, gone when the process ends. Where memory can be had as a folder, the disk has nothing to do. */
export function fuzzFolder(): string {
  const folder = mkdtempSync(join(isWritable("/dev/shm") ? "/dev/shm" : tmpdir(), "tapegrad-fuzz-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
