import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "@tapegrad/test-support";
import { isPartialName, isPartialOfDeadWriter, newPartialName } from "./partial-name.ts";
import { writeWhole } from "./write-whole.ts";

const text = (content: string): Uint8Array[] => [Buffer.from(content)];
const onPosix = test.skipIf(process.platform === "win32");

function codeOf(run: () => void): unknown {
  try {
    run();
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : error;
  }
  return "nothing thrown";
}

test("writes all parts, also none and empty ones, and leaves nothing else", () => {
  const folder = temporaryFolder();
  const path = join(folder, "file");
  writeWhole(path, [Buffer.from("ab"), new Uint8Array(), Buffer.from("c")]);
  expect(readFileSync(path, "utf8")).toBe("abc");
  writeWhole(path, []);
  expect(readFileSync(path, "utf8")).toBe("");
  expect(readdirSync(folder)).toEqual(["file"]);
});

test("asks for each part when it is to be written", () => {
  const folder = temporaryFolder();
  const path = join(folder, "file");
  function* parts(): Iterable<Uint8Array> {
    for (let i = 1; i <= 3; i++) {
      yield Buffer.from(String(i));
      const [partial = ""] = readdirSync(folder);
      expect(readFileSync(join(folder, partial), "utf8")).toBe("123".slice(0, i));
    }
  }
  writeWhole(path, parts());
  expect(readFileSync(path, "utf8")).toBe("123");
});

test("parts that throw leave the old file and no partial one", () => {
  const folder = temporaryFolder();
  const path = join(folder, "file");
  writeWhole(path, text("old"));
  const error = new Error("no more");
  expect(() => writeWhole(path, (function* () {
    yield Buffer.from("new");
    throw error;
  })())).toThrow(error);
  expect(readFileSync(path, "utf8")).toBe("old");
  expect(readdirSync(folder)).toEqual(["file"]);
});

onPosix.each([0o600, 0o640, 0o666, 0o777, 0o444])("keeps the mode %o of the file that it replaces", (mode) => {
  const path = join(temporaryFolder(), "file");
  writeFileSync(path, "old");
  chmodSync(path, mode);
  writeWhole(path, text("new"));
  expect(readFileSync(path, "utf8")).toBe("new");
  expect((statSync(path).mode & 0o777).toString(8)).toBe(mode.toString(8));
});

onPosix("a new file has the mode that any other gets", () => {
  const folder = temporaryFolder();
  writeWhole(join(folder, "file"), text(""));
  writeFileSync(join(folder, "other"), "");
  expect(statSync(join(folder, "file")).mode).toBe(statSync(join(folder, "other")).mode);
});

onPosix("no moment has more permissions than the end", () => {
  const folder = temporaryFolder();
  const path = join(folder, "file");
  writeFileSync(path, "old", { mode: 0o600 });
  writeWhole(path, (function* () {
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o077).toBe(0);
    yield Buffer.from("new");
  })());
});

test.skipIf(process.platform === "win32" || process.getuid?.() !== 0)("keeps the owner (only root may give files away)", () => {
  const path = join(temporaryFolder(), "file");
  writeFileSync(path, "old");
  spawnSync("chown", ["12345:12346", path]);
  writeWhole(path, text("new"));
  expect(statSync(path)).toMatchObject({ uid: 12345, gid: 12346 });
});

onPosix.each([
  ["absolute", (folder: string) => join(folder, "real", "file")],
  ["relative", () => join("real", "file")],
])("writes through a link that is %s", (_name, target) => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "real"));
  const [link, chain, file] = [join(folder, "link"), join(folder, "chain"), join(folder, "real", "file")];
  symlinkSync(target(folder), link);
  symlinkSync("link", chain);
  // Once with nothing at the end of the chain, once with a file.
  for (const content of ["first", "second"]) {
    writeWhole(chain, text(content));
    expect(readFileSync(file, "utf8")).toBe(content);
    expect([readlinkSync(link), readlinkSync(chain)]).toEqual([target(folder), "link"]);
    expect([readdirSync(folder).sort(), readdirSync(join(folder, "real"))]).toEqual([["chain", "link", "real"], ["file"]]);
  }
});

onPosix("a link that leads to itself", () => {
  const path = join(temporaryFolder(), "link");
  symlinkSync("link", path);
  expect(codeOf(() => writeWhole(path, text("")))).toBe("ELOOP");
});

test("a missing folder, a path below a file, a folder", () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "file"), "");
  expect(codeOf(() => writeWhole(join(folder, "missing", "file"), text("")))).toBe("ENOENT");
  expect(codeOf(() => writeWhole(join(folder, "file", "below"), text("")))).toMatch(/ENOTDIR|ENOENT/);
  expect(codeOf(() => writeWhole(folder, text("")))).toBe("EISDIR");
  expect(readdirSync(folder)).toEqual(["file"]);
});

onPosix("neither a named pipe nor a device is replaced", () => {
  const folder = temporaryFolder();
  spawnSync("mkfifo", [join(folder, "pipe")]);
  expect(codeOf(() => writeWhole(join(folder, "pipe"), text("")))).toBe("EINVAL");
  expect(lstatSync(join(folder, "pipe")).isFIFO()).toBe(true);
  expect(codeOf(() => writeWhole("/dev/null", text("")))).toBe("EINVAL");
  expect(lstatSync("/dev/null").isCharacterDevice()).toBe(true);
});

test("partial files have names that nobody can foresee", () => {
  const names = Array.from({ length: 100 }, newPartialName);
  expect(new Set(names.map((name) => name.slice(-32))).size).toBe(100);
  expect(names.every(isPartialName)).toBe(true);
  expect(names.every((name) => name.length < 100)).toBe(true);
});

/** The parts of a name that this process would give a partial file. */
function nameParts(): { place: string; start: string; random: string } {
  const [, place = "", start = "", random = ""] = /^\.tapegrad-part-([0-9a-f]{8})-\d+-(\d+)-([0-9a-f]{32})$/.exec(newPartialName()) ?? [];
  return { place, start, random };
}

const anHourAgo = (): Date => new Date(Date.now() - 3_700_000);

function leftOver(folder: string, place: string, id: number | string, start: string, changed?: Date): string {
  const name = `.tapegrad-part-${place}-${id}-${start}-${nameParts().random}`;
  writeFileSync(join(folder, name), "partial");
  if (changed !== undefined) utimesSync(join(folder, name), changed, changed);
  return name;
}

async function startSleeper(): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["-e", "console.log(); setInterval(() => {}, 1000)"], { stdio: ["ignore", "pipe", "ignore"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  await new Promise((resolve) => child.stdout.once("data", resolve));
  return child;
}

test("what dead writers left is removed by the next one, what live ones write is not", async () => {
  const folder = temporaryFolder();
  const { place, start } = nameParts();
  const elsewhere = place === "00000000" ? "00000001" : "00000000";
  const [dead, alive] = [spawnSync(process.execPath, ["-e", ""]).pid, await startSleeper()];
  const gone = [leftOver(folder, place, dead, "123"), leftOver(folder, elsewhere, dead, "123", anHourAgo())];
  const kept = [
    leftOver(folder, place, process.pid, start),
    leftOver(folder, elsewhere, dead, "123"),
    leftOver(folder, place, alive.pid ?? 0, "0"),
  ];
  // The id belongs to another process by now. Only Linux tells when a process started.
  (process.platform === "linux" ? gone : kept).push(leftOver(folder, place, alive.pid ?? 0, "123"));
  const others = [".tapegrad-part-", ".tapegrad-part-x-1-1-1", "notes.part", `.tapegrad-part-${place}-${dead}-123-abc`];
  for (const name of others) writeFileSync(join(folder, name), "another's");
  mkdirSync(join(folder, `.tapegrad-part-${place}-${dead}-123-${"0".repeat(32)}`));
  writeWhole(join(folder, "file"), text("new"));
  for (const name of gone) expect(existsSync(join(folder, name)), name).toBe(false);
  for (const name of [...kept, ...others]) expect(existsSync(join(folder, name)), name).toBe(true);
  expect(readFileSync(join(folder, "file"), "utf8")).toBe("new");
});

test("the time of the last change is asked for only where nobody knows of the writer", () => {
  const { place, start, random } = nameParts();
  const never = (): number => {
    throw new Error("asked");
  };
  const dead = spawnSync(process.execPath, ["-e", ""]).pid;
  expect(isPartialOfDeadWriter(`.tapegrad-part-${place}-${dead}-1-${random}`, never)).toBe(true);
  if (process.platform === "linux") expect(isPartialOfDeadWriter(`.tapegrad-part-${place}-${process.pid}-${start}-${random}`, never)).toBe(false);
  expect(() => isPartialOfDeadWriter(`.tapegrad-part-ffffffff-1-1-${random}`, never)).toThrow("asked");
});

onPosix("a partial file that somebody has put a link in place of is not followed", () => {
  const folder = temporaryFolder();
  const victim = join(temporaryFolder(), "victim");
  writeFileSync(victim, "precious");
  const { place } = nameParts();
  symlinkSync(victim, join(folder, `.tapegrad-part-${place}-1-1-${"0".repeat(32)}`));
  symlinkSync(victim, join(folder, `file.${process.pid}.part`));
  writeWhole(join(folder, "file"), text("new"));
  expect(readFileSync(victim, "utf8")).toBe("precious");
});
