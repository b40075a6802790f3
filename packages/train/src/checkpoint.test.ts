import { readdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { defaultGenerator, dropout, Generator, manualSeed, ones, rand, scope, tensor } from "@tapegrad/tensor";
import { Linear, loadSafetensors, loadSafetensorsMetadata, saveSafetensors } from "@tapegrad/nn";
import { DataLoader, TensorDataset } from "@tapegrad/data";
import { Adam, SGD } from "@tapegrad/optim";
import { temporaryFolder, thrownBy } from "@tapegrad/test-support";
import { loadCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import { begin, Killed, train, type Kind } from "./testing/training.ts";

let folder = "", path = "";
beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder, "training.safetensors");
});
afterEach(() => {
  manualSeed(0);
});

const kinds = fc.record<Kind>({
  optimizer: fc.constantFrom("momentum", "amsgrad", "adamw"),
  items: fc.integer({ min: 4, max: 17 }),
  batchSize: fc.integer({ min: 2, max: 6 }),
  shuffle: fc.boolean(),
  dropLast: fc.constant(true),
  ownLoaderGenerator: fc.boolean(),
  ownGenerator: fc.boolean(),
  transform: fc.constantFrom("none", "images", "batch"),
  isAsync: fc.boolean(),
  dropout: fc.boolean(),
});

test("killed after any batch and resumed, a training ends with the bits of one that was not", async () => {
  await fc.assert(fc.asyncProperty(kinds, fc.integer({ min: 1, max: 3 }), fc.nat(), fc.nat(), fc.integer({ min: 1, max: 3 }), async (kind, epochs, deathSeed, killsSeed, every) => {
    const whole = await train(begin(kind, 5), epochs, path);
    const steps = whole.history["loss"]?.length ?? 0;
    const saves = (step: number): boolean => step % every === 0;
    // Several deaths, each in a process of its own: what it began with is another seed, so that nothing comes out right by itself.
    let training = begin(kind, 5);
    saveCheckpoint(path, { model: training.model, optimizer: training.optimizer, loader: training.loader, ...(training.generator === undefined ? {} : { generator: training.generator }) });
    for (let kill = 0; kill <= killsSeed % 3; kill++) {
      training = begin(kind, 100 + kill);
      const death = train(training, epochs, path, { resume: true, saves, dies: 1 + ((deathSeed + 5 * kill) % steps) });
      await death.catch((error: unknown) => {
        if (!(error instanceof Killed)) throw error;
      });
    }
    const resumed = await train(begin(kind, 999), epochs, path, { resume: true });
    expect(resumed).toEqual(whole);
    expect(readdirSync(folder)).toEqual(["training.safetensors"]);
  }), { numRuns: 30 });
});

const make = () => {
  const model = new Linear(3, 2);
  const optimizer = new Adam(model.parameters());
  const loader = new DataLoader(new TensorDataset(ones([6, 3])), { batchSize: 2, shuffle: true, generator: new Generator(3) });
  return { model, optimizer, loader };
};

/** One that has gone on for some batches. */
function advanced(batches = 2) {
  const training = make();
  for (const [x] of training.loader) {
    training.optimizer.zeroGrad();
    training.model.forward(x).sum().backward();
    training.optimizer.step();
    if (--batches === 0) break;
  }
  return training;
}

test("the file's tensors have PyTorch's names, and the rest is JSON in its metadata", () => {
  saveCheckpoint(path, { ...advanced(), epoch: 4, history: { loss: [0.5, NaN, -0, 1e300], empty: [] } });
  const tensors = loadSafetensors(path);
  expect(Object.keys(tensors)).toEqual([
    "model.weight", "model.bias",
    "optimizer.state.0.expAvg", "optimizer.state.0.expAvgSq", "optimizer.state.1.expAvg", "optimizer.state.1.expAvgSq",
    "history.loss", "history.empty",
  ]);
  expect(tensors["history.loss"]?.dtype).toBe("float64");
  const notes: unknown = JSON.parse(loadSafetensorsMetadata(path)["tapegrad.checkpoint"] ?? "");
  expect(notes).toMatchObject({
    version: 1, epoch: 4, generator: null, loader: { items: 6, batchSize: 2, shuffle: true, position: 2 },
    optimizer: { paramGroups: [{ lr: 1e-3, betas: [0.9, 0.999], params: [0, 1] }], state: { 0: { step: 2 }, 1: { step: 2 } } },
  });
});

test("gives back the epoch and the history, to the bit, to be written on", () => {
  saveCheckpoint(path, { ...make(), epoch: 4, history: { "train.loss": [0.5, NaN, -0, 1e300], empty: [] } });
  const { epoch, history } = loadCheckpoint(path, make());
  expect([epoch, history]).toEqual([4, { "train.loss": [0.5, NaN, -0, 1e300], empty: [] }]);
  history["empty"]?.push(1);
  expect(loadCheckpoint(path, make()).history["empty"]).toEqual([]);
  saveCheckpoint(path, { model: new Linear(3, 2) });
  expect(loadCheckpoint(path, { model: new Linear(3, 2) })).toEqual({ epoch: 0, history: {} });
});

test("the default generator is part of it unless told otherwise", () => {
  manualSeed(8);
  const model = new Linear(3, 2);
  saveCheckpoint(path, { model });
  const drawn = dropout(ones([50]), { p: 0.5 }).toArray();
  manualSeed(9);
  loadCheckpoint(path, { model });
  expect(dropout(ones([50]), { p: 0.5 }).toArray()).toEqual(drawn);
  manualSeed(9);
  const other = rand([3]).toArray();
  manualSeed(9);
  loadCheckpoint(path, { model, defaultGenerator: false });
  expect(rand([3]).toArray()).toEqual(other);
  saveCheckpoint(path, { model, defaultGenerator: false });
  expect(thrownBy(() => loadCheckpoint(path, { model })).message).toBe(
    `loadCheckpoint: ${path} has no defaultGenerator\n  hint: pass defaultGenerator: false\n  code: checkpoint/missing`,
  );
});

test("what is loaded in a scope outlives it", () => {
  const { optimizer, model } = advanced();
  saveCheckpoint(path, { model, optimizer });
  const target = make();
  scope(() => loadCheckpoint(path, { model: target.model, optimizer: target.optimizer }));
  const moments = (of: Adam): unknown => Object.values(of.stateDict().state).map((own) => Object.values(own).map((value) => (typeof value === "number" ? value : value.toArray())));
  expect(moments(target.optimizer)).toEqual(moments(optimizer));
  expect(target.model.weight.toArray()).toEqual(model.weight.toArray());
});

test.each<[name: string, parts: object, line: string]>([
  ["no model", {}, "model undefined must be a Module"],
  ["a model that is none", { model: {} }, "model an object must be a Module"],
  ["an optimizer that is none", { model: new Linear(1, 1), optimizer: { step: 1 } }, "optimizer an object must be an Optimizer"],
  ["a loader that is none", { model: new Linear(1, 1), loader: [1] }, "loader [1] must be a DataLoader"],
  ["an epoch that is none", { model: new Linear(1, 1), epoch: 1.5 }, "epoch 1.5 must be an integer, 0 or more"],
  ["a history of records", { model: new Linear(1, 1), history: [{ loss: 1 }] }, "history [an object] must be lists of numbers by name"],
  ["a curve of texts", { model: new Linear(1, 1), history: { loss: ["1"] } }, "history an object must be lists of numbers by name"],
])("refuses %s, and writes nothing", (_name, parts, line) => {
  const error = thrownBy(() => saveCheckpoint(path, parts as Parameters<typeof saveCheckpoint>[1]));
  expect(error.message).toBe(`saveCheckpoint: ${line}\n  code: saveCheckpoint/option`);
  expect(readdirSync(folder)).toEqual([]);
  if ("epoch" in parts || "history" in parts) return;
  expect(thrownBy(() => loadCheckpoint(path, parts as Parameters<typeof loadCheckpoint>[1])).message).toBe(`loadCheckpoint: ${line}\n  code: loadCheckpoint/option`);
});

test("options of the program's own are kept if JSON can hold them, and refused when they are saved if not", () => {
  const { model, optimizer } = make();
  const [group = {}] = optimizer.paramGroups;
  const own = { initialLr: 0.5, name: "head", stops: [1, [2, { at: null }]], on: true };
  Object.assign(group, own);
  saveCheckpoint(path, { model, optimizer });
  const target = make();
  loadCheckpoint(path, { model: target.model, optimizer: target.optimizer });
  expect(target.optimizer.paramGroups[0]).toMatchObject(own);
  for (const [value, shown] of [[() => 1, "the function schedule"], [NaN, "NaN"], [tensor([1]), "a Tensor"], [new Date(), "a Date"], [[undefined], "[undefined]"]] as const) {
    Object.assign(group, { schedule: value });
    if (typeof value === "function") Object.defineProperty(value, "name", { value: "schedule" });
    expect(thrownBy(() => saveCheckpoint(path, { model, optimizer })).message).toBe(
      `saveCheckpoint: the option schedule of parameter group 0 is ${shown}, which a file cannot hold\n  hint: finite numbers, texts, booleans, null, and arrays and plain objects of them can be\n  code: checkpoint/option`,
    );
  }
});

/** A checkpoint with changed notes and tensors. */
function forged(change: (notes: Record<string, unknown>) => unknown, tensors: Parameters<typeof saveSafetensors>[1] = {}): void {
  saveCheckpoint(path, { ...advanced(), generator: new Generator(1), epoch: 1 });
  const notes = JSON.parse(loadSafetensorsMetadata(path)["tapegrad.checkpoint"] ?? "") as Record<string, unknown>;
  const text = change(notes);
  saveSafetensors(path, { ...loadSafetensors(path), ...tensors }, { "tapegrad.checkpoint": typeof text === "string" ? text : JSON.stringify(text) });
}

const shown = (notes: Record<string, unknown>, part: string, changes: object): unknown => ({ ...notes, [part]: { ...(notes[part] as object), ...changes } });

test.each<[name: string, forge: () => void, code: string, line: (file: string) => string]>([
  ["weights alone", () => saveSafetensors(path, new Linear(3, 2).stateDict()), "checkpoint/format", (file) => `loadCheckpoint: ${file} is no checkpoint: it has no tapegrad.checkpoint in its metadata\n  hint: loadSafetensors reads files of tensors alone`],
  ["no JSON", () => forged(() => "{"), "checkpoint/format", (file) => `loadCheckpoint: ${file} is no checkpoint: its tapegrad.checkpoint is not JSON`],
  ["a list", () => forged(() => []), "checkpoint/format", (file) => `loadCheckpoint: ${file} is no checkpoint: its tapegrad.checkpoint is [], not an object`],
  ["a later version", () => forged((notes) => ({ ...notes, version: 2 })), "checkpoint/format", (file) => `loadCheckpoint: ${file} is no checkpoint: its version is 2, and only 1 is known`],
  ["a wrong epoch", () => forged((notes) => ({ ...notes, epoch: "3" })), "checkpoint/format", (file) => `loadCheckpoint: ${file} is no checkpoint: its epoch "3" must be an integer, 0 or more`],
  ["no optimizer", () => forged((notes) => ({ ...notes, optimizer: null })), "checkpoint/missing", (file) => `loadCheckpoint: ${file} has no optimizer\n  hint: save it too: saveCheckpoint(path, { model, optimizer })`],
  ["no loader", () => forged((notes) => ({ ...notes, loader: undefined })), "checkpoint/missing", (file) => `loadCheckpoint: ${file} has no loader\n  hint: save it too: saveCheckpoint(path, { model, loader })`],
  ["no generator", () => forged((notes) => ({ ...notes, generator: null })), "checkpoint/missing", (file) => `loadCheckpoint: ${file} has no generator\n  hint: save it too: saveCheckpoint(path, { model, generator })`],
  ["another optimizer", () => forged((notes) => shown(notes, "optimizer", { paramGroups: [] })), "optim/state", () => "Adam.loadStateDict: the state has 0 parameter groups, the optimizer 1\n  hint: make the optimizer as the one that was saved"],
  ["an optimizer that is a text", () => forged((notes) => ({ ...notes, optimizer: "Adam" })), "optim/state", () => 'Adam.loadStateDict: the state must have paramGroups and state, as stateDict() gives them, and is "Adam"\n  hint: make the optimizer as the one that was saved'],
  ["a tensor in the notes", () => forged((notes) => shown(notes, "optimizer", { state: { 0: { step: 1, expAvg: { shape: [2, 3], storage: {} }, expAvgSq: 1 } } })), "none", () => "none"],
  ["a moment of another shape", () => forged((notes) => notes, { "optimizer.state.1.expAvg": ones([3]) }), "optim/state", () => "Adam.loadStateDict: parameter 1 has shape [2], its expAvg in the state [3]\n  hint: make the optimizer as the one that was saved"],
  ["a state that nobody knows", () => forged((notes) => notes, { "optimizer.state.1.__proto__": ones([2]) }), "optim/state", () => "Adam.loadStateDict: parameter 1 has the state __proto__, which Adam does not know\n  hint: make the optimizer as the one that was saved"],
  ["another loader", () => forged((notes) => shown(notes, "loader", { items: 7 })), "dataLoader/state", () => "DataLoader.loadStateDict: items is 7 in the state, 6 in the loader\n  hint: make the loader as the one that was saved"],
  ["a generator that is none", () => forged((notes) => ({ ...notes, generator: { key: [1, 2], counter: [0, -1] } })), "generator/state", () => "Generator.setState: a state has two key words and two counter words, each an integer from 0 to 2^32 - 1"],
  ["a default generator that is none", () => forged((notes) => ({ ...notes, defaultGenerator: 5 })), "generator/state", () => "Generator.setState: a state has two key words and two counter words, each an integer from 0 to 2^32 - 1"],
  ["another model", () => forged((notes) => notes, { "model.weight": ones([2, 2]) }), "loadStateDict/shape", () => "loadStateDict: shapes differ between Linear and the state, in 1 of 2 tensors\n  weight  [2, 3] in the module, [2, 2] in the state"],
])("a file with %s changes nothing", (_name, forge, code, line) => {
  forge();
  const target = advanced(1);
  const generator = new Generator("own");
  const state = (): unknown => [
    Object.values(target.model.stateDict()).map((x) => x.toArray()),
    Object.values(target.optimizer.stateDict().state).map((own) => Object.values(own).map((value) => (typeof value === "number" ? value : value.toArray()))),
    target.loader.stateDict(), generator.getState(), defaultGenerator.getState(),
  ];
  const before = state();
  if (code === "none") {
    // Tensors come from the file's tensors, whatever the notes hold under their names.
    loadCheckpoint(path, { ...target, generator });
    return;
  }
  const error = thrownBy(() => loadCheckpoint(path, { ...target, generator }));
  expect(error.message).toBe(`${line(path)}\n  code: ${code}`);
  expect(state()).toEqual(before);
});

test("a loader's or an optimizer's of another kind is refused", () => {
  const { model } = make();
  saveCheckpoint(path, { model, optimizer: new SGD(model.parameters(), { lr: 1 }) });
  expect(thrownBy(() => loadCheckpoint(path, { model, optimizer: new Adam(model.parameters()) })).message.split("\n")[0]).toBe("Adam.loadStateDict: group 0 of the state has no betas");
});
