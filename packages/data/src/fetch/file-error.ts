import { DataError } from "@tapegrad/tensor";

/** The system's own code of an error ("ENOSPC"), if it has one. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Never empty: a connection refused on every address of a host is an AggregateError without a message. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || (systemCode(error) ?? error.name) : String(error);
}

/** The first line of an error, without the operation it begins with, for a message that names that itself. */
export function factOf(error: DataError): string {
  const [first = ""] = error.message.split("\n");
  return first.slice(first.indexOf(": ") + 2);
}

interface FileErrorContext {
  readonly op: string;
  /** First half of the error's code: "download" gives `download/disk-full`. */
  readonly area: string;
  /** What was being done: "writing", "reading", "making the folder". */
  readonly doing: string;
  readonly path: string;
}

interface Reading {
  readonly kind: string;
  readonly fact: string;
  readonly hint?: string;
}

// EDQUOT and EFBIG are what a full quota and a file size limit say instead of ENOSPC.
const readings: Readonly<Record<string, Reading>> = {
  ENOSPC: { kind: "disk-full", fact: "no space left on the disk", hint: "free some space and start again" },
  EDQUOT: { kind: "disk-full", fact: "the disk quota is used up", hint: "free some space and start again" },
  EFBIG: { kind: "disk-full", fact: "the file size limit is reached", hint: "raise the limit (ulimit -f) and start again" },
  EACCES: { kind: "permission", fact: "permission denied" },
  EPERM: { kind: "permission", fact: "permission denied" },
  EROFS: { kind: "permission", fact: "the file system is read-only" },
  ENOENT: { kind: "missing", fact: "no such file or folder" },
  EMFILE: { kind: "io", fact: "too many files are open" },
  ENFILE: { kind: "io", fact: "too many files are open" },
  ELOOP: { kind: "io", fact: "a link that is not followed, or leads in a circle, is in the way" },
  EMLINK: { kind: "io", fact: "a file of several names is in the way" },
  EISDIR: { kind: "io", fact: "a folder is in the way" },
  EIO: { kind: "io", fact: "input or output failed" },
  ENOTDIR: { kind: "not-a-folder", fact: "a part of the path is a file, not a folder" },
  EEXIST: { kind: "not-a-folder", fact: "a part of the path is a file, not a folder" },
};

/** The DataError that says what a failed file operation means; a DataError passes through unchanged. */
export function fileError(context: FileErrorContext, error: unknown): DataError {
  if (error instanceof DataError) return error;
  const code = systemCode(error);
  const reading = (code === undefined ? undefined : readings[code]) ?? { kind: "io", fact: messageOf(error) };
  return new DataError({
    op: context.op,
    fact: `${reading.fact} while ${context.doing} ${context.path}`,
    code: `${context.area}/${reading.kind}`,
    ...(reading.hint === undefined ? {} : { hint: reading.hint }),
    data: { path: context.path },
    cause: error,
  });
}
