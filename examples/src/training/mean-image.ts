import { DataLoader, zeros, type Tensor } from "tapegrad";
import type { LabelledImages } from "./images.ts";

/** The mean of every pixel over a data set: [C, H, W]. */
export async function meanImage(images: LabelledImages): Promise<Tensor> {
  let total = zeros([]);
  for await (const [x] of new DataLoader(images, { batchSize: 500 })) total = total.add(x.sum({ dim: 0 }));
  return total.div(images.length);
}
