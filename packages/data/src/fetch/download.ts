import { lstat, mkdir, rename, rm } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DataError } from "@tapegrad/tensor";
import { checkFile, type FileChecks } from "./file-checks.ts";
import { fileError, messageOf } from "./file-error.ts";
import { httpGet, RedirectError } from "./http-get.ts";
import type { OpenPartFile } from "./part-file.ts";
import { writeFile } from "./write-file.ts";

interface DownloadOptions {
  /** What errors say was being done. */
  readonly op: string;
  readonly url: string;
  /** Where the whole, checked file appears; until then there is only `FILE.part`. */
  readonly file: string;
  readonly checks: FileChecks;
  readonly onProgress?: ((doneBytes: number, totalBytes: number | undefined) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly connectTimeoutMs?: number;
  readonly stallTimeoutMs?: number;
  /** A server that sends less than this in `speedWindowMs` is given up. */
  readonly minBytesPerSecond?: number;
  readonly speedWindowMs?: number;
  /** Which addresses a public server may not send us to; what is private unless told. */
  readonly isPrivate?: ((address: string) => boolean) | undefined;
  /** Tries in a row that may bring nothing new before it gives up. */
  readonly retries?: number;
  readonly retryDelayMs?: number;
  readonly openPart?: OpenPartFile;
}

/** A server that drops every connection after a few bytes must not keep us forever. */
const attemptLimit = 50;
const passingStatuses: readonly number[] = [408, 429, 500, 502, 503, 504];

/**
 * Fetches a URL into a file, continuing where an interrupted download stopped if the server can. The bytes gather in
 * `FILE.part`, which becomes `FILE` only when it is whole and passes every check; a `FILE` that does is not fetched again.
 *
 * A `.part` left by an earlier run is continued only if there is a checksum to tell whether both halves belong together.
 *
 * Throws    DataError `download/network`, `download/status`, `download/redirect`, `download/too-slow`, `download/size`,
 *           `download/md5`, `download/integrity`, `download/disk-full`, `download/permission`, `download/aborted`
 */
export async function download(options: DownloadOptions): Promise<void> {
  const { op, url, file, checks } = options;
  const part = `${file}.part`;
  const checkable = checks.md5 !== undefined || checks.integrity !== undefined;
  try {
    await mkdir(dirname(file), { recursive: true });
    if (checkable && (await isWhole(options))) return;
    if (!checkable || (await sizeOf(part)) > checks.bytes) await rm(part, { force: true });
  } catch (error) {
    throw fileError({ op, area: "download", doing: "making the folder", path: dirname(file) }, error);
  }
  const leftover = await sizeOf(part);
  if (leftover < checks.bytes) await transfer(options, part, leftover);
  try {
    await check();
  } catch (error) {
    if (leftover === 0) throw error;
    await transfer(options, part, 0);
    await check();
  }
  try {
    await rename(part, file);
  } catch (error) {
    throw fileError({ op, area: "download", doing: "renaming", path: part }, error);
  }

  async function check(): Promise<void> {
    try {
      await checkFile({ op, area: "download", path: part, name: url }, checks);
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
  }
}

/** Whether an earlier run has fetched the file already. */
async function isWhole({ op, file, checks, onProgress }: DownloadOptions): Promise<boolean> {
  if ((await sizeOf(file)) !== checks.bytes) return false;
  try {
    await checkFile({ op, area: "download", path: file }, checks);
  } catch {
    return false;
  }
  onProgress?.(checks.bytes, checks.bytes);
  return true;
}

interface Received {
  bytes: number;
  /** What tells whether the rest, asked for later, is of the same file: an ETag or a date. */
  version: string | undefined;
}

async function transfer(options: DownloadOptions, part: string, startAt: number): Promise<void> {
  const { op, url, signal, retries = 3, retryDelayMs = 1000 } = options;
  const received: Received = { bytes: startAt, version: undefined };
  let vain = 0;
  for (let attempt = 1; ; attempt++) {
    const before = received.bytes;
    try {
      await attemptTransfer(options, part, received);
      return;
    } catch (error) {
      if (signal?.aborted) throw aborted(op, url, signal);
      if (error instanceof DataError) throw error;
      if (error instanceof RedirectError)
        throw new DataError({ op, fact: `could not fetch ${url}: ${error.message}`, code: "download/redirect", data: { url }, cause: error });
      vain = received.bytes > before ? 0 : vain + 1;
      if (vain > retries || attempt === attemptLimit)
        throw new DataError({
          op,
          fact: `could not fetch ${url}: ${messageOf(error)}`,
          code: "download/network",
          details: [`tried ${attempt} time${attempt === 1 ? "" : "s"}, ${received.bytes} bytes received`],
          data: { url, attempts: attempt, receivedBytes: received.bytes },
          cause: error,
        });
    }
    await sleep(retryDelayMs * 2 ** Math.max(0, vain - 1), undefined, signal === undefined ? {} : { signal }).catch(() => {
      throw aborted(op, url, signal);
    });
  }
}

async function attemptTransfer(options: DownloadOptions, part: string, received: Received): Promise<void> {
  const { op, url, checks, signal, onProgress, openPart, isPrivate } = options;
  const { connectTimeoutMs = 10_000, stallTimeoutMs = 30_000 } = options;
  const headers = { "accept-encoding": "identity", "user-agent": "tapegrad", ...rangeHeaders(received) };
  const response = await httpGet(new URL(url), { headers, signal, connectTimeoutMs, stallTimeoutMs, isPrivate });
  try {
    if (isComplete(options, response, received)) return;
    const length = response.headers["content-length"];
    const announced = length === undefined ? checks.bytes : received.bytes + Number(length);
    if (announced !== checks.bytes) throw wrongSize(op, url, checks.bytes, `${announced}`);
    const requireSpeed = speedWatch(options);
    const target = { op, area: "download", path: part, mode: received.bytes === 0 ? "start" : "continue" } as const;
    await writeFile(target, openPart, async (write) => {
      for await (const chunk of response) {
        const bytes = chunk as Buffer;
        if (received.bytes + bytes.length > checks.bytes) throw wrongSize(op, url, checks.bytes, "more");
        await write(bytes);
        received.bytes += bytes.length;
        onProgress?.(received.bytes, checks.bytes);
        requireSpeed(bytes.length);
      }
    });
  } finally {
    response.destroy();
  }
}

/** Told what arrives, throws `download/too-slow` when that is too little: a byte now and then would keep us for ever. */
function speedWatch({ op, url, minBytesPerSecond = 1024, speedWindowMs = 30_000 }: DownloadOptions): (bytes: number) => void {
  let since = performance.now();
  let bytesSince = 0;
  return (bytes) => {
    bytesSince += bytes;
    const ms = performance.now() - since;
    if (ms < speedWindowMs) return;
    if (bytesSince * 1000 < minBytesPerSecond * ms)
      throw new DataError({
        op,
        fact: `${url} comes too slowly: ${bytesSince} bytes in ${(ms / 1000).toFixed(1)} s, less than ${minBytesPerSecond} a second`,
        code: "download/too-slow",
        data: { url, bytes: bytesSince, seconds: ms / 1000 },
      });
    since = performance.now();
    bytesSince = 0;
  };
}

function rangeHeaders({ bytes, version }: Received): Record<string, string> {
  if (bytes === 0) return {};
  return { range: `bytes=${bytes}-`, ...(version === undefined ? {} : { "if-range": version }) };
}

/** Judges the status; sets `received` to where the answer's body goes. True if there is nothing left to get. */
function isComplete({ op, url }: DownloadOptions, response: IncomingMessage, received: Received): boolean {
  const status = response.statusCode ?? 0;
  const range = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(response.headers["content-range"] ?? "");
  if (status === 416 && range?.[2] === String(received.bytes)) return true;
  if (status === 416 || (status === 206 && range?.[1] !== String(received.bytes))) {
    received.bytes = 0;
    throw new Error(`the server has no bytes from there on (status ${status})`);
  }
  if (status === 200) received.bytes = 0;
  else if (passingStatuses.includes(status)) throw new Error(`status ${status}`);
  else if (status !== 206)
    throw new DataError({
      op,
      fact: `could not fetch ${url}: the server answered with status ${status}`,
      code: "download/status",
      data: { url, status },
    });
  const tag = response.headers.etag;
  received.version = tag === undefined || tag.startsWith("W/") ? response.headers["last-modified"] : tag;
  return false;
}

function wrongSize(op: string, url: string, expected: number, found: string): DataError {
  return new DataError({
    op,
    fact: `${url} has ${found} bytes, not ${expected}`,
    code: "download/size",
    data: { url, expected, found },
  });
}

function aborted(op: string, url: string, signal: AbortSignal | undefined): DataError {
  return new DataError({
    op,
    fact: `the download of ${url} was stopped`,
    code: "download/aborted",
    hint: "started again, it continues where it stopped",
    data: { url },
    cause: signal?.reason,
  });
}

async function sizeOf(file: string): Promise<number> {
  try {
    const stat = await lstat(file);
    return stat.isFile() ? stat.size : 0;
  } catch {
    return 0;
  }
}
