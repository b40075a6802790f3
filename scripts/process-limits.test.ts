import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeProgram } from "./program-bundle.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/** A training with products that are worth sharing; prints what came out, and on how many threads. */
const training = `
import { crossEntropy, getNumThreads, manualSeed, nn, optim, randint, randn } from "tapegrad";
manualSeed(1);
const model = new nn.Sequential(new nn.Linear(256, 256), new nn.ReLU(), new nn.Linear(256, 10));
const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
const [x, y] = [randn([256, 256]), randint(0, 10, [256])];
let loss;
for (let i = 0; i < 10; i++) {
  optimizer.zeroGrad();
  loss = crossEntropy(model.forward(x), y);
  loss.backward();
  optimizer.step();
}
console.log(JSON.stringify({ loss: loss.item(), threads: getNumThreads() }));
`;

let folder = "", program = "";
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "process-limits-"));
  program = await writeProgram(root, folder, training);
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  readonly status: number | null;
  readonly out: { readonly loss: number; readonly threads: number } | null;
  readonly err: string;
}

/** Runs the program on two threads and without a BLAS, under a limit of its addresses if one is given. */
function run(options: readonly string[], addressKilobytes?: number): Ended {
  const env = { ...process.env, NODE_OPTIONS: "", TAPEGRAD_THREADS: "2", TAPEGRAD_BLAS: "off" };
  const node = [process.execPath, ...options, program];
  const [file = "", ...args] = addressKilobytes === undefined ? node : ["sh", "-c", `ulimit -v ${addressKilobytes} && exec "$@"`, "sh", ...node];
  const { status, stdout, stderr } = spawnSync(file, args, { env, encoding: "utf8" });
  return { status, out: stdout === "" ? null : (JSON.parse(stdout) as Ended["out"]), err: stderr };
}

/** Ended well, with what comes out without limits. */
function expectSame({ status, out, err }: Ended, threads: number): void {
  const { out: free } = run([]);
  expect({ status, out, err: status === 0 ? "" : err }).toEqual({ status: 0, out: { loss: free?.loss, threads }, err: "" });
}

const permission = ["--permission", "--experimental-permission"].find((flag) => process.allowedNodeEnvironmentFlags.has(flag) || spawnSync(process.execPath, [flag, "--version"]).status === 0);

test.skipIf(permission === undefined)("under the permission model a program runs on one thread, with one warning", () => {
  const denied = run([permission ?? "", "--allow-fs-read=*"]);
  expectSame(denied, 1);
  expect(denied.err.match(/\[threads\/start\].*/g)).toEqual([
    expect.stringMatching(/^\[threads\/start\] Warning: a worker thread cannot start \(.+\): kernels run on one thread; node --allow-worker lets it start$/),
  ]);
  const allowed = run([permission ?? "", "--allow-fs-read=*", "--allow-worker"]);
  expectSame(allowed, 2);
  expect(allowed.err).not.toContain("threads/start");
});

// Linux alone counts addresses that are only reserved.
const isLinux = process.platform === "linux";
const withoutGuards = "--disable-wasm-trap-handler";
const canDoWithoutGuards = process.allowedNodeEnvironmentFlags.has(withoutGuards);

test.skipIf(!isLinux)("under ulimit -v of 8 GB a program runs, or ends with one clear error that names the remedy", () => {
  const limited = run([], 8_000_000);
  // An engine that reserves no more than the memory itself runs.
  if (limited.status === 0) return;
  expect(limited.out).toBeNull();
  expect(limited.err).toMatch(/MemoryError: heap: the engine reserves no addresses for the kernels' memory, neither for 4 GiB nor for 64 MiB \(.+\); this process may have 8192000000 bytes of them\n {2}hint: start it with .*a higher limit \(ulimit -v unlimited\)\n {2}code: heap\/reserve\n/);
  expect(limited.err.includes(withoutGuards)).toBe(canDoWithoutGuards);
});

test.skipIf(!isLinux || !canDoWithoutGuards)("the remedy helps; where there are no addresses for a worker, there is one thread and one warning", () => {
  expectSame(run([withoutGuards], 12_000_000), 2);
  const tight = run([withoutGuards], 4_000_000);
  expectSame(tight, 1);
  expect(tight.err.match(/\[threads\/start\].*/g)).toEqual(["[threads/start] Warning: a worker thread cannot start (the process has no addresses left for it, ulimit -v): kernels run on one thread"]);
});

/** Holds more than 128 MiB, then needs twice 80 MiB for one op, in an engine that has addresses for no more than 128 MiB. */
const largeProgram = `
import { full, memoryStats, MemoryError } from "tapegrad";
const parts = Array.from({ length: 10 }, (_, i) => full([4 * 2 ** 20], i + 1));
const sums = parts.map((x) => x.mul(2).sum().item() / x.numel());
try {
  full([20 * 2 ** 20], 1).mul(2);
} catch (error) {
  console.log(JSON.stringify({ sums, code: error instanceof MemoryError && error.code, most: error.data.most, reserved: memoryStats().reserved }));
}
`;
const smallEngine = `const { Memory } = WebAssembly;
WebAssembly.Memory = class extends Memory {
  constructor(options) {
    if (options.maximum > 2048) throw new RangeError("no addresses");
    super(options);
  }
};
`;

test("in a smaller memory a program spills what does not fit, and an op that cannot fit says so", async () => {
  const path = await writeProgram(root, mkdtempSync(join(folder, "small-")), largeProgram);
  writeFileSync(path, smallEngine + readFileSync(path, "utf8"));
  const { stdout, stderr } = spawnSync(process.execPath, [path], { encoding: "utf8" });
  expect(stderr).toBe("");
  const { sums, code, most, reserved } = JSON.parse(stdout) as Record<string, unknown>;
  expect(sums).toEqual([2, 4, 6, 8, 10, 12, 14, 16, 18, 20]);
  expect(code).toBe("heap/exhausted");
  expect(most).toBeLessThan(2 ** 27);
  expect(most).toBeGreaterThan(2 ** 27 - 2 ** 20);
  expect(reserved).toBeLessThanOrEqual(2 ** 27);
});
