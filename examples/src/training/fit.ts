import { crossEntropy, DataLoader, noGrad, type nn, type optim, type Tensor } from "tapegrad";
import { countCorrect } from "./evaluate.ts";
import type { LabelledImages } from "./images.ts";
import { progressBar } from "./progress.ts";

/** One epoch of training. */
export interface EpochRecord {
  readonly epoch: number;
  readonly loss: number;
  /** On the training images, while they were trained on. */
  readonly accuracy: number;
  readonly imagesPerSecond: number;
  readonly seconds: number;
}

/** The part of an optimizer that the loop needs. */
type Trainer = optim.SGD | optim.Adam | optim.AdamW;

/** How `fit` trains. */
export interface FitOptions {
  readonly epochs: number;
  readonly batchSize: number;
  /** Learning rate for a point of the training between 0 and 1; constant unless given. */
  readonly learningRate?: (progress: number) => number;
  /** Added to the cross-entropy: a penalty on the weights. */
  readonly penalty?: () => Tensor;
  /** Called after each step with the loss of its batch. */
  readonly afterStep?: (loss: number) => void;
  /** Called after each epoch. */
  readonly afterEpoch?: (record: EpochRecord) => Promise<void> | void;
  /** Ends the training after the running step. */
  readonly signal?: AbortSignal;
}

/** Trains a classifier with a progress bar. Returns what each epoch gave; an interrupted one counts for what it did. */
export async function fit(model: nn.Module, data: LabelledImages, optimizer: Trainer, options: FitOptions): Promise<EpochRecord[]> {
  const { epochs, batchSize, signal } = options;
  const records: EpochRecord[] = [];
  const loader = new DataLoader(data, { batchSize, shuffle: true, dropLast: true });
  for (let epoch = 1; epoch <= epochs && signal?.aborted !== true; epoch++) {
    const record = await trainEpoch(model, loader, optimizer, epoch, options);
    if (record === undefined) break;
    records.push(record);
    await options.afterEpoch?.(record);
  }
  return records;
}

/** `undefined` if it came to no step. */
async function trainEpoch(model: nn.Module, loader: DataLoader<readonly [image: Tensor, label: number | Tensor]>, optimizer: Trainer, epoch: number, options: FitOptions): Promise<EpochRecord | undefined> {
  const bar = progressBar(`  epoch ${epoch}/${options.epochs} {bar} loss {loss}  accuracy {accuracy}%  {speed} images/s  {left} s left`);
  const start = performance.now();
  let [seen, correct, lossSum, steps] = [0, 0, 0, 0];
  model.train();
  for await (const [x, y] of loader) {
    if (options.signal?.aborted === true) break;
    const done = (epoch - 1 + steps / loader.length) / options.epochs;
    if (options.learningRate !== undefined) for (const group of optimizer.paramGroups) group.lr = options.learningRate(done);
    const logits = model.forward(x);
    const dataLoss = crossEntropy(logits, y);
    const loss = options.penalty === undefined ? dataLoss : dataLoss.add(options.penalty());
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();

    steps++;
    seen += x.shape[0] ?? 0;
    const value = loss.item();
    lossSum += value;
    options.afterStep?.(value);
    correct += noGrad(() => countCorrect(logits, y));
    const seconds = (performance.now() - start) / 1000;
    bar.update(steps / loader.length, {
      loss: (lossSum / steps).toFixed(3),
      accuracy: ((100 * correct) / seen).toFixed(1),
      speed: (seen / seconds).toFixed(0),
      left: ((seconds / steps) * (loader.length - steps)).toFixed(0),
    });
  }
  bar.stop();
  if (steps === 0) return undefined;
  const seconds = (performance.now() - start) / 1000;
  return { epoch, loss: lossSum / steps, accuracy: correct / seen, imagesPerSecond: seen / seconds, seconds };
}

/** An epoch in a line, with further shares of images told rightly. */
export function describeEpoch({ epoch, loss, accuracy, imagesPerSecond }: EpochRecord, accuracies: Readonly<Record<string, number>> = {}): string {
  const percent = (share: number): string => `${(100 * share).toFixed(2)}%`;
  const further = Object.entries(accuracies).map(([name, share]) => `, ${name} ${percent(share)}`);
  return `  epoch ${epoch}: loss ${loss.toFixed(4)}, accuracy ${percent(accuracy)}, ${imagesPerSecond.toFixed(0)} images/s${further.join("")}`;
}
