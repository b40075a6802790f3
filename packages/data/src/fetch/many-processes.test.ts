import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Cifar10Release } from "../cifar10/official.ts";
import { bundleProgram } from "../testing/bundle-program.ts";
import { smallCifar10 } from "../testing/small-cifar10.ts";
import { md5Of } from "./file-checks.ts";

// TAPEGRAD_FETCH_ROUNDS=20 npm test -- many-processes does each of these twenty times.
const rounds = Number(process.env["TAPEGRAD_FETCH_ROUNDS"] ?? 3);
const processes = 8;

const folder = mkdtempSync(join(tmpdir(), "tapegrad-processes-"));
let program = "";
let server: Server;
let release: Cifar10Release;
let expected = "";
/** The first byte that each request asked for. */
let requests: number[] = [];

beforeAll(async () => {
  const small = await smallCifar10();
  const archive = join(folder, "archive.tar.gz");
  await small.writeArchive(archive, "binary");
  const bytes = readFileSync(archive);
  expected = md5Of(small.trainRecords);
  program = await bundleProgram(new URL("../testing/fetch-process.ts", import.meta.url), folder);
  server = slowServer(bytes);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/archive.tar.gz`;
  release = { ...small.release, archive: { url, bytes: bytes.length, md5: md5Of(bytes) } };
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

/** Takes a fifth of a second for the whole, so that there is time to be killed in. */
function slowServer(content: Uint8Array): Server {
  const pieces = 20;
  return createServer((request, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    requests.push(from);
    const range = from > 0 ? { "content-range": `bytes ${from}-${content.length - 1}/${content.length}` } : {};
    response.writeHead(from > 0 ? 206 : 200, { "content-length": content.length - from, ...range });
    const step = Math.ceil(content.length / pieces);
    let at = from;
    const sending = setInterval(() => {
      response.write(content.subarray(at, at + step));
      at += step;
      if (at < content.length) return;
      clearInterval(sending);
      response.end();
    }, 10);
    response.on("close", () => clearInterval(sending));
  });
}

interface LoadingProcess {
  kill(): void;
  /** What it found, or how it failed; "killed" if it was. */
  readonly result: Promise<string>;
}

function startLoading(cacheDir: string): LoadingProcess {
  const child = spawn(process.execPath, [program, JSON.stringify({ release, cacheDir })], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const result = new Promise<string>((resolve) => child.on("close", (_code, signal) => resolve(signal === "SIGKILL" ? "killed" : output.trim())));
  return { kill: () => void child.kill("SIGKILL"), result };
}

async function until(isSo: () => boolean): Promise<void> {
  for (let waitedMs = 0; !isSo(); waitedMs += 2) {
    if (waitedMs > 60_000) throw new Error("it never came to that");
    await sleep(2);
  }
}

/** How much of the archive lies in folders of work. */
function arrivedBytes(cacheDir: string): number {
  try {
    const files = readdirSync(cacheDir, { recursive: true, withFileTypes: true }).filter(({ name }) => name.startsWith("archive.tar.gz"));
    return Math.max(0, ...files.map((file) => statSync(join(file.parentPath, file.name)).size));
  } catch {
    // A folder was renamed while it was looked at.
    return 0;
  }
}

function emptyCache(round: number): string {
  const cacheDir = join(folder, `cache-${round}`);
  rmSync(cacheDir, { recursive: true, force: true });
  mkdirSync(cacheDir);
  requests = [];
  return cacheDir;
}

describe.each(Array.from({ length: rounds }, (_, round) => round + 1))("round %d", (round) => {
  test("processes that fetch into one empty cache at once: all have the data, one has fetched them", async () => {
    const cacheDir = emptyCache(round);
    const loading = Array.from({ length: processes }, () => startLoading(cacheDir));
    expect(await Promise.all(loading.map(({ result }) => result))).toEqual(loading.map(() => expected));
    expect(requests).toEqual([0]);
    expect(readdirSync(cacheDir)).toEqual(["cifar-10-batches-bin"]);
  });

  test("some of them killed at any moment: the others have the data, and nothing else stays", async () => {
    const cacheDir = emptyCache(round);
    const loading = Array.from({ length: processes }, () => startLoading(cacheDir));
    // From the first request until long after one alone would be done; moments that differ from round to round.
    const doomed = loading.slice(0, processes - 1);
    await until(() => requests.length > 0);
    for (const [index, child] of doomed.entries()) {
      await sleep(20 + ((index * 37 + round * 53) % 120));
      child.kill();
    }
    const results = await Promise.all(loading.map(({ result }) => result));
    expect(results.at(-1)).toBe(expected);
    for (const result of results) expect([expected, "killed"]).toContain(result);
    expect(await startLoading(cacheDir).result).toBe(expected);
    expect(readdirSync(cacheDir)).toEqual(["cifar-10-batches-bin"]);
  });

  test("all of them killed, again and again: what has arrived need not come again, and the next one has the data", async () => {
    const cacheDir = emptyCache(round);
    const kept = [0];
    for (let generation = 0; generation < 3; generation++) {
      const before = arrivedBytes(cacheDir);
      const loading = Array.from({ length: 2 }, () => startLoading(cacheDir));
      await until(() => arrivedBytes(cacheDir) > before);
      for (const child of loading) child.kill();
      await Promise.all(loading.map(({ result }) => result));
      kept.push(arrivedBytes(cacheDir));
    }
    expect(await startLoading(cacheDir).result).toBe(expected);
    // The archive may have been whole by the time of a kill: then nothing is asked for any more.
    expect(requests).toEqual(kept.filter((bytes) => bytes < release.archive.bytes).slice(0, requests.length));
    expect(requests.length).toBeGreaterThanOrEqual(2);
    expect(readdirSync(cacheDir)).toEqual(["cifar-10-batches-bin"]);
  });
});
