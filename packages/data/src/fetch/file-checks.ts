import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { DataError } from "@tapegrad/tensor";
import { fileError } from "./file-error.ts";

/** What a file must be: as long as this, and with the checksums that are given. */
export interface FileChecks {
  readonly bytes: number;
  /** Hexadecimal. */
  readonly md5?: string | undefined;
  /** As in a lock file: "sha512-" and base64. */
  readonly integrity?: string | undefined;
}

export function md5Of(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}

interface CheckedFile {
  readonly op: string;
  /** First half of the error's code. */
  readonly area: string;
  readonly path: string;
  /** What the error calls it, if not by its path: where it came from. */
  readonly name?: string;
}

/**
 * Reads the file once and compares it with what it must be. One of another size is not read at all.
 *
 * Throws    DataError `AREA/size`, `AREA/md5`, `AREA/integrity`
 */
export async function checkFile({ op, area, path, name = path }: CheckedFile, checks: FileChecks): Promise<void> {
  const md5 = checks.md5 === undefined ? undefined : createHash("md5");
  const [algorithm = "", digest] = checks.integrity?.split("-", 2) ?? [];
  const integrity = digest === undefined ? undefined : createHash(algorithm);
  let bytes: number;
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      bytes = await sizeOf(handle);
      if (bytes === checks.bytes)
        for await (const chunk of handle.createReadStream({ highWaterMark: 1 << 20, autoClose: false })) {
          const part = chunk as Buffer;
          md5?.update(part);
          integrity?.update(part);
        }
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileError({ op, area, doing: "reading", path }, error);
  }
  if (checks.bytes !== bytes)
    throw mismatch(op, `${area}/size`, name, `it has ${bytes} bytes`, String(checks.bytes), String(bytes));
  const md5Found = md5?.digest("hex");
  if (checks.md5 !== undefined && md5Found !== undefined && md5Found !== checks.md5)
    throw mismatch(op, `${area}/md5`, name, `its md5 is ${md5Found}`, checks.md5, md5Found);
  const integrityFound = integrity === undefined ? undefined : `${algorithm}-${integrity.digest("base64")}`;
  if (checks.integrity !== undefined && integrityFound !== checks.integrity)
    throw mismatch(op, `${area}/integrity`, name, "its integrity differs", checks.integrity, integrityFound ?? "");
}

/** Of a file; a pipe or a device has no content to check. */
async function sizeOf(handle: FileHandle): Promise<number> {
  const stat = await handle.stat();
  return stat.isFile() ? stat.size : 0;
}

function mismatch(op: string, code: string, name: string, what: string, expected: string, found: string): DataError {
  return new DataError({
    op,
    fact: `${name} is not the expected file: ${what}`,
    code,
    details: [`expected  ${expected}`, `found     ${found}`],
    data: { file: name, expected, found },
  });
}
