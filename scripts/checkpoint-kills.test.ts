import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { loadCheckpoint, nn, optim } from "tapegrad";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeProgram } from "./program-bundle.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
/** TAPEGRAD_CHECKPOINT_KILLS=1000 npm test -- checkpoint-kills kills a thousand times. */
const kills = Number(process.env["TAPEGRAD_CHECKPOINT_KILLS"] ?? 8);
const [inputs, outputs] = [300, 100];

/** Saves one checkpoint after another, the n-th with n everywhere in it, and says when each is there. */
const saver = `
import { loadCheckpoint, nn, noGrad, ones, optim, saveCheckpoint } from "tapegrad";
import { existsSync, writeSync } from "node:fs";
const model = new nn.Linear(${inputs}, ${outputs});
const optimizer = new optim.SGD(model.parameters(), { lr: 1, momentum: 1 });
const path = process.argv[2];
let n = existsSync(path) ? loadCheckpoint(path, { model, optimizer }).epoch : 0;
for (;;) {
  n++;
  noGrad(() => { for (const parameter of model.parameters()) parameter.fill_(n); });
  const momentumBuffer = (parameter) => ones(parameter.shape).mul(n);
  optimizer.loadStateDict({ ...optimizer.stateDict(), state: Object.fromEntries(model.parameters().map((parameter, i) => [i, { momentumBuffer: momentumBuffer(parameter) }])) });
  saveCheckpoint(path, { model, optimizer, epoch: n, history: { n: Array(1000).fill(n) } });
  writeSync(1, n + "\\n");
}`;

let folder = "", program = "";
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "checkpoint-kills-"));
  program = await writeProgram(root, folder, saver);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Starts the program, kills it some milliseconds after its first save, and returns the last one that it said was there. */
async function saveUntilKilled(path: string, ms: number): Promise<number> {
  const child = spawn(process.execPath, [program, path], { stdio: ["ignore", "pipe", "inherit"] });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => void (printed += text));
  const ended = new Promise((resolve) => child.once("close", resolve));
  await new Promise((resolve) => child.stdout.once("data", resolve));
  await sleep(ms);
  child.kill("SIGKILL");
  await ended;
  return Number(printed.trimEnd().split("\n").at(-1));
}

test(`killed ${kills} times while it saves, a program leaves the old checkpoint or the new one, whole`, async () => {
  const path = join(folder, "training.safetensors");
  let newer = 0;
  for (let kill = 0; kill < kills; kill++) {
    const said = await saveUntilKilled(path, (kill * 7919) % 23 + (kill % 10) / 10);
    const model = new nn.Linear(inputs, outputs);
    const optimizer = new optim.SGD(model.parameters(), { lr: 1, momentum: 1 });
    const { epoch, history } = loadCheckpoint(path, { model, optimizer, defaultGenerator: false });
    expect([said, said + 1]).toContain(epoch);
    newer += epoch - said;
    const tensors = [...Object.values(model.stateDict()), ...Object.values(optimizer.stateDict().state).map((own) => own["momentumBuffer"] as typeof model.weight)];
    expect(tensors).toHaveLength(4);
    for (const x of tensors) expect(x.toTypedArray().every((value) => value === epoch)).toBe(true);
    expect(history).toEqual({ n: Array(1000).fill(epoch) });
    // What a killed save leaves behind is no checkpoint, and takes nobody's place.
    for (const name of readdirSync(folder)) if (name.endsWith(".part")) rmSync(join(folder, name));
  }
  if (kills >= 100) console.log(`${kills} kills: ${kills - newer} left the checkpoint that was there, ${newer} the new one`);
}, 60_000 + kills * 3000);
