/**
 * A long training loop (LeNet, batch 64) in a heap of limited size. After every block of steps it writes the block's time
 * and the process's resident set as one line of JSON:
 *
 *   node benchmarks/dist/workers/memory-loop.js --steps 20000 --mode plain
 *
 * With --paced it waits for a line on stdin before each block. It waits without a turn of the event loop, because what
 * this program shows is that a loop which never lets go of the thread does not run out of memory.
 */
import { readSync, writeSync } from "node:fs";
import { parseArgs } from "node:util";
import { DataLoader, manualSeed, optim, randint, randn, scope, setHeapBudget, setNumThreads, TensorDataset, type Tensor } from "tapegrad";
import { positiveInteger } from "../arguments.ts";
import { classes, learningRate, modelPlans, momentum } from "../models.ts";
import { ourModels } from "./our-models.ts";
import { trainingStep } from "./our-training.ts";

const { values: options } = parseArgs({
  options: {
    steps: { type: "string", default: "20000" },
    block: { type: "string", default: "500" },
    mode: { type: "string", default: "plain" },
    threads: { type: "string", default: "1" },
    budget: { type: "string", default: "256" },
    paced: { type: "boolean", default: false },
  },
});
const steps = positiveInteger("--steps", options.steps);
const block = positiveInteger("--block", options.block);
setNumThreads(positiveInteger("--threads", options.threads));
setHeapBudget(positiveInteger("--budget", options.budget) * 2 ** 20);
manualSeed(1);

const { batch, input } = modelPlans.lenet;
const images = 16 * batch;
const loader = new DataLoader(new TensorDataset(randn([images, ...input]), randint(0, classes, [images])), { batchSize: batch, shuffle: true });
const model = ourModels.lenet();
const optimizer = new optim.SGD(model.parameters(), { lr: learningRate, momentum });

let step = 0;
let blockStart = 0;

function train(x: Tensor, y: Tensor): void {
  trainingStep(model, optimizer, x, y);
  step++;
}

/** Called between steps; false when the loop is over. */
function goesOn(): boolean {
  const isBlockEnd = step > 0 && (step % block === 0 || step === steps);
  if (isBlockEnd) writeLine({ step, seconds: (performance.now() - blockStart) / 1000, residentMegabytes: process.memoryUsage.rss() / 2 ** 20 });
  if (step === steps) return false;
  if (step === 0 || isBlockEnd) {
    if (options.paced) waitForLine();
    blockStart = performance.now();
  }
  return true;
}

function* batches(): Generator<[Tensor, Tensor], never> {
  for (;;) yield* loader;
}

const source = batches();

function nextStep(): void {
  train(...source.next().value);
}

/** Nothing is freed by hand. */
function plainLoop(): void {
  while (goesOn()) nextStep();
}

/** What a step made is freed at its end. */
function scopeLoop(): void {
  while (goesOn()) scope(nextStep);
}

/** The usual training loop. */
async function loaderLoop(): Promise<void> {
  for (;;) {
    for await (const [x, y] of loader) {
      if (!goesOn()) return;
      train(x, y);
    }
  }
}

function waitForLine(): void {
  const byte = new Uint8Array(1);
  while (byte[0] !== 10) {
    if (readSync(0, byte) === 0) process.exit(0);
  }
}

function writeLine(line: object): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

const loops: Readonly<Record<string, () => void | Promise<void>>> = { plain: plainLoop, scope: scopeLoop, loader: loaderLoop };
const loop = loops[options.mode];
if (loop === undefined) throw new RangeError(`--mode ${options.mode} is unknown; there are ${Object.keys(loops).join(", ")}`);
await loop();
