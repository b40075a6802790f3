import { posix } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { DataError, listLines, reasonOf, showName, showPath } from "@tapegrad/tensor";
import { withRegularFile } from "./read-regular-file.ts";
import { TarEntries, type TarSink } from "./tar-entries.ts";

interface TarGzOptions {
  readonly op: string;
  readonly file: string;
  /** File names, without folders. */
  readonly wanted: readonly string[];
  /** No wanted file is larger; a larger one is refused before it is unpacked. */
  readonly entryLimitBytes: number;
}

/** How much an archive may unpack to besides what is wanted: images hardly get smaller, and a kilobyte can become a megabyte. */
const mostRatio = 16;
const mostBesides = 1 << 26;

interface Found {
  readonly files: Map<string, Uint8Array>;
  readonly tooLarge: string[];
}

/**
 * Unpacks the wanted files of a .tar.gz archive into memory.
 *
 * Throws    DataError `archive/damaged`, `archive/entry-missing`, `archive/entry-size`, `archive/entry-twice`, `archive/ratio`,
 *           `archive/missing`, `archive/not-a-file`
 */
export async function readTarGz({ op, file, wanted, entryLimitBytes }: TarGzOptions): Promise<Map<string, Uint8Array>> {
  const shown = showPath(file);
  const { files, tooLarge } = await withRegularFile({ op, area: "archive", path: file }, async (handle, packedBytes) => {
    const limit = wanted.length * entryLimitBytes + mostBesides + mostRatio * packedBytes;
    try {
      return await unpack(handle.createReadStream({ autoClose: false, highWaterMark: 1 << 18 }), limit);
    } catch (error) {
      if (error instanceof DataError) throw error;
      throw new DataError({
        op,
        fact: `${shown} is damaged or not a .tar.gz archive: ${reasonOf(error)}`,
        code: "archive/damaged",
        data: { path: file },
        cause: error,
      });
    }
  });

  async function unpack(packed: NodeJS.ReadableStream, limit: number): Promise<Found> {
    const found: Found = { files: new Map(), tooLarge: [] };
    const entries = new TarEntries(({ path, size }): TarSink => {
      const name = posix.basename(path);
      if (!wanted.includes(name)) return null;
      if (size > entryLimitBytes) {
        if (found.tooLarge.length < wanted.length) found.tooLarge.push(`${showName(path)}  ${size} bytes`);
        return null;
      }
      if (found.files.has(name))
        throw new DataError({ op, fact: `${shown} holds ${name} twice`, code: "archive/entry-twice", data: { path: file, name } });
      const bytes = new Uint8Array(size);
      found.files.set(name, bytes);
      let filled = 0;
      return (part) => {
        bytes.set(part, filled);
        filled += part.length;
      };
    });
    let unpackedBytes = 0;
    const take = (chunk: Uint8Array): void => {
      unpackedBytes += chunk.length;
      if (unpackedBytes > limit)
        throw new DataError({
          op,
          fact: `${shown} unpacks to more than ${limit} bytes, which is far more than it should hold`,
          code: "archive/ratio",
          data: { path: file, limit },
        });
      entries.take(chunk);
    };
    let fault: unknown;
    await pipeline(packed, createGunzip(), async (chunks: AsyncIterable<Buffer>) => {
      try {
        for await (const chunk of chunks) take(chunk);
      } catch (error) {
        fault = error;
        throw error;
      }
    }).catch((error: unknown) => {
      // What is thrown above stops the streams before it, and they say that they were stopped.
      throw fault ?? error;
    });
    entries.end();
    return found;
  }

  if (tooLarge.length > 0)
    throw new DataError({
      op,
      fact: `${shown} holds files larger than ${entryLimitBytes} bytes`,
      code: "archive/entry-size",
      details: listLines(tooLarge, (line) => line),
      data: { path: file },
    });
  const missing = wanted.filter((name) => !files.has(name));
  if (missing.length > 0)
    throw new DataError({
      op,
      fact: `${shown} holds no ${missing.join(", ")}`,
      code: "archive/entry-missing",
      data: { path: file, missing },
    });
  return files;
}
