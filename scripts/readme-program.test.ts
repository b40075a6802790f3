import { spawnSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { installTapegrad } from "./consumer/install.ts";
import { readmeProgram, withoutTypes } from "./consumer/programs.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

let folder = "", program = "", accuracy = "";
beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "readme-program-")));
  await installTapegrad(root, folder);
  program = join(folder, "program.js");
  writeFileSync(program, withoutTypes(readmeProgram(root)));
  accuracy = node([program]).out;
});
afterAll(() => rmSync(folder, { recursive: true }));

/** On two threads and without a BLAS, under a limit of addresses if one is given. */
function node(args: readonly string[], addressKilobytes?: number): { readonly status: number | null; readonly out: string; readonly err: string } {
  const env = { ...process.env, NODE_OPTIONS: "", TAPEGRAD_THREADS: "2", TAPEGRAD_BLAS: "off" };
  const command = addressKilobytes === undefined ? [process.execPath, ...args] : ["sh", "-c", `ulimit -v ${addressKilobytes} && exec "$@"`, "sh", process.execPath, ...args];
  const { status, stdout, stderr } = spawnSync(command[0] ?? "", command.slice(1), { cwd: folder, env, encoding: "utf8" });
  return { status, out: stdout, err: stderr };
}

test("the README's program reaches what it says, from the packages as they are published", () => {
  expect(Number(accuracy)).toBeCloseTo(0.98, 1);
  expect(node([program])).toEqual({ status: 0, out: accuracy, err: "" });
});

test("so it does in a worker thread", () => {
  const starter = join(folder, "starter.js");
  writeFileSync(starter, 'import { Worker } from "node:worker_threads";\nnew Worker(new URL("./program.js", import.meta.url));\n');
  expect(node([starter])).toEqual({ status: 0, out: accuracy, err: "" });
});

const permission = ["--permission", "--experimental-permission"].find((flag) => process.allowedNodeEnvironmentFlags.has(flag) || spawnSync(process.execPath, [flag, "--version"]).status === 0);

test.skipIf(permission === undefined)("so it does under Node's permission model (where there is one), with files to read and workers to start; without workers, with one warning", () => {
  const flags = [permission ?? "", "--allow-fs-read=*"];
  const all = node([...flags, "--allow-worker", program]);
  expect([all.status, all.out]).toEqual([0, accuracy]);
  expect(all.err).not.toContain("threads/start");
  const alone = node([...flags, program]);
  expect([alone.status, alone.out]).toEqual([0, accuracy]);
  expect(alone.err.match(/\[threads\/start\]/g)).toHaveLength(1);
});

test.skipIf(process.platform !== "linux")("under ulimit -v of 8 GB (Linux alone counts such addresses) it runs, or ends with one clear error", () => {
  const { status, out, err } = node([program], 8_388_608);
  if (status === 0) expect({ out, err }).toEqual({ out: accuracy, err: "" });
  else expect(err).toMatch(/MemoryError: heap: the engine reserves no addresses for the kernels' memory, neither for 4 GiB nor for 64 MiB \(.+\); this process may have 8589934592 bytes of them\n {2}hint: .+\n {2}code: heap\/reserve\n/);
});
