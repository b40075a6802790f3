import { promisify } from "node:util";
import { gunzip as gunzipCallback } from "node:zlib";
import { DataError } from "@tapegrad/tensor";
import { messageOf } from "../fetch/file-error.ts";

const unpack = promisify(gunzipCallback);

/**
 * Throws    DataError `gzip/damaged`, also when more than `limitBytes` would come out
 */
export async function gunzip(op: string, file: string, bytes: Uint8Array, limitBytes: number): Promise<Uint8Array> {
  try {
    return await unpack(bytes, { maxOutputLength: limitBytes });
  } catch (error) {
    throw new DataError({
      op,
      fact: `${file} is damaged or not a .gz file: ${messageOf(error)}`,
      code: "gzip/damaged",
      data: { file },
      cause: error,
    });
  }
}
