import { spawnSync } from "node:child_process";
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "@tapegrad/test-support";
import { dataError } from "../testing/data-error.ts";
import { readRegularFile } from "./read-regular-file.ts";

const read = (path: string, limitBytes: number): Promise<Uint8Array> => readRegularFile({ op: "Test.load", area: "test", path, limitBytes });

test("a file up to the limit, an empty one too", async () => {
  const path = join(temporaryFolder(), "file");
  writeFileSync(path, "abc");
  expect(await read(path, 3)).toEqual(Uint8Array.from(Buffer.from("abc")));
  writeFileSync(path, "");
  expect(await read(path, 0)).toEqual(new Uint8Array());
});

test("a larger one is not read", async () => {
  const path = join(temporaryFolder(), "file");
  writeFileSync(path, "");
  truncateSync(path, 2 ** 40);
  expect((await dataError(read(path, 10))).message).toBe(`Test.load: ${path} has ${2 ** 40} bytes, more than the 10 that it can have\n  code: test/size`);
});

test("none, a folder", async () => {
  const folder = temporaryFolder();
  expect((await dataError(read(join(folder, "none"), 10))).message).toBe(`Test.load: no such file or folder while reading ${join(folder, "none")}\n  code: test/missing`);
  expect((await dataError(read(folder, 10))).message).toBe(`Test.load: ${folder} is a folder\n  code: test/not-a-file`);
});

test.skipIf(process.platform === "win32")("a named pipe that nobody writes to, a device that never ends", async () => {
  const pipe = join(temporaryFolder(), "pipe");
  spawnSync("mkfifo", [pipe]);
  for (const path of [pipe, "/dev/zero"]) expect((await dataError(read(path, 10))).message).toBe(`Test.load: ${path} is not a regular file\n  code: test/not-a-file`);
});
