import { basename } from "node:path";
import { DataError } from "@tapegrad/tensor";
import { list } from "tar";
import { fileError, messageOf, systemCode } from "../fetch/file-error.ts";

interface TarGzOptions {
  readonly op: string;
  readonly file: string;
  /** File names, without folders. */
  readonly wanted: readonly string[];
  /** No wanted file is larger; a larger one is refused before it is unpacked. */
  readonly entryLimitBytes: number;
}

/**
 * Unpacks the wanted files of a .tar.gz archive into memory.
 *
 * Throws    DataError `archive/damaged`, `archive/entry-missing`, `archive/entry-size`, `archive/missing`
 */
export async function readTarGz({ op, file, wanted, entryLimitBytes }: TarGzOptions): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  const arriving: Promise<void>[] = [];
  const tooLarge: string[] = [];
  try {
    await list({
      file,
      strict: true,
      onReadEntry(entry) {
        const name = basename(entry.path);
        if (entry.type !== "File" || !wanted.includes(name)) return;
        if (entry.size > entryLimitBytes) tooLarge.push(`${entry.path}  ${entry.size} bytes`);
        else arriving.push(entry.concat().then((bytes) => void found.set(name, bytes)));
      },
    });
    await Promise.all(arriving);
  } catch (error) {
    // The tar library gives its own findings codes as well (TAR_*, Z_*); the system's are plain E* names.
    if (/^E[A-Z]+$/.test(systemCode(error) ?? "")) throw fileError({ op, area: "archive", doing: "reading", path: file }, error);
    throw new DataError({
      op,
      fact: `${file} is damaged or not a .tar.gz archive: ${messageOf(error)}`,
      code: "archive/damaged",
      data: { path: file },
      cause: error,
    });
  }
  if (tooLarge.length > 0)
    throw new DataError({
      op,
      fact: `${file} holds files larger than ${entryLimitBytes} bytes`,
      code: "archive/entry-size",
      details: tooLarge,
      data: { path: file },
    });
  const missing = wanted.filter((name) => !found.has(name));
  if (missing.length > 0)
    throw new DataError({
      op,
      fact: `${file} holds no ${missing.join(", ")}`,
      code: "archive/entry-missing",
      data: { path: file, missing },
    });
  return found;
}
