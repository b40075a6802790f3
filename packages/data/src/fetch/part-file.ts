import { open } from "node:fs/promises";

/** A file being written from front to back. */
interface PartFile {
  write(bytes: Uint8Array): Promise<void>;
  /** Everything written is on the disk, not just in the system's buffers. */
  close(): Promise<void>;
}

export type OpenPartFile = (path: string, mode: "start" | "continue") => Promise<PartFile>;

export const openPartFile: OpenPartFile = async (path, mode) => {
  const handle = await open(path, mode === "start" ? "w" : "a");
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
