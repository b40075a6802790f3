import { fileError } from "./file-error.ts";
import { openPartFile, type OpenPartFile } from "./part-file.ts";

interface WrittenFile {
  readonly op: string;
  /** First half of the errors' codes. */
  readonly area: string;
  readonly path: string;
  readonly mode: "start" | "continue";
}

type Write = (bytes: Uint8Array) => Promise<void>;

/**
 * Writes what `body` gives it, and waits until it is on the disk. An error of `body` itself passes through.
 *
 * Throws    DataError `AREA/disk-full`, `AREA/permission`, `AREA/missing`
 */
export async function writeFile(
  { op, area, path, mode }: WrittenFile,
  openFile: OpenPartFile = openPartFile,
  body: (write: Write) => Promise<void>,
): Promise<void> {
  const told = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw fileError({ op, area, doing: "writing", path }, error);
    }
  };
  const file = await told(openFile(path, mode));
  try {
    await body((bytes) => told(file.write(bytes)));
  } catch (error) {
    // The first error is the one to tell: closing what could not be written fails as well.
    await file.close().catch(() => undefined);
    throw error;
  }
  await told(file.close());
}

/** Writes a whole file into the cache. Throws as `writeFile`, with the area "cache". */
export function writeCacheFile(op: string, path: string, bytes: Uint8Array, openFile?: OpenPartFile): Promise<void> {
  return writeFile({ op, area: "cache", path, mode: "start" }, openFile, (write) => write(bytes));
}
