import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DataLoader, TensorDataset } from "@tapegrad/data";
import { Linear, loadSafetensors, saveSafetensors } from "@tapegrad/nn";
import { Adam } from "@tapegrad/optim";
import { Generator, scope, tensor, zerosLike } from "@tapegrad/tensor";
import { fuzzFolder, type RandomBelow } from "@tapegrad/test-support";
import { loadCheckpoint, saveCheckpoint } from "../checkpoint.ts";
import { notesName } from "../checkpoint-notes.ts";

const folder = fuzzFolder();
const path = join(folder, "c.safetensors");

const model = new Linear(2, 1);
const optimizer = new Adam(model.parameters(), { lr: 0.1 });
const generator = new Generator(1);
const loader = new DataLoader(new TensorDataset(tensor([[1, 2], [3, 4], [5, 6], [7, 8]])), { batchSize: 1, shuffle: true, generator: new Generator(2) });
const parts = { model, optimizer, generator, loader, defaultGenerator: false };

function step(): void {
  for (const parameter of model.parameters()) parameter.grad = zerosLike(parameter);
  optimizer.step();
}

/** Tensors of a checkpoint, which stay as they are: a safetensors file is a target of its own. */
const [tensors, notes] = (() => {
  step();
  saveCheckpoint(path, { ...parts, epoch: 3, history: { loss: [2, 1] } });
  const header = readFileSync(path);
  const text = header.subarray(8, 8 + Number(header.readBigUInt64LE())).toString();
  const { __metadata__: metadata } = JSON.parse(text) as { __metadata__: Record<string, string> };
  return [loadSafetensors(path), JSON.parse(metadata[notesName] ?? "") as { loader: object }] as const;
})();
const weights = [...model.weight.toTypedArray()].join();

/** The notes of a training that is between two epochs, or stands in one. */
function validNotes(random: RandomBelow): Uint8Array {
  const state = { key: [random(2 ** 31), 5], counter: [random(2 ** 31), 0] };
  const position = random(2) === 0 ? null : random(5);
  return Buffer.from(JSON.stringify({ ...notes, epoch: random(100), generator: state, loader: { ...notes.loader, position, orderFrom: position === null ? null : state, generator: state } }));
}

function parse(bytes: Uint8Array): void {
  saveSafetensors(path, tensors, { [notesName]: Buffer.from(bytes).toString() });
  scope(() => {
    const { epoch, history } = loadCheckpoint(path, parts);
    if (!Number.isSafeInteger(epoch) || epoch < 0 || history["loss"]?.join() !== "2,1") throw new Error(`epoch ${epoch}, history ${JSON.stringify(history)}`);
    if (generator.take(1).some((word) => !Number.isInteger(word) || word < 0 || word >= 2 ** 32)) throw new Error("words out of range");
    // What was loaded must be fit to go on with.
    if ([...loader].length > 4) throw new Error("more batches than there are");
    if ([...model.weight.toTypedArray()].join() !== weights) throw new Error("the weights are others");
    step();
  });
}

export const fuzzTargets = [
  {
    name: "checkpoint",
    tokens: ['"version":1', '"version":2', '"epoch":-1', '"epoch":1e999', '"position":4', '"position":5', '"orderFrom":null', '"items":4', '"shuffle":false', '"lr":-1', '"step":0.5', '"expAvg":0', '"__proto__":{}', "[".repeat(60), "null", '"0":'],
    valid: validNotes,
    parse,
  },
];
