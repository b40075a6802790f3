import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DataError } from "@tapegrad/tensor";
import { expect, test } from "vitest";
import { dataError } from "../testing/data-error.ts";
import { tempFolder } from "../testing/temp-folder.ts";
import { buildFolder } from "./build-folder.ts";

const op = "Test.load";

test("the folder appears whole", async () => {
  const parent = tempFolder();
  const target = join(parent, "new", "data");
  await buildFolder(op, target, async (staging) => {
    writeFileSync(join(staging, "file"), "content");
    expect(existsSync(target)).toBe(false);
  });
  expect(readFileSync(join(target, "file"), "utf8")).toBe("content");
  expect(readdirSync(join(parent, "new"))).toEqual(["data"]);
});

test("a failure leaves nothing", async () => {
  const parent = tempFolder();
  const target = join(parent, "data");
  const failure = new DataError({ op, fact: "no", code: "test/no" });
  const build = async (staging: string) => {
    writeFileSync(join(staging, "file"), "half");
    throw failure;
  };
  expect(await dataError(buildFolder(op, target, build))).toBe(failure);
  expect(readdirSync(parent)).toEqual([]);
});

test("a full disk is told as such; a mistake in the code is not disguised", async () => {
  const target = join(tempFolder(), "data");
  const full = Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
  const error = await dataError(buildFolder(op, target, () => Promise.reject(full)));
  expect(error.message).toContain(`no space left on the disk while filling the folder ${target}`);
  await expect(buildFolder(op, target, () => Promise.reject(new TypeError("mistake")))).rejects.toThrow(TypeError);
});

test("the folder of a process that was faster stays", async () => {
  const parent = tempFolder();
  const target = join(parent, "data");
  await buildFolder(op, target, async (staging) => {
    writeFileSync(join(staging, "file"), "slower");
    mkdirSync(target);
    writeFileSync(join(target, "file"), "faster");
  });
  expect(readFileSync(join(target, "file"), "utf8")).toBe("faster");
  expect(readdirSync(parent)).toEqual(["data"]);
});

test("what a killed process left is removed, what a living one is working on is not", async () => {
  const parent = tempFolder();
  const ended = spawnSync(process.execPath, ["--version"]).pid;
  mkdirSync(join(parent, `.data-in-work-${ended}-abc`));
  mkdirSync(join(parent, `.data-in-work-${process.ppid}-abc`));
  mkdirSync(join(parent, ".other-in-work-1-abc"));
  await buildFolder(op, join(parent, "data"), () => Promise.resolve());
  expect(readdirSync(parent).sort()).toEqual([`.data-in-work-${process.ppid}-abc`, ".other-in-work-1-abc", "data"].sort());
});

test("a place where no folder can be", async () => {
  const parent = tempFolder();
  writeFileSync(join(parent, "file"), "");
  const error = await dataError(buildFolder(op, join(parent, "file", "data"), () => Promise.resolve()));
  expect(error.code).toBe("cache/not-a-folder");
});
