import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DataError, nn } from "tapegrad";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { lenetDemo } from "./lenet-demo.ts";
import { LeNet } from "./lenet-model.ts";
import { loadCifar10, type ImageData } from "./training/images.ts";
import { OutputError } from "./training/outputs.ts";
import { program } from "./training/program.ts";
import { syntheticImages } from "./training/synthetic-images.ts";

vi.mock(import("./training/images.ts"), async (original) => ({ ...(await original()), loadCifar10: vi.fn() }));

const load = vi.mocked(loadCifar10);
const images: ImageData = { name: "CIFAR-10", train: syntheticImages(3, 32, 320, undefined), test: syntheticImages(3, 32, 100, undefined) };

let folder = "";
let out = "";
let printed: string[] = [];
let onStderr = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tapegrad-demo-"));
  out = join(folder, "runs/lenet");
  printed = [];
  onStderr = "";
  load.mockReset().mockResolvedValue(images);
  vi.spyOn(console, "log").mockImplementation((line: unknown) => void printed.push(String(line)));
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    onStderr += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
  process.exitCode = undefined;
  process.removeAllListeners("SIGINT");
});

const run = (...args: string[]): Promise<void> => lenetDemo(["--batch", "32", "--epochs", "2", "--threads", "1", "--out", out, ...args]);

/** What an earlier run has left. */
function earlierRun(): void {
  mkdirSync(out, { recursive: true });
  for (const name of ["weights.safetensors", "history.json", "curves.svg"]) writeFileSync(join(out, name), "good");
}

function expectEarlierRun(): void {
  expect(readdirSync(out).sort()).toEqual(["curves.svg", "history.json", "weights.safetensors"]);
  for (const name of readdirSync(out)) expect(readFileSync(join(out, name), "utf8")).toBe("good");
  expect([printed.at(-1), process.exitCode]).toEqual(["  nothing was trained, so nothing is written", 130]);
}

test("leaves weights, history and curves; in a pipe there is a line for each epoch and nothing else", async () => {
  const json = join(folder, "figures.json");
  await run("--json", json);
  expect(readdirSync(out).sort()).toEqual(["curves.svg", "history.json", "weights.safetensors"]);
  new LeNet().loadStateDict(nn.loadSafetensors(join(out, "weights.safetensors")));
  const history = JSON.parse(readFileSync(join(out, "history.json"), "utf8")) as { history: { testAccuracy: number }[]; losses: number[]; untrainedAccuracy: number };
  expect([history.history.length, history.losses.length]).toEqual([2, 20]);
  for (const accuracy of [history.untrainedAccuracy, ...history.history.map(({ testAccuracy }) => testAccuracy)]) expect(accuracy).toBeTypeOf("number");
  expect(Object.keys(JSON.parse(readFileSync(json, "utf8")) as object)).toEqual(["system", "epochs", "testAccuracy", "imagesPerSecond", "seconds", "threads", "kernels", "peakBytes"]);
  expect(printed[0]).toBe("CIFAR-10");
  expect(printed.filter((line) => line.includes("epoch "))).toEqual([1, 2].map((epoch) => expect.stringMatching(new RegExp(`^  epoch ${epoch}: loss [\\d.]+, accuracy [\\d.]+%, \\d+ images/s, testAccuracy [\\d.]+%$`)) as string));
  expect(onStderr).toBe("");
  expect(process.exitCode).toBeUndefined();
});

test("interrupted while the data come, or before the first step: an earlier run's files stay", async () => {
  earlierRun();
  load.mockImplementation(async () => {
    process.emit("SIGINT");
    throw new DataError({ op: "CIFAR10.load", fact: "it was stopped", code: "download/aborted" });
  });
  await run();
  expectEarlierRun();
  load.mockImplementation(async () => {
    process.emit("SIGINT");
    return images;
  });
  await run();
  expectEarlierRun();
});

test("interrupted in the middle: what was trained is kept", async () => {
  earlierRun();
  const get = vi.fn(() => {
    if (get.mock.calls.length === 3) process.emit("SIGINT");
  });
  const watched = { length: 320, get: images.train.get.bind(images.train), getBatch: (indices: Int32Array) => (get(), (images.train as ReturnType<typeof syntheticImages>).getBatch(indices)) };
  load.mockResolvedValue({ ...images, train: watched });
  await run();
  const history = JSON.parse(readFileSync(join(out, "history.json"), "utf8")) as { losses: number[] };
  expect(history.losses.length).toBeLessThan(4);
  expect(process.exitCode).toBe(130);
});

test("outputs that cannot be written are told before anything is loaded", async () => {
  writeFileSync(join(folder, "file"), "");
  await expect(run("--out", join(folder, "file"))).rejects.toThrow(new OutputError(`--out ${join(folder, "file")}: ${join(folder, "file")} is a file, not a folder`));
  await expect(run("--json", folder)).rejects.toThrow(new OutputError(`--json ${folder}: is a folder`));
  expect(load).not.toHaveBeenCalled();
  expect(readdirSync(folder)).toEqual(["file"]);
});

test("what cannot be written after all does not take the others with it", async () => {
  mkdirSync(join(out, "history.json/inside"), { recursive: true });
  mkdirSync(join(out, "curves.svg/inside"), { recursive: true });
  const history = join(out, "history.json");
  await expect(run()).rejects.toThrow(new OutputError(`${history} could not be written: is a folder\n${join(out, "curves.svg")} could not be written: is a folder`));
  new LeNet().loadStateDict(nn.loadSafetensors(join(out, "weights.safetensors")));
});

test("a reader that has gone ends the printing, not the training", async () => {
  load.mockImplementation(async () => {
    process.stdout.emit("error", Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
    return images;
  });
  await program(() => run());
  expect(readdirSync(out).sort()).toEqual(["curves.svg", "history.json", "weights.safetensors"]);
  expect(process.exitCode).toBeUndefined();
});
