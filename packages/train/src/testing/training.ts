import { crossEntropy, defaultGenerator, Generator, manualSeed, rand, randint, type Tensor } from "@tapegrad/tensor";
import { BatchNorm1d, Dropout, Flatten, Linear, ReLU, Sequential } from "@tapegrad/nn";
import { compose, DataLoader, ImageDataset, randomCrop, randomHorizontalFlip, TensorDataset, type Dataset } from "@tapegrad/data";
import { Adam, AdamW, SGD } from "@tapegrad/optim";
import { loadCheckpoint, saveCheckpoint, type CheckpointParts } from "../checkpoint.ts";

/** A training of some kind: all that may differ between two, as plain values. */
export interface Kind {
  readonly optimizer: "momentum" | "amsgrad" | "adamw";
  readonly items: number;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly dropLast: boolean;
  /** Whether the loader draws from a generator of its own. */
  readonly ownLoaderGenerator: boolean;
  /** Whether the program draws noise from a generator of its own. */
  readonly ownGenerator: boolean;
  readonly transform: "none" | "images" | "batch";
  readonly isAsync: boolean;
  readonly dropout: boolean;
}

export interface Training extends CheckpointParts {
  readonly kind: Kind;
  readonly model: Sequential;
  readonly optimizer: SGD | Adam | AdamW;
  readonly loader: DataLoader<readonly [image: Tensor, label: number | Tensor]>;
}

const size = { channels: 1, height: 5, width: 4 };
const pixels = size.height * size.width;

function dataOf({ items, transform }: Kind): Dataset<readonly [image: Tensor, label: number | Tensor]> {
  const generator = new Generator("data");
  if (transform !== "images") {
    return new TensorDataset(rand([items, pixels], { generator }), randint(0, 3, [items], { generator }));
  }
  const bytes = Uint8Array.from({ length: items * pixels }, (_, i) => (i * 37) % 251);
  const labels = Uint8Array.from({ length: items }, (_, i) => i % 3);
  const augment = compose(randomCrop({ size: [5, 4], padding: 1 }), randomHorizontalFlip());
  return new ImageDataset({ ...size, bytes, firstByte: 0, strideBytes: pixels, labels }, augment);
}

/** The training as a new process begins it. */
export function begin(kind: Kind, seed: number): Training {
  manualSeed(seed);
  const model = new Sequential(
    new Flatten(), new Linear(pixels, 6), new BatchNorm1d(6), new ReLU(), ...(kind.dropout ? [new Dropout(0.3)] : []), new Linear(6, 3),
  );
  const groups = [{ params: model.parameters().slice(0, 2), lr: 0.05 }, { params: model.parameters().slice(2) }];
  const optimizer = {
    momentum: () => new SGD(groups, { lr: 0.1, momentum: 0.9, nesterov: true }),
    amsgrad: () => new Adam(groups, { lr: 0.01, amsgrad: true, weightDecay: 0.01 }),
    adamw: () => new AdamW(groups, { lr: 0.01 }),
  }[kind.optimizer]();
  for (const group of optimizer.paramGroups) Object.assign(group, { initialLr: group.lr });
  const loader = new DataLoader(dataOf(kind), {
    batchSize: kind.batchSize,
    shuffle: kind.shuffle,
    dropLast: kind.dropLast,
    ...(kind.ownLoaderGenerator ? { generator: new Generator(`loader ${seed}`) } : {}),
    ...(kind.transform === "batch" ? { transform: ([x, y], generator) => [x.add(rand(x.shape, { generator })), y] } : {}),
  });
  return { kind, model, optimizer, loader, ...(kind.ownGenerator ? { generator: new Generator(`noise ${seed}`) } : {}) };
}

/** All that a training has come to. */
export interface Outcome {
  readonly weights: readonly (readonly number[])[];
  readonly optimizer: unknown;
  readonly loader: unknown;
  readonly generators: unknown;
  readonly history: Readonly<Record<string, readonly number[]>>;
}

function outcomeOf({ model, optimizer, loader, generator }: Training, history: Outcome["history"]): Outcome {
  const { paramGroups, state } = optimizer.stateDict();
  const read = (value: Tensor | number): unknown => (typeof value === "number" ? value : value.toArray());
  return {
    weights: Object.values(model.stateDict()).map((x) => Array.from(x.toTypedArray(), Number)),
    optimizer: [paramGroups, Object.entries(state).map(([i, own]) => [i, Object.entries(own).map(([name, value]) => [name, read(value)])])],
    loader: loader.stateDict(),
    generators: [defaultGenerator.getState(), generator?.getState()],
    history,
  };
}

/** The error that stands for the end of a process. */
export class Killed extends Error {}

/**
 * Trains to the end of so many epochs, saving after the steps that `saves` names and dying after `dies`, both counted over the whole
 * training.
 */
export async function train(training: Training, epochs: number, path: string, plan: { readonly resume?: boolean; readonly saves?: (step: number) => boolean; readonly dies?: number } = {}): Promise<Outcome> {
  const { kind, model, optimizer, loader, generator } = training;
  const start = plan.resume === true ? loadCheckpoint(path, parts(training)) : { epoch: 0, history: {} };
  const losses = start.history["loss"] ?? [];
  let step = losses.length;
  for (let epoch = start.epoch; epoch < epochs; epoch++) {
    const batch = (x: Tensor, y: Tensor): void => {
      // A schedule that leans on the program's own option.
      for (const group of optimizer.paramGroups) group.lr = initialLrOf(group) / (1 + step / 10);
      optimizer.zeroGrad();
      const noisy = generator === undefined ? x : x.add(rand(x.shape, { generator }));
      const loss = crossEntropy(model.forward(noisy), y);
      loss.backward();
      optimizer.step();
      step++;
      losses.push(step % 7 === 0 ? NaN : loss.item());
      if (plan.saves?.(step) === true) saveCheckpoint(path, { ...parts(training), epoch, history: { loss: losses } });
      if (step === plan.dies) throw new Killed();
    };
    if (kind.isAsync) for await (const [x, y] of loader) batch(x, y);
    else for (const [x, y] of loader) batch(x, y);
    if (plan.saves?.(0) === true) saveCheckpoint(path, { ...parts(training), epoch: epoch + 1, history: { loss: losses } });
  }
  return outcomeOf(training, { loss: losses });
}

function parts({ model, optimizer, loader, generator }: Training): CheckpointParts {
  return { model, optimizer, loader, ...(generator === undefined ? {} : { generator }) };
}

function initialLrOf(group: object): number {
  return "initialLr" in group && typeof group.initialLr === "number" ? group.initialLr : NaN;
}
