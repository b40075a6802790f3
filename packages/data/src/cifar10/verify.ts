import type { ErrorParts } from "@tapegrad/tensor";
import { md5Of } from "../fetch/file-checks.ts";
import type { BatchFile } from "./official.ts";

/** What the error `cifar10/md5` says if the records of a file are not the official ones. */
export function differenceFromOfficial(op: string, path: string, records: Uint8Array, file: BatchFile): ErrorParts | undefined {
  const found = md5Of(records);
  if (found === file.md5) return undefined;
  return {
    op,
    fact: `${path} is not the official ${file.name}: the md5 of its records is ${found}`,
    code: "cifar10/md5",
    details: [`expected  ${file.md5}`, `found     ${found}`],
    data: { path, expected: file.md5, found },
  };
}
