import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { DataError } from "@tapegrad/tensor";
import { fileError, systemCode } from "./file-error.ts";

interface WholeFile {
  readonly op: string;
  /** First half of the error's code. */
  readonly area: string;
  readonly path: string;
  /** A larger file is refused before anything of it is read. */
  readonly limitBytes: number;
}

/**
 * The content of a file. What it is and how large is looked at first: a pipe would be waited for, a device never ends.
 *
 * Throws    DataError `AREA/missing`, `AREA/permission`, `AREA/io`, `AREA/not-a-file`, `AREA/size`
 */
export async function readWhole(file: WholeFile): Promise<Uint8Array> {
  const { op, area, path, limitBytes } = file;
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) throw new DataError({ op, fact: `${path} is not a file`, code: `${area}/not-a-file`, data: { path } });
      if (stat.size > limitBytes)
        throw new DataError({
          op,
          fact: `${path} has ${stat.size} bytes, more than ${limitBytes}`,
          code: `${area}/size`,
          data: { path, bytes: stat.size, limitBytes },
        });
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileError({ op, area, doing: "reading", path }, error);
  }
}

/** As `readWhole`; `undefined` if there is no such file. */
export async function readIfThere(file: WholeFile): Promise<Uint8Array | undefined> {
  try {
    return await readWhole(file);
  } catch (error) {
    if (error instanceof DataError && systemCode(error.cause) === "ENOENT") return undefined;
    throw error;
  }
}
