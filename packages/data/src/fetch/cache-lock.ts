import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { link, lstat, open, rename, rm, type FileHandle } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fileError, systemCode } from "./file-error.ts";
import { hasEnded, ownIdentity, type ProcessIdentity } from "./process-identity.ts";

/** How long a lock may show no sign of life before it is taken for one that was left behind. */
const silenceMs = 20_000;
const beatMs = 2_000;
const pollMs = 50;

interface LockOptions {
  readonly op: string;
  readonly path: string;
  readonly signal?: AbortSignal | undefined;
  readonly silenceMs?: number;
}

/** A lock that is held. */
export interface CacheLock {
  release(): Promise<void>;
}

/**
 * Takes a lock, a file that only one process can make; `undefined` if another one has it. What a process left that has
 * ended is taken over.
 *
 * The lock spares work, it does not protect: whoever mistakes a living process for a dead one fetches the same data a
 * second time, into a folder of its own. So where no lock can be had (somebody else's file is in its place), it does without.
 *
 * Throws    DataError `cache/permission`, `cache/disk-full`, `cache/not-a-folder`, `cache/io`
 */
export async function tryLock({ op, path }: LockOptions): Promise<CacheLock | undefined> {
  const token = randomBytes(12).toString("hex");
  for (;;) {
    let handle: FileHandle;
    try {
      handle = await open(path, "wx", 0o644);
    } catch (error) {
      if (systemCode(error) !== "EEXIST") throw fileError({ op, area: "cache", doing: "making", path }, error);
      const held = await lookAt(path);
      if (held === "gone") continue;
      if (held === "no lock") return withoutLock;
      if (held.owner === undefined || !hasEnded(held.owner)) return undefined;
      if (!(await removeLeft(path, held.token))) return withoutLock;
      continue;
    }
    return hold(op, path, handle, token);
  }
}

/** Waits until a lock is gone; one without a sign of life is removed. An aborted signal ends the wait as well. */
export async function lockGone({ path, signal, silenceMs: limitMs = silenceMs }: LockOptions): Promise<void> {
  let seen = "";
  let since = performance.now();
  while (signal?.aborted !== true) {
    const held = await lookAt(path);
    if (held === "gone" || held === "no lock") return;
    if (held.beat !== seen) {
      seen = held.beat;
      since = performance.now();
    }
    const isLeft = held.owner !== undefined && hasEnded(held.owner);
    // By our own clock: that of a file server need not agree with it.
    if (isLeft || performance.now() - since > limitMs) return void (await removeLeft(path, held.token));
    await sleep(pollMs, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  }
}

/** Removes a lock that a process left that has ended. */
export async function removeLeftLock(path: string): Promise<void> {
  const held = await lookAt(path);
  if (typeof held !== "string" && held.owner !== undefined && hasEnded(held.owner)) await removeLeft(path, held.token);
}

const withoutLock: CacheLock = { release: () => Promise.resolve() };

async function hold(op: string, path: string, handle: FileHandle, token: string): Promise<CacheLock> {
  try {
    await handle.writeFile(JSON.stringify({ token, ...ownIdentity() }));
  } catch (error) {
    await handle.close();
    await rm(path, { force: true });
    throw fileError({ op, area: "cache", doing: "writing", path }, error);
  }
  const beat = setInterval(() => {
    const now = new Date();
    handle.utimes(now, now).catch(() => undefined);
  }, beatMs).unref();
  return {
    async release() {
      clearInterval(beat);
      await handle.close();
      const held = await lookAt(path);
      if (typeof held !== "string" && held.token === token) await rm(path, { force: true }).catch(() => undefined);
    },
  };
}

interface HeldLock {
  readonly token: string;
  /** Unknown while it is being written, or when it is not ours to read. */
  readonly owner: ProcessIdentity | undefined;
  /** Changes with every sign of life. */
  readonly beat: string;
}

async function lookAt(path: string): Promise<HeldLock | "gone" | "no lock"> {
  try {
    const { ino, mtimeMs, size } = await lstat(path);
    const beat = `${ino} ${mtimeMs} ${size}`;
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      if (!(await handle.stat()).isFile()) return "no lock";
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(200), 0, 200, 0);
      return { beat, ...parseOwner(buffer.toString("utf8", 0, bytesRead)) };
    } finally {
      await handle.close();
    }
  } catch (error) {
    return systemCode(error) === "ENOENT" ? "gone" : "no lock";
  }
}

function parseOwner(text: string): Pick<HeldLock, "token" | "owner"> {
  try {
    const { token, space, pid } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const isWhole = typeof token === "string" && typeof space === "string" && Number.isInteger(pid);
    if (isWhole) return { token, owner: { space, pid: Number(pid) } };
  } catch {
    // Being written this very moment, or nothing of ours: then it must show signs of life.
  }
  return { token: "", owner: undefined };
}

/**
 * Removes a lock that was left behind, but not one that somebody has taken since: it is first moved aside, which only one
 * of several can do. False if that is not allowed.
 */
async function removeLeft(path: string, token: string): Promise<boolean> {
  const now = await lookAt(path);
  if (typeof now !== "string" && now.token !== token) return true;
  const aside = `${path}-${randomBytes(6).toString("hex")}`;
  try {
    await rename(path, aside);
  } catch (error) {
    return systemCode(error) === "ENOENT";
  }
  const moved = await lookAt(aside);
  if (typeof moved !== "string" && moved.token !== token) await link(aside, path).catch(() => undefined);
  await rm(aside, { recursive: true, force: true });
  return true;
}
