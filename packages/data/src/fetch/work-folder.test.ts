import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DataError } from "@tapegrad/tensor";
import { temporaryFolder } from "@tapegrad/test-support";
import { expect, test } from "vitest";
import { dataError } from "../testing/data-error.ts";
import { ownIdentity } from "./process-identity.ts";
import { buildFolder } from "./work-folder.ts";

const op = "Test.load";
const { space } = ownIdentity();
const ended = spawnSync(process.execPath, ["--version"]).pid;

/** Fills the folder with one file. */
const fill = (content: string) => async ({ finished }: { finished: string }) => writeFileSync(join(finished, "file"), content);

/** A folder as a run leaves it that was killed at its work, or, for "left", that failed. */
function workOf(parent: string, name: string, content: string, mode = 0o700): string {
  const path = join(parent, name);
  mkdirSync(path);
  writeFileSync(join(path, "archive"), content);
  chmodSync(path, mode);
  return path;
}

/** What lies in the folder of work that a build gets. */
async function foundBy(target: string): Promise<string[]> {
  let found: string[] = [];
  await buildFolder({ op, target }, async ({ work }) => void (found = readdirSync(work).sort()));
  return found;
}

test("the folder appears whole, for all who may read what its user makes", async () => {
  const parent = temporaryFolder();
  const target = join(parent, "new", "data");
  await buildFolder({ op, target }, async ({ work, finished }) => {
    writeFileSync(join(finished, "file"), "content");
    expect(existsSync(target)).toBe(false);
    if (process.platform !== "win32") expect(statSync(work).mode & 0o777).toBe(0o700);
  });
  expect(readFileSync(join(target, "file"), "utf8")).toBe("content");
  expect(readdirSync(join(parent, "new"))).toEqual(["data"]);
  expect(statSync(target).mode & 0o777).toBe(0o777 & ~process.umask());
});

test("a failure leaves nothing, or what the next run can use", async () => {
  const parent = temporaryFolder();
  const target = join(parent, "data");
  const failure = new DataError({ op, fact: "no", code: "test/no" });
  const build = (kept: boolean) => async ({ work, finished }: { work: string; finished: string }) => {
    writeFileSync(join(finished, "file"), "half");
    if (kept) writeFileSync(join(work, "archive"), "whole");
    throw failure;
  };
  expect(await dataError(buildFolder({ op, target }, build(false)))).toBe(failure);
  expect(readdirSync(parent)).toEqual([]);
  expect(await dataError(buildFolder({ op, target }, build(true)))).toBe(failure);
  expect(readdirSync(parent)).toEqual([expect.stringMatching(/^\.data-left-[0-9a-f]{12}$/)]);
  expect(await foundBy(target)).toEqual(["archive", "finished"]);
  expect(readdirSync(parent)).toEqual(["data"]);
});

test("a full disk is told as such; a mistake in the code is not disguised", async () => {
  const target = join(temporaryFolder(), "data");
  const full = Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
  const error = await dataError(buildFolder({ op, target }, () => Promise.reject(full)));
  expect(error.message).toContain(`no space left on the disk while filling the folder ${target}`);
  await expect(buildFolder({ op, target }, () => Promise.reject(new TypeError("mistake")))).rejects.toThrow(TypeError);
});

test("the old folder stays until the new one is there", async () => {
  const parent = temporaryFolder();
  const target = join(parent, "data");
  await buildFolder({ op, target }, fill("old"));
  const failure = new DataError({ op, fact: "no", code: "test/no" });
  await dataError(buildFolder({ op, target }, () => Promise.reject(failure)));
  expect(readFileSync(join(target, "file"), "utf8")).toBe("old");
  await buildFolder({ op, target, isSound: async () => false }, async (folder) => {
    expect(readFileSync(join(target, "file"), "utf8")).toBe("old");
    await fill("new")(folder);
  });
  expect(readFileSync(join(target, "file"), "utf8")).toBe("new");
  expect(readdirSync(parent)).toEqual(["data"]);
});

test("a sound folder of a process that was faster stays", async () => {
  const parent = temporaryFolder();
  const target = join(parent, "data");
  await buildFolder({ op, target, isSound: async () => true }, async (folder) => {
    await fill("slower")(folder);
    mkdirSync(target);
    writeFileSync(join(target, "file"), "faster");
  });
  expect(readFileSync(join(target, "file"), "utf8")).toBe("faster");
  expect(readdirSync(parent)).toEqual(["data"]);
});

test("a file or a link where the folder goes is replaced, what it leads to is not touched", async () => {
  const parent = temporaryFolder();
  const elsewhere = join(parent, "elsewhere");
  mkdirSync(elsewhere);
  writeFileSync(join(elsewhere, "file"), "theirs");
  writeFileSync(join(parent, "a"), "");
  symlinkSync(elsewhere, join(parent, "b"));
  for (const name of ["a", "b"]) {
    await buildFolder({ op, target: join(parent, name), isSound: async () => false }, fill("new"));
    expect(readFileSync(join(parent, name, "file"), "utf8")).toBe("new");
  }
  expect(readFileSync(join(elsewhere, "file"), "utf8")).toBe("theirs");
});

test("what a killed process left is taken over", async () => {
  const parent = temporaryFolder();
  workOf(parent, `.data-in-work-${space}-${ended}-abc`, "");
  expect(await foundBy(join(parent, "data"))).toEqual(["archive", "finished"]);
  expect(readdirSync(parent)).toEqual(["data"]);
});

test("what a living process works on, or one of another container, or nobody knows who, is not touched", async () => {
  const parent = temporaryFolder();
  const others = [
    `.data-in-work-${space}-${process.ppid}-abc`,
    `.data-in-work-${"0".repeat(12)}-${ended}-abc`,
    `.data-in-work-${"0".repeat(12)}-1-abc`,
    `.data-in-work-${ended}-abc`,
    `.other-in-work-${space}-${ended}-abc`,
  ];
  for (const name of others) workOf(parent, name, "theirs");
  expect(await foundBy(join(parent, "data"))).toEqual(["finished"]);
  expect(readdirSync(parent).sort()).toEqual([...others, "data"].sort());
});

test("without a sign of life for an hour a folder counts as left", async () => {
  const parent = temporaryFolder();
  const [recent, old] = ["0", "1"].map((digit) => workOf(parent, `.data-in-work-${digit.repeat(12)}-1-abc`, digit));
  const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
  utimesSync(recent ?? "", minutesAgo(55), minutesAgo(55));
  utimesSync(old ?? "", minutesAgo(65), minutesAgo(65));
  expect(await foundBy(join(parent, "data"))).toEqual(["archive", "finished"]);
  expect(readdirSync(parent).sort()).toEqual([`.data-in-work-${"0".repeat(12)}-1-abc`, "data"]);
});

test.runIf(process.platform !== "win32")("links, files, and folders that others can write to are no folders of work", async () => {
  const parent = temporaryFolder();
  const elsewhere = temporaryFolder();
  writeFileSync(join(elsewhere, "archive"), "theirs");
  symlinkSync(elsewhere, join(parent, ".data-left-a"));
  writeFileSync(join(parent, ".data-left-b"), "");
  workOf(parent, ".data-left-c", "", 0o777);
  expect(await foundBy(join(parent, "data"))).toEqual(["finished"]);
  expect(readdirSync(elsewhere)).toEqual(["archive"]);
  expect(readdirSync(parent).sort()).toEqual([".data-left-a", ".data-left-b", ".data-left-c", "data"]);
});

test("a place where no folder can be", async () => {
  const parent = temporaryFolder();
  writeFileSync(join(parent, "file"), "");
  const error = await dataError(buildFolder({ op, target: join(parent, "file", "data") }, () => Promise.resolve()));
  expect(error.code).toBe("cache/not-a-folder");
});
