// The four networks as a user of tapegrad writes them.
import { nn } from "tapegrad";
import type { ModelName } from "../models.ts";

/** Builds a model with fresh weights. */
export const ourModels: Readonly<Record<ModelName, () => nn.Module>> = {
  mlp: () =>
    new nn.Sequential(
      new nn.Linear(3072, 100), new nn.ReLU(),
      new nn.Linear(100, 100), new nn.ReLU(),
      new nn.Linear(100, 10),
    ),
  lenet: () =>
    new nn.Sequential(
      new nn.Conv2d(3, 6, 5), new nn.ReLU(), new nn.MaxPool2d(2),
      new nn.Conv2d(6, 16, 5), new nn.ReLU(), new nn.MaxPool2d(2),
      new nn.Flatten(),
      new nn.Linear(400, 120), new nn.ReLU(),
      new nn.Linear(120, 84), new nn.ReLU(),
      new nn.Linear(84, 10),
    ),
  vgg: () =>
    new nn.Sequential(
      ...normalizedConv(3, 32), ...normalizedConv(32, 32), new nn.MaxPool2d(2),
      ...normalizedConv(32, 64), ...normalizedConv(64, 64), new nn.MaxPool2d(2),
      new nn.Flatten(),
      new nn.Linear(4096, 10),
    ),
  alexnet: () =>
    new nn.Sequential(
      ...conv(3, 64), new nn.MaxPool2d(2),
      ...conv(64, 192), new nn.MaxPool2d(2),
      ...conv(192, 384), ...conv(384, 256), ...conv(256, 256), new nn.MaxPool2d(2),
      new nn.Flatten(),
      new nn.Dropout(0.5), new nn.Linear(4096, 1024), new nn.ReLU(),
      new nn.Dropout(0.5), new nn.Linear(1024, 10),
    ),
};

function conv(inputs: number, outputs: number): nn.Module[] {
  return [new nn.Conv2d(inputs, outputs, 3, { padding: 1 }), new nn.ReLU()];
}

function normalizedConv(inputs: number, outputs: number): nn.Module[] {
  return [new nn.Conv2d(inputs, outputs, 3, { padding: 1 }), new nn.BatchNorm2d(outputs), new nn.ReLU()];
}
