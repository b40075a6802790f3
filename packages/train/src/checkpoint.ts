import { checkArgument, checkOptions, defaultGenerator, Generator, optionRules, SerializationError, tensor, type OptionRule } from "@tapegrad/tensor";
import { Module, readSafetensors, saveSafetensors, type AnyModule, type StateDict } from "@tapegrad/nn";
import { DataLoader } from "@tapegrad/data";
import { Optimizer } from "@tapegrad/optim";
import { joinState, notesName, readNotes, splitState, type CheckpointNotes } from "./checkpoint-notes.ts";

/** What a training is made of: saved by `saveCheckpoint`, changed in place by `loadCheckpoint`. */
export interface CheckpointParts {
  readonly model: AnyModule;
  readonly optimizer?: Optimizer<{ lr: number }, object>;
  /** Its place in the running epoch, and the generator that it draws from. */
  readonly loader?: Pick<DataLoader<never>, "stateDict" | "prepareLoad">;
  /** A generator that the program draws from itself, beside the default one and the loader's. */
  readonly generator?: Generator;
  /** Whether the default generator, which dropout and the creation functions draw from, belongs to it. True unless told. */
  readonly defaultGenerator?: boolean;
}

/** Curves by name: `{ loss: [2.3, 1.9], accuracy: [0.1, 0.3] }`. */
export type History = Readonly<Record<string, readonly number[]>>;

/** What `saveCheckpoint` saves. */
export interface SaveCheckpointOptions extends CheckpointParts {
  /** The epoch that is running, or that comes next. 0 unless told. */
  readonly epoch?: number;
  readonly history?: History;
}

/** What `loadCheckpoint` loads into. */
export type LoadCheckpointOptions = CheckpointParts;

/** What `loadCheckpoint` gives back: a history that can be written on. */
export interface LoadedCheckpoint {
  readonly epoch: number;
  readonly history: Record<string, number[]>;
}

const modelPrefix = "model.", historyPrefix = "history.";

function instance(must: string, isOne: (value: object) => boolean): OptionRule {
  return { must, accepts: (value) => typeof value === "object" && value !== null && isOne(value) };
}

function isHistory(history: object): boolean {
  return !Array.isArray(history) && Object.values(history).every((curve) => Array.isArray(curve) && curve.every((value) => typeof value === "number"));
}

const partRules = {
  model: instance("a Module", (value) => value instanceof Module),
  optimizer: instance("an Optimizer", (value) => value instanceof Optimizer),
  loader: instance("a DataLoader", (value) => value instanceof DataLoader),
  generator: optionRules.generator,
  defaultGenerator: optionRules.boolean,
};

const saveRules = { ...partRules, epoch: optionRules.nonNegativeInteger, history: instance("lists of numbers by name", isHistory) };

/**
 * Saves a training in one file, from which it goes on as if it had never stopped: weights, optimizer, random numbers and the loader's place
 * in the epoch. The file appears under its name when it is whole; one that was there before stays until then. It is a safetensors
 * file, so that PyTorch reads its tensors: `model.*` as in `stateDict()`, `optimizer.state.0.expAvg`, `history.loss`.
 *
 * Save between two steps: gradients are not saved, nor what a program keeps outside of these parts.
 *
 * Throws    IndexError `saveCheckpoint/option`, ArgumentError `saveCheckpoint/unknown-option`, SerializationError `checkpoint/option`,
 *           `safetensors/write`, `stateDict/collision`, `optim/undeclared`
 * @example
 * ```ts no-run
 * import { existsSync } from "node:fs";
 *
 * const model = new nn.Sequential(new nn.Linear(784, 100), new nn.ReLU(), new nn.Dropout(0.5), new nn.Linear(100, 10));
 * const optimizer = new optim.Adam(model.parameters());
 * const loader = new DataLoader(new TensorDataset(rand([1000, 784]), randint(0, 10, [1000])), { batchSize: 50, shuffle: true });
 * const path = "training.safetensors";
 *
 * const start = existsSync(path) ? loadCheckpoint(path, { model, optimizer, loader }) : { epoch: 0, history: {} };
 * const losses = start.history["loss"] ?? [];
 * for (let epoch = start.epoch; epoch < 10; epoch++) {
 *   for (const [x, y] of loader) {
 *     optimizer.zeroGrad();
 *     const loss = crossEntropy(model.forward(x), y);
 *     loss.backward();
 *     optimizer.step();
 *     losses.push(loss.item());
 *     if (losses.length % 10 === 0) saveCheckpoint(path, { model, optimizer, loader, epoch, history: { loss: losses } });
 *   }
 *   saveCheckpoint(path, { model, optimizer, loader, epoch: epoch + 1, history: { loss: losses } });
 * }
 * ```
 */
export function saveCheckpoint(path: string, options: SaveCheckpointOptions): void {
  checkOptions<SaveCheckpointOptions>("saveCheckpoint", options, saveRules);
  checkArgument("saveCheckpoint", "model", options.model, partRules.model);
  const { model, optimizer, loader, generator, epoch = 0, history = {} } = options;
  const state = optimizer === undefined ? null : splitState(optimizer.stateDict());
  const notes: CheckpointNotes = {
    version: 1,
    epoch,
    defaultGenerator: options.defaultGenerator === false ? null : defaultGenerator.getState(),
    generator: generator?.getState() ?? null,
    loader: loader?.stateDict() ?? null,
    optimizer: state?.numbers ?? null,
  };
  // As tensors, so that every number comes back, NaN too.
  const curves = Object.entries(history).map(([name, curve]): [string, StateDict[string]] => [name, tensor(Float64Array.from(curve))]);
  const tensors = { ...prefixed(modelPrefix, Object.entries(model.stateDict())), ...state?.tensors, ...prefixed(historyPrefix, curves) };
  saveSafetensors(path, tensors, { [notesName]: JSON.stringify(notes) });
}

/**
 * Loads what `saveCheckpoint` saved into a model, an optimizer and a loader that were made as the saved ones, sets the generators, and
 * returns the rest. Nothing is changed unless all of it fits. Parts that are not given stay in the file: `{ model }` alone is enough to use what was
 * trained, with `defaultGenerator: false` without a new start of the random numbers.
 *
 * Throws    SerializationError `checkpoint/format`, `checkpoint/missing`, `safetensors/read`, `safetensors/format`, `safetensors/dtype`, `optim/state`,
 *           `dataLoader/state`, `generator/state`, and what `Module.loadStateDict` throws; IndexError `loadCheckpoint/option`, ArgumentError
 *           `loadCheckpoint/unknown-option`
 */
export function loadCheckpoint(path: string, options: LoadCheckpointOptions): LoadedCheckpoint {
  checkOptions<LoadCheckpointOptions>("loadCheckpoint", options, partRules);
  checkArgument("loadCheckpoint", "model", options.model, partRules.model);
  const { model, optimizer, loader, generator } = options;
  const { tensors, metadata } = readSafetensors(path);
  const notes = readNotes(path, metadata);
  const part = (name: "defaultGenerator" | "generator" | "loader" | "optimizer"): unknown => notes[name] ?? missing(path, name);

  const history = Object.fromEntries(below(historyPrefix, tensors).map(([name, curve]) => [name, Array.from(curve.toTypedArray("float64"))]));
  // What follows changes nothing yet, and what it returns cannot fail.
  const changes = [
    ...(optimizer === undefined ? [] : [optimizer.prepareLoad(joinState(part("optimizer"), tensors))]),
    ...(generator === undefined ? [] : [prepareGenerator(generator, part("generator"))]),
    ...(loader === undefined ? [] : [loader.prepareLoad(part("loader"))]),
    ...(options.defaultGenerator === false ? [] : [prepareGenerator(defaultGenerator, part("defaultGenerator"))]),
  ];
  model.loadStateDict(Object.fromEntries(below(modelPrefix, tensors)));
  for (const change of changes) change();
  return { epoch: notes.epoch, history };
}

/** Throws SerializationError `generator/state`. */
function prepareGenerator(generator: Generator, saved: unknown): () => void {
  const checked = new Generator();
  checked.setState(saved as ReturnType<Generator["getState"]>);
  return () => generator.setState(checked.getState());
}

function prefixed(prefix: string, entries: readonly (readonly [name: string, x: StateDict[string]])[]): StateDict {
  return Object.fromEntries(entries.map(([name, x]) => [prefix + name, x]));
}

/** The tensors under a prefix, without it. */
function below(prefix: string, tensors: Readonly<StateDict>): (readonly [name: string, x: StateDict[string]])[] {
  return Object.entries(tensors).flatMap(([name, x]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), x] as const] : []));
}

function missing(path: string, name: string): never {
  throw new SerializationError({
    op: "loadCheckpoint",
    fact: `${path} has no ${name}`,
    hint: name === "defaultGenerator" ? "pass defaultGenerator: false" : `save it too: saveCheckpoint(path, { model, ${name} })`,
    code: "checkpoint/missing",
    data: { path, name },
  });
}
