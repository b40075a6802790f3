// The two networks whose width is a parameter.
import { nn } from "tapegrad";
import type { ScaledModelName } from "../models.ts";

/** Builds a model with fresh weights; images are 3x32x32, for the MLP in a row. */
export const ourScaledModels: Readonly<Record<ScaledModelName, (width: number) => nn.Module>> = {
  mlp: (width) =>
    new nn.Sequential(
      new nn.Flatten(),
      new nn.Linear(3072, width), new nn.ReLU(),
      new nn.Linear(width, width), new nn.ReLU(),
      new nn.Linear(width, 10),
    ),
  convnet: (width) =>
    new nn.Sequential(
      new nn.Conv2d(3, width, 3, { padding: 1 }), new nn.ReLU(), new nn.MaxPool2d(2),
      new nn.Conv2d(width, width, 3, { padding: 1 }), new nn.ReLU(), new nn.MaxPool2d(2),
      new nn.Flatten(),
      new nn.Linear(64 * width, 10),
    ),
};
