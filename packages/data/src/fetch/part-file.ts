import { constants } from "node:fs";
import { lstat, open, unlink } from "node:fs/promises";

/** A file being written from front to back. */
interface PartFile {
  write(bytes: Uint8Array): Promise<void>;
  /** Everything written is on the disk, not just in the system's buffers. */
  close(): Promise<void>;
}

export type OpenPartFile = (path: string, mode: "start" | "continue") => Promise<PartFile>;

const { O_WRONLY, O_CREAT, O_EXCL, O_APPEND, O_NOFOLLOW, O_NONBLOCK } = constants;

/**
 * Opens a file of our own: a new one in place of a file or link of its name, or one to continue. A link, which others
 * might have put there, is never followed.
 */
export const openPartFile: OpenPartFile = async (path, mode) => {
  if (mode === "start") await clear(path);
  // What Windows has no flag for is undefined there, and counts as none.
  const handle = await open(path, O_WRONLY | O_NOFOLLOW | (mode === "start" ? O_CREAT | O_EXCL : O_APPEND | O_NONBLOCK), 0o666);
  if (mode === "continue") {
    const { nlink } = await handle.stat();
    if (nlink > 1) {
      await handle.close();
      throw Object.assign(new Error("EMLINK: the file has another name"), { code: "EMLINK" });
    }
  }
  return {
    async write(bytes) {
      for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at)).bytesWritten;
    },
    async close() {
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    },
  };
};

/** Anything else of that name, a device or a folder, stays, and makes opening fail. */
async function clear(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isFile() === true || found?.isSymbolicLink() === true) await unlink(path);
}
