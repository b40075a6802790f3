import { spawn } from "node:child_process";
import { DataError } from "@tapegrad/tensor";
import { fileError, systemCode } from "./file-error.ts";

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

interface RunOptions {
  readonly op: string;
  /** First half of the errors' codes. */
  readonly area: string;
  readonly folder: string;
  readonly signal?: AbortSignal | undefined;
}

const shownLines = 6;

/**
 * Runs a program, without a shell, and waits for its end; resolves to what it wrote to its standard output.
 *
 * Throws    DataError `AREA/not-installed`, `AREA/failed` (with the last lines it wrote), `AREA/aborted`, and for what it
 *           says of a full disk `AREA/disk-full`
 */
export function runCommand({ file, args }: Command, { op, area, folder, signal }: RunOptions): Promise<string> {
  const shown = [file, ...args].join(" ");
  return new Promise((resolve, reject) => {
    const output = { stdout: "", stderr: "" };
    const child = spawn(file, args, {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
      ...(signal === undefined ? {} : { signal }),
    });
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
    child.on("error", (cause) => {
      if (signal?.aborted)
        reject(new DataError({ op, fact: `\`${shown}\` was stopped`, code: `${area}/aborted`, cause: signal.reason }));
      else if (systemCode(cause) === "ENOENT")
        reject(new DataError({ op, fact: `\`${file}\` is not installed`, code: `${area}/not-installed`, cause }));
      else reject(fileError({ op, area, doing: "starting", path: file }, cause));
    });
    child.on("close", (code, killedBy) => {
      if (code === 0) return resolve(output.stdout);
      const lines = output.stderr.trimEnd().split("\n").slice(-shownLines);
      reject(
        new DataError({
          op,
          fact: /ENOSPC|no space left/i.test(output.stderr)
            ? `no space left on the disk while running \`${shown}\``
            : `\`${shown}\` failed (${code === null ? `killed by ${killedBy}` : `exit code ${code}`})`,
          code: /ENOSPC|no space left/i.test(output.stderr) ? `${area}/disk-full` : `${area}/failed`,
          details: lines.filter((line) => line !== ""),
          data: { command: [file, ...args], exitCode: code },
        }),
      );
    });
  });
}
