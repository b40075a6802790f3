import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { DataError } from "@tapegrad/tensor";
import { fileError } from "./file-error.ts";

/** What a file must be; whatever is given is checked. */
export interface FileChecks {
  readonly bytes?: number | undefined;
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
 * Reads the file once and compares it with what it must be.
 *
 * Throws    DataError `AREA/size`, `AREA/md5`, `AREA/integrity`
 */
export async function checkFile({ op, area, path, name = path }: CheckedFile, checks: FileChecks): Promise<void> {
  const md5 = checks.md5 === undefined ? undefined : createHash("md5");
  const [algorithm = "", digest] = checks.integrity?.split("-", 2) ?? [];
  const integrity = digest === undefined ? undefined : createHash(algorithm);
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
      const part = chunk as Buffer;
      bytes += part.length;
      md5?.update(part);
      integrity?.update(part);
    }
  } catch (error) {
    throw fileError({ op, area, doing: "reading", path }, error);
  }
  if (checks.bytes !== undefined && checks.bytes !== bytes)
    throw mismatch(op, `${area}/size`, name, `it has ${bytes} bytes`, String(checks.bytes), String(bytes));
  const md5Found = md5?.digest("hex");
  if (checks.md5 !== undefined && md5Found !== undefined && md5Found !== checks.md5)
    throw mismatch(op, `${area}/md5`, name, `its md5 is ${md5Found}`, checks.md5, md5Found);
  const integrityFound = integrity === undefined ? undefined : `${algorithm}-${integrity.digest("base64")}`;
  if (checks.integrity !== undefined && integrityFound !== checks.integrity)
    throw mismatch(op, `${area}/integrity`, name, "its integrity differs", checks.integrity, integrityFound ?? "");
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
