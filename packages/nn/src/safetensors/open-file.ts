import { reasonOf, SerializationError, showPath } from "@tapegrad/tensor";
import { malformed, type FileOfOp } from "./format-errors.ts";
import { mostHeaderBytes } from "./limits.ts";

const { closeSync, constants, fstatSync, openSync, readSync } = process.getBuiltinModule("node:fs");

/** A file whose header was read and whose data was not. */
export interface OpenFile {
  readonly header: Buffer;
  readonly dataBytes: number;
  /** Fills `target` with the data from `begin` on. */
  readData(begin: number, target: Uint8Array): void;
}

/**
 * Opens a file for `read` and closes it after. Its type and size are asked for first; then no more is read than is there.
 *
 * Throws    SerializationError `safetensors/read`, `safetensors/format`, and what `read` throws
 */
export function withFile<T>(file: FileOfOp, read: (open: OpenFile) => T): T {
  const handle = told(file, () => {
    // Else the opening of a named pipe would wait for somebody to write to it.
    const { O_RDONLY, O_NONBLOCK = 0 } = constants;
    return openSync(file.path, O_RDONLY | O_NONBLOCK);
  });
  try {
    return read(readHeader(file, handle));
  } finally {
    closeSync(handle);
  }
}

function readHeader(file: FileOfOp, handle: number): OpenFile {
  const stats = told(file, () => fstatSync(handle));
  if (!stats.isFile()) throw unreadable(file, stats.isDirectory() ? "it is a folder" : "it is not a regular file");
  const { size } = stats;
  if (size < 8) throw malformed(file, `${size} bytes are too few for a header`);
  const prefix = Buffer.alloc(8);
  fill(file, handle, 0, prefix);
  const length = prefix.readBigUInt64LE();
  if (length > BigInt(mostHeaderBytes)) throw malformed(file, `the header has ${length} bytes, the format permits ${mostHeaderBytes}`);
  if (length > BigInt(size - 8)) throw malformed(file, `the header needs ${length} bytes, but only ${size - 8} follow`);
  const header = Buffer.alloc(Number(length));
  fill(file, handle, 8, header);
  const dataStart = 8 + header.length;
  return { header, dataBytes: size - dataStart, readData: (begin, target) => fill(file, handle, dataStart + begin, target) };
}

function fill(file: FileOfOp, handle: number, position: number, target: Uint8Array): void {
  for (let done = 0; done < target.length; ) {
    const count = told(file, () => readSync(handle, target, done, Math.min(target.length - done, mostAtOnce), position + done));
    if (count === 0) throw malformed(file, "it became shorter while it was read");
    done += count;
  }
}

/** Systems read less than 2 GiB at once. */
const mostAtOnce = 1 << 30;

function told<T>(file: FileOfOp, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw unreadable(file, reasonOf(cause), cause);
  }
}

function unreadable({ op, path }: FileOfOp, why: string, cause?: unknown): SerializationError {
  return new SerializationError({ op, fact: `${showPath(path)} cannot be read: ${why}`, code: "safetensors/read", data: { path }, ...(cause === undefined ? {} : { cause }) });
}
