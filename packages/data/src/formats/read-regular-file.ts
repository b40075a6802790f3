import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { DataError, showPath } from "@tapegrad/tensor";
import { fileError, systemCode } from "../fetch/file-error.ts";

interface RegularFile {
  readonly op: string;
  /** First half of the errors' codes. */
  readonly area: string;
  readonly path: string;
}

/**
 * Opens a file for `read` and closes it after. What it is and how large is asked first: a named pipe would be waited for, a device
 * never ends.
 *
 * Throws    DataError `AREA/missing`, `AREA/permission`, `AREA/not-a-file`, `AREA/io`, and what `read` throws
 */
export async function withRegularFile<T>({ op, area, path }: RegularFile, read: (file: FileHandle, bytes: number) => Promise<T>): Promise<T> {
  const told = async <V>(work: Promise<V>): Promise<V> => {
    try {
      return await work;
    } catch (error) {
      throw fileError({ op, area, doing: "reading", path }, error);
    }
  };
  const { O_RDONLY, O_NONBLOCK = 0 } = constants;
  const file = await told(open(path, O_RDONLY | O_NONBLOCK));
  try {
    const stats = await told(file.stat());
    if (!stats.isFile())
      throw new DataError({
        op,
        fact: `${showPath(path)} is ${stats.isDirectory() ? "a folder" : "not a regular file"}`,
        code: `${area}/not-a-file`,
        data: { path },
      });
    return await read(file, stats.size);
  } finally {
    await file.close();
  }
}

/**
 * A file's content. One of more than `limitBytes` is the wrong file, whatever it holds, and is not read.
 *
 * Throws    DataError `AREA/size`, and as `withRegularFile`
 */
export function readRegularFile({ limitBytes, ...place }: RegularFile & { readonly limitBytes: number }): Promise<Uint8Array> {
  const { op, area, path } = place;
  return withRegularFile(place, async (file, bytes) => {
    if (bytes > limitBytes)
      throw new DataError({
        op,
        fact: `${showPath(path)} has ${bytes} bytes, more than the ${limitBytes} that it can have`,
        code: `${area}/size`,
        data: { path, bytes, limitBytes },
      });
    const content = new Uint8Array(bytes);
    let done = 0;
    try {
      while (done < bytes) {
        const { bytesRead } = await file.read(content, done, bytes - done, done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
    } catch (error) {
      throw fileError({ ...place, doing: "reading" }, error);
    }
    return content.subarray(0, done);
  });
}

/** As `readRegularFile`; `undefined` if there is no such file. */
export async function readIfThere(file: Parameters<typeof readRegularFile>[0]): Promise<Uint8Array | undefined> {
  try {
    return await readRegularFile(file);
  } catch (error) {
    if (error instanceof DataError && systemCode(error.cause) === "ENOENT") return undefined;
    throw error;
  }
}
