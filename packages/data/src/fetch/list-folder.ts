import { readdir } from "node:fs/promises";
import { fileError, systemCode } from "./file-error.ts";

/**
 * The names in a folder; none if it does not exist or is a file.
 *
 * Throws    DataError `AREA/permission`, `AREA/io`
 */
export async function listFolder(op: string, area: string, path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(error) ?? "")) return [];
    throw fileError({ op, area, doing: "reading", path }, error);
  }
}
