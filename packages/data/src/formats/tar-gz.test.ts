import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { create } from "tar";
import { expect, test } from "vitest";
import { temporaryFolder } from "@tapegrad/test-support";
import { dataError } from "../testing/data-error.ts";
import { tarEntry, tarEnd } from "../testing/tar-writer.ts";
import { readTarGz } from "./tar-gz.ts";

const op = "Test.load";
const content = Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * index) & 255));

async function archive(): Promise<{ folder: string; file: string }> {
  const folder = temporaryFolder();
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
  expect(found.get("a.bin")).toEqual(Uint8Array.from(content));
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
  const file = join(temporaryFolder(), "none.tar.gz");
  const error = await dataError(readTarGz({ op, file, wanted: ["a"], entryLimitBytes: 1 }));
  expect(error.message).toBe(`Test.load: no such file or folder while reading ${file}\n  code: archive/missing`);
});

function archiveOf(...parts: readonly Uint8Array[]): string {
  const file = join(temporaryFolder(), "made.tar.gz");
  writeFileSync(file, gzipSync(Buffer.concat(parts)));
  return file;
}

test("what it refuses says so", async () => {
  const a = tarEntry({ name: "top/a.bin", content: Buffer.from("a") });
  const cases: readonly (readonly [string, readonly Uint8Array[]])[] = [
    ["the sum of a header's bytes is wrong", [tarEntry({ name: "a.bin", content: Buffer.from("a"), sum: 1 }), tarEnd]],
    ["an entry's size is no number", [tarEntry({ name: "a.bin", content: Buffer.from("a"), size: "9x" }), tarEnd]],
    ["it ends in the middle of an entry", [a, tarEntry({ name: "b.bin", content: Buffer.from("b") }).subarray(0, 700)]],
    ["an entry's name takes 65537 bytes", [tarEntry({ name: "././@LongLink", type: "L", content: Buffer.alloc(65_537, "x") }), tarEnd]],
    ["a record of an extended header is wrong", [tarEntry({ name: "pax", type: "x", content: Buffer.from("99 path=b\n") }), a, tarEnd]],
    ["an entry's size is no number", [tarEntry({ name: "pax", type: "x", content: Buffer.from("11 size=1x\n") }), a, tarEnd]],
  ];
  for (const [reason, parts] of cases) {
    const file = archiveOf(...parts);
    const error = await dataError(readTarGz({ op, file, wanted: ["a.bin"], entryLimitBytes: 5000 }));
    expect(error.message).toBe(`Test.load: ${file} is damaged or not a .tar.gz archive: ${reason}\n  code: archive/damaged`);
  }
});

test("a wanted file twice", async () => {
  const file = archiveOf(tarEntry({ name: "one/a.bin", content: Buffer.from("a") }), tarEntry({ name: "two/a.bin", content: Buffer.from("b") }), tarEnd);
  const error = await dataError(readTarGz({ op, file, wanted: ["a.bin"], entryLimitBytes: 5000 }));
  expect(error.message).toBe(`Test.load: ${file} holds a.bin twice\n  code: archive/entry-twice`);
});

test("long names, of GNU's kind and of pax's, and what stands behind the end", async () => {
  const name = `${"folder/".repeat(40)}a.bin`;
  for (const before of [
    tarEntry({ name: "././@LongLink", type: "L", content: Buffer.from(`${name}\0`) }),
    tarEntry({ name: "pax", type: "x", content: Buffer.from(`${name.length + 10} path=${name}\n`) }),
  ]) {
    const file = archiveOf(before, tarEntry({ name: "short", content: Buffer.from("right") }), tarEntry({ name: "b", type: "2" }), tarEnd, Buffer.from("behind"));
    const found = await readTarGz({ op, file, wanted: ["a.bin"], entryLimitBytes: 5000 });
    expect(Buffer.from(found.get("a.bin") ?? []).toString()).toBe("right");
  }
});

test("an archive that unpacks to far more than it should hold", async () => {
  const bomb = tarEntry({ name: "zeros", content: Buffer.alloc(80_000_000) });
  const file = archiveOf(bomb, tarEnd);
  const before = process.memoryUsage().rss;
  const error = await dataError(readTarGz({ op, file, wanted: ["a.bin"], entryLimitBytes: 5000 }));
  expect(error.code).toBe("archive/ratio");
  expect(error.message).toMatch(/made\.tar\.gz unpacks to more than \d+ bytes, which is far more than it should hold\n {2}code: archive\/ratio$/);
  expect(process.memoryUsage().rss - before).toBeLessThan(64e6);
});

test("names from the archive are shown escaped, and no more than ten", async () => {
  const entries = Array.from({ length: 50 }, (_, i) => tarEntry({ name: `\u001b[2J\n${i}/a.bin`, content: new Uint8Array(10) }));
  const file = archiveOf(...entries, tarEnd);
  const error = await dataError(readTarGz({ op, file, wanted: ["a.bin"], entryLimitBytes: 9 }));
  expect(error.message).toBe(`Test.load: ${file} holds files larger than 9 bytes\n  \\x1b[2J\\n0/a.bin  10 bytes\n  code: archive/entry-size`);
});

test.skipIf(process.platform === "win32")("a named pipe, a folder", async () => {
  const folder = temporaryFolder();
  spawnSync("mkfifo", [join(folder, "pipe")]);
  for (const [file, what] of [[join(folder, "pipe"), "not a regular file"], [folder, "a folder"]] as const) {
    const error = await dataError(readTarGz({ op, file, wanted: ["a"], entryLimitBytes: 1 }));
    expect(error.message).toBe(`Test.load: ${file} is ${what}\n  code: archive/not-a-file`);
  }
});
