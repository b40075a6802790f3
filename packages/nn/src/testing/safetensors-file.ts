import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@tapegrad/test-support";

export const newPath = (): string => join(temporaryFolder(), "weights.safetensors");

export interface FileEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

export const entry = (dtype: string, shape: readonly number[], begin: number, end: number): FileEntry => ({ dtype, shape, data_offsets: [begin, end] });

/** A file of a header and data; the header is JSON unless it is given as text or bytes. */
export function fileOf(header: unknown, data: number | Uint8Array, length?: number): string {
  const json = header instanceof Uint8Array ? header : Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(length ?? json.length));
  const path = newPath();
  writeFileSync(path, Buffer.concat([prefix, json, typeof data === "number" ? Buffer.alloc(data) : data]));
  return path;
}
