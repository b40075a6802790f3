import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dataError } from "../testing/data-error.ts";
import { fakeNpm } from "../testing/fake-npm.ts";
import { tempFolder } from "../testing/temp-folder.ts";
import type { FetchProgress } from "./fetch-events.ts";
import { npmPack } from "./npm-pack.ts";

const op = "Test.load";
const content = Buffer.alloc(1000, "x");
const integrity = `sha512-${createHash("sha512").update(content).digest("base64")}`;
const wanted = { name: "some-data", version: "1.2.3", bytes: content.length, integrity };
const write = `fs.writeFileSync(join(destination, wanted.replace("@", "-") + ".tgz"), "x".repeat(1000));`;

test("the archive is there, checked, and its arrival was seen", async () => {
  const folder = tempFolder();
  const tools = tempFolder();
  mkdirSync(join(tools, "npm-cache", "_cacache", "tmp"), { recursive: true });
  const arriving = `
    fs.writeFileSync(join(cache, "_cacache", "tmp", "arriving"), "x".repeat(400));
    await new Promise((resolve) => setTimeout(resolve, 300));
    ${write}`;
  const progress: FetchProgress[] = [];
  const npm = fakeNpm(tools, arriving);
  const path = await npmPack(wanted, { op, folder, npm, pollMs: 20, onProgress: (step) => progress.push(step) });
  expect(path).toBe(join(folder, "some-data-1.2.3.tgz"));
  expect(readFileSync(path)).toEqual(content);
  const step = "npm pack some-data@1.2.3";
  expect(progress[0]).toEqual({ step, doneBytes: 0, totalBytes: 1000 });
  expect(progress).toContainEqual({ step, doneBytes: 400, totalBytes: 1000 });
  expect(progress.at(-1)).toEqual({ step, doneBytes: 1000, totalBytes: 1000 });
});

test("npm that fails", async () => {
  const npm = fakeNpm(tempFolder(), `console.error("npm error 404"); process.exit(1);`);
  const error = await dataError(npmPack(wanted, { op, folder: tempFolder(), npm }));
  expect(error.code).toBe("npm-pack/failed");
  expect(error.message).toContain("\n  npm error 404\n");
});

test("npm that says it is done and is not", async () => {
  const error = await dataError(npmPack(wanted, { op, folder: tempFolder(), npm: fakeNpm(tempFolder(), "") }));
  expect(error.message).toBe(
    "Test.load: `npm pack some-data@1.2.3` left no some-data-1.2.3.tgz\n  code: npm-pack/missing",
  );
});

test("an archive cut short, or of the right length but changed", async () => {
  const options = { op, folder: tempFolder(), npm: fakeNpm(tempFolder(), write) };
  const short = await dataError(npmPack({ ...wanted, bytes: 1001 }, options));
  expect(short.code).toBe("npm-pack/size");
  const changed = await dataError(npmPack({ ...wanted, integrity: "sha512-AAAA" }, options));
  expect(changed.code).toBe("npm-pack/integrity");
});

test("no npm", async () => {
  const npm = { file: "tapegrad-no-such-npm", args: [] };
  const error = await dataError(npmPack(wanted, { op, folder: tempFolder(), npm, onProgress: () => undefined }));
  expect(error.code).toBe("npm-pack/not-installed");
});
