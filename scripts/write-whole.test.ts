import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { rolldown } from "rolldown";
import { expect, onTestFinished, test } from "vitest";

const input = fileURLToPath(new URL("../packages/tensor/src/write-whole.ts", import.meta.url));
/** TAPEGRAD_KILL_ROUNDS=1000 npm test -- write-whole kills a thousand writers. */
const rounds = Number(process.env["TAPEGRAD_KILL_ROUNDS"] ?? 25);
const partBytes = 50_000;

/** A program for a process or thread that has `writeWhole`, and `isWhole` for what it writes. */
async function scriptOf(program: string): Promise<string> {
  const bundle = await rolldown({ input, platform: "node" });
  const { output } = await bundle.generate({ format: "cjs" });
  await bundle.close();
  return `"use strict"; const exports = {}, module = { exports };\n${output[0].code}
    {
    const { readFileSync } = require("node:fs");
    const parts = (byte) => [1, 2, 3].map(() => Buffer.alloc(${partBytes}, byte));
    const isWhole = (path) => { const bytes = readFileSync(path); return bytes.length === ${3 * partBytes} && bytes.every((byte) => byte === bytes[0]); };
    ${program}
    }`;
}

function isWhole(path: string): boolean {
  const bytes = readFileSync(path);
  return bytes.length === 3 * partBytes && bytes.every((byte) => byte === bytes[0]);
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "tapegrad-write-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("a writer that is killed at any moment leaves the old file or the new", async () => {
  const folder = newFolder();
  const path = join(folder, "file");
  const script = await scriptOf(`for (let i = 0; ; i++) { writeWhole(${JSON.stringify(path)}, parts(i % 256)); if (i === 0) console.log(); }`);
  for (let round = 0; round < rounds; round++) {
    const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    await Promise.race([ended, new Promise((resolve) => child.stdout.once("data", resolve))]);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 10));
    child.kill("SIGKILL");
    await ended;
    expect(isWhole(path)).toBe(true);
    // Each writer removes what the one before has left.
    expect(readdirSync(folder).length).toBeLessThanOrEqual(2);
  }
});

test("eight threads and eight processes write and read one path: nobody fails, and nobody reads a part", async () => {
  const folder = newFolder();
  const path = join(folder, "file");
  const script = await scriptOf(`
    const faults = [];
    for (let i = 0; i < 15; i++) {
      try {
        writeWhole(${JSON.stringify(path)}, parts(Math.floor(Math.random() * 256)));
        if (!isWhole(${JSON.stringify(path)})) faults.push("a part");
      } catch (error) { faults.push(String(error)); }
    }
    console.log(faults.join());`);
  const processes = Array.from({ length: 8 }, () => new Promise((resolve) => {
    const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    child.stdout.on("data", (text: Buffer) => (said += text.toString()));
    child.once("close", () => resolve(said.trim()));
  }));
  const threads = Array.from({ length: 8 }, () => new Promise((resolve) => {
    const worker = new Worker(script.replace(/console\.log\((.*)\);/, 'require("node:worker_threads").parentPort.postMessage($1);'), { eval: true });
    worker.once("message", resolve);
    worker.once("error", resolve);
  }));
  expect(await Promise.all([...processes, ...threads])).toEqual(Array.from({ length: 16 }, () => ""));
  expect(isWhole(path)).toBe(true);
  expect(readdirSync(folder)).toEqual(["file"]);
});

const canLimit = spawnSync("prlimit", ["--version"]).status === 0;

test.skipIf(!canLimit)("a disk that is full at any byte: the old file stays, nothing else does (needs prlimit)", async () => {
  const folder = newFolder();
  const path = join(folder, "file");
  const script = await scriptOf(`
    const { spawnSync } = require("node:child_process"), { readdirSync } = require("node:fs"), path = ${JSON.stringify(path)};
    const limit = (bytes) => { if (spawnSync("prlimit", ["--pid", process.pid, "--fsize=" + bytes + ":unlimited"]).status !== 0) throw new Error("no limit"); };
    const content = [..."header", ..."data", ..."tail"].map((letter) => Buffer.from(letter));
    writeWhole(path, [Buffer.from("old")]);
    const outcomes = [];
    for (let bytes = 0; bytes <= content.length; bytes++) {
      limit(bytes);
      let code = "written";
      try { writeWhole(path, content); } catch (error) { code = error.code; }
      outcomes.push([code, readFileSync(path, "utf8"), readdirSync(${JSON.stringify(folder)}).length].join(" "));
    }
    limit("unlimited");
    console.log(JSON.stringify(outcomes));`);
  const { stdout, stderr } = spawnSync(process.execPath, ["-e", script], { encoding: "utf8" });
  expect(stderr).toBe("");
  const size = "headerdatatail".length;
  expect(JSON.parse(stdout)).toEqual([...Array.from({ length: size }, () => "EFBIG old 1"), "written headerdatatail 1"]);
});
