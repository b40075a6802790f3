import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** A file that cannot be written: told in one line, without a stack. */
export class OutputError extends Error {}

/**
 * Makes sure that a file can be written, as far as anyone can know beforehand: what a training has found must not be lost
 * because of a typing error on its command line. Leaves nothing behind.
 *
 * Throws OutputError.
 */
export function checkOutputFile(option: string, path: string): void {
  told(`--${option} ${path}`, () => {
    const full = resolve(path);
    if (nearestExisting(full) === full && statSync(full).isDirectory()) throw new OutputError(`--${option} ${path}: is a folder`);
    tryOut(option, path, dirname(full), 4096);
  });
}

/** The same for a folder that so many bytes are to be written into. Throws OutputError. */
export function checkOutputFolder(option: string, path: string, bytes: number): void {
  told(`--${option} ${path}`, () => tryOut(option, path, resolve(path), bytes));
}

/** Writes into the folder, or the one above it that exists, and takes it away again. */
function tryOut(option: string, path: string, folder: string, bytes: number): void {
  const existing = nearestExisting(folder);
  if (!statSync(existing).isDirectory()) throw new OutputError(`--${option} ${path}: ${existing} is a file, not a folder`);
  const probe = partialName(join(existing, "probe"));
  try {
    writeNew(probe, Buffer.alloc(bytes));
  } finally {
    rmSync(probe, { force: true });
  }
}

/** The path itself, or what exists above it: where something is in the way, that is found out by writing. */
function nearestExisting(path: string): string {
  try {
    if (statSync(path, { throwIfNoEntry: false }) !== undefined) return path;
  } catch (error) {
    if (!["ENOTDIR", "EACCES"].includes(codeOf(error) ?? "")) throw error;
  }
  const above = dirname(path);
  return above === path ? path : nearestExisting(above);
}

/** Does the work; an error of the system becomes one line. */
function told(what: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (error instanceof OutputError) throw error;
    throw new OutputError(`${what}: ${reasonOf(error)}`, { cause: error });
  }
}

/**
 * Writes a file that appears under its name only when it is whole; makes its folder.
 *
 * Throws OutputError; then the old file is as it was.
 */
export function writeWhole(path: string, content: string): void {
  told(`${path} could not be written`, () => {
    mkdirSync(dirname(path), { recursive: true });
    const partial = partialName(path);
    try {
      writeNew(partial, content);
      renameSync(partial, path);
    } catch (error) {
      rmSync(partial, { force: true });
      throw error;
    }
  });
}

/**
 * Writes one output after the other; what cannot be written does not keep the others from being.
 *
 * Throws OutputError with a line for each that failed.
 */
export function writeEach(outputs: readonly (() => unknown)[]): void {
  const failures: string[] = [];
  for (const write of outputs) {
    try {
      write();
    } catch (error) {
      failures.push(error instanceof Error ? error.message : "it failed");
    }
  }
  if (failures.length > 0) throw new OutputError(failures.join("\n"));
}

/** A name that nobody can foresee, and put a link in the place of. */
function partialName(path: string): string {
  return `${path}.${randomBytes(6).toString("hex")}.part`;
}

function writeNew(path: string, content: string | Uint8Array): void {
  const file = openSync(path, "wx");
  try {
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  ENOSPC: "no space left on the disk",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file size limit is reached",
  EISDIR: "is a folder",
  ENOTDIR: "a part of the path is a file, not a folder",
  EEXIST: "a part of the path is a file, not a folder",
  ENAMETOOLONG: "the name is too long",
};

function reasonOf(error: unknown): string {
  const reason = reasons[codeOf(error) ?? ""];
  return reason ?? (error instanceof Error ? error.message : "it failed");
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
