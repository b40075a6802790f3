import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { temporaryFolder } from "@tapegrad/test-support";
import { dataError } from "../testing/data-error.ts";
import { lockGone, tryLock } from "./cache-lock.ts";
import { ownIdentity } from "./process-identity.ts";

const op = "Test.load";
const ended = spawnSync(process.execPath, ["--version"]).pid;
const record = (owner: { space: string; pid: number }) => JSON.stringify({ token: "theirs", ...owner });
const living = record({ ...ownIdentity(), pid: process.ppid });
const elsewhere = record({ space: "0".repeat(12), pid: ended });

function lockPath(content?: string): string {
  const path = join(temporaryFolder(), ".data.lock");
  if (content !== undefined) writeFileSync(path, content);
  return path;
}

test("only one has it, until it is released", async () => {
  const path = lockPath();
  const lock = await tryLock({ op, path });
  expect(lock).toBeDefined();
  expect(await tryLock({ op, path })).toBeUndefined();
  const waiting = lockGone({ op, path });
  await lock?.release();
  await waiting;
  expect(readdirSync(join(path, ".."))).toEqual([]);
});

test("what a process that has ended left is taken over at once", async () => {
  const path = lockPath(record({ ...ownIdentity(), pid: ended }));
  const lock = await tryLock({ op, path });
  expect(readFileSync(path, "utf8")).toContain(`"pid":${process.pid}`);
  await lock?.release();
  expect(readdirSync(join(path, ".."))).toEqual([]);
});

test.each([["a living process", living], ["a process of another container", elsewhere], ["a lock just being written", ""]])("%s keeps it", async (_who, content) => {
  const path = lockPath(content);
  expect(await tryLock({ op, path })).toBeUndefined();
  const beating = setInterval(() => utimesSync(path, new Date(), new Date()), 20);
  const waiting = lockGone({ op, path, silenceMs: 200 }).then(() => "gone");
  expect(await Promise.race([waiting, sleep(600, "held")])).toBe("held");
  clearInterval(beating);
  expect(await waiting).toBe("gone");
  expect(existsSync(path)).toBe(false);
});

test("the wait ends with its signal", async () => {
  const stopping = new AbortController();
  const waiting = lockGone({ op, path: lockPath(living), signal: stopping.signal });
  stopping.abort();
  await waiting;
});

test("a lock that somebody else has taken since is not released", async () => {
  const path = lockPath();
  const lock = await tryLock({ op, path });
  writeFileSync(path, living);
  await lock?.release();
  expect(readFileSync(path, "utf8")).toBe(living);
});

test("where something else is in the lock's place it goes without, and touches nothing", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "precious"), "theirs");
  symlinkSync(join(folder, "precious"), join(folder, "link"));
  symlinkSync(join(folder, "loop"), join(folder, "loop"));
  mkdirSync(join(folder, "folder"));
  for (const name of ["link", "loop", "folder"]) {
    const lock = await tryLock({ op, path: join(folder, name) });
    expect(lock, name).toBeDefined();
    await lockGone({ op, path: join(folder, name) });
    await lock?.release();
  }
  expect(readFileSync(join(folder, "precious"), "utf8")).toBe("theirs");
  expect(readdirSync(folder)).toHaveLength(4);
});

test("of many that find a lock left behind one gets it, hardly ever two", async () => {
  const path = lockPath(record({ ...ownIdentity(), pid: ended }));
  const locks = await Promise.all(Array.from({ length: 20 }, () => tryLock({ op, path })));
  const taken = locks.filter((lock) => lock !== undefined);
  expect(taken.length).toBeGreaterThan(0);
  expect(taken.length).toBeLessThan(4);
  for (const lock of taken) await lock.release();
  expect(readdirSync(join(path, ".."))).toEqual([]);
});

test("a folder in which nothing can be made", async () => {
  const error = await dataError(tryLock({ op, path: join(temporaryFolder(), "none", ".data.lock") }));
  expect(error.code).toBe("cache/missing");
});
