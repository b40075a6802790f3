import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { create } from "tar";
import { expect, test } from "vitest";
import { dataError } from "../testing/data-error.ts";
import { tempFolder } from "../testing/temp-folder.ts";
import { readTarGz } from "./tar-gz.ts";

const op = "Test.load";
const content = Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * index) & 255));

async function archive(): Promise<{ folder: string; file: string }> {
  const folder = tempFolder();
  const file = join(folder, "some.tar.gz");
  mkdirSync(join(folder, "top"));
  writeFileSync(join(folder, "top", "a.bin"), content);
  writeFileSync(join(folder, "top", "b.bin"), "b");
  symlinkSync("b.bin", join(folder, "top", "link.bin"));
  await create({ file, gzip: true, cwd: folder }, ["top"]);
  return { folder, file };
}

test("the wanted files, whatever folder they are in", async () => {
  const { file } = await archive();
  const found = await readTarGz({ op, file, wanted: ["b.bin", "a.bin"], entryLimitBytes: 5000 });
  expect([...found.keys()].sort()).toEqual(["a.bin", "b.bin"]);
  expect(found.get("a.bin")).toEqual(content);
});

test("a file that is not in it; a link is no file", async () => {
  const { file } = await archive();
  const error = await dataError(readTarGz({ op, file, wanted: ["a.bin", "c.bin", "link.bin"], entryLimitBytes: 5000 }));
  expect(error.message).toBe(`Test.load: ${file} holds no c.bin, link.bin\n  code: archive/entry-missing`);
});

test("a file larger than it can be", async () => {
  const { file } = await archive();
  const error = await dataError(readTarGz({ op, file, wanted: ["a.bin"], entryLimitBytes: 4999 }));
  expect(error.message).toBe(
    `Test.load: ${file} holds files larger than 4999 bytes\n  top/a.bin  5000 bytes\n  code: archive/entry-size`,
  );
});

test("cut short anywhere, changed, or no archive at all", async () => {
  const { folder, file } = await archive();
  const whole = readFileSync(file);
  const broken = join(folder, "broken.tar.gz");
  let errors = 0;
  for (let length = 0; length < whole.length; length += 5) {
    writeFileSync(broken, whole.subarray(0, length));
    const error = await dataError(readTarGz({ op, file: broken, wanted: ["a.bin", "b.bin"], entryLimitBytes: 5000 }));
    expect(["archive/damaged", "archive/entry-missing"]).toContain(error.code);
    errors++;
  }
  expect(errors).toBeGreaterThan(50);
  const changed = Buffer.from(whole);
  changed.fill(0, whole.length >> 1, (whole.length >> 1) + 20);
  writeFileSync(broken, changed);
  const error = await dataError(readTarGz({ op, file: broken, wanted: ["a.bin"], entryLimitBytes: 5000 }));
  expect(error.message).toMatch(/broken\.tar\.gz is damaged or not a \.tar\.gz archive: .+\n {2}code: archive\/damaged$/);
  writeFileSync(broken, "no archive");
  expect((await dataError(readTarGz({ op, file: broken, wanted: ["a.bin"], entryLimitBytes: 1 }))).code).toBe("archive/damaged");
});

test("no such file", async () => {
  const file = join(tempFolder(), "none.tar.gz");
  const error = await dataError(readTarGz({ op, file, wanted: ["a"], entryLimitBytes: 1 }));
  expect(error.message).toBe(`Test.load: no such file or folder while reading ${file}\n  code: archive/missing`);
});
