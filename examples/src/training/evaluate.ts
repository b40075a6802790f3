import { argmax, DataLoader, noGrad, type nn, type Tensor } from "tapegrad";
import type { LabelledImages } from "./images.ts";

/** How many of a batch are classified rightly. */
export function countCorrect(logits: Tensor, labels: Tensor): number {
  const predicted = argmax(logits.detach(), { dim: 1 }).toTypedArray();
  const expected = labels.toTypedArray();
  let correct = 0;
  for (let i = 0; i < predicted.length; i++) if (predicted[i] === expected[i]) correct++;
  return correct;
}

/** Share of a data set that the model classifies rightly, in evaluation mode. */
export async function accuracy(model: nn.Module, data: LabelledImages, batchSize = 500): Promise<number> {
  model.eval();
  let correct = 0;
  for await (const [x, y] of new DataLoader(data, { batchSize })) {
    correct += noGrad(() => countCorrect(model.forward(x), y));
  }
  model.train();
  return correct / data.length;
}
