import type { Task } from "../interleave.ts";
import { modelNames, modelPlans } from "../models.ts";

/** Training steps: forward, cross-entropy, backward, SGD with momentum, gradients forgotten. */
export const trainTasks: readonly Task[] = modelNames.map((model) => ({
  name: model,
  unit: "images/s",
  better: "higher",
  request: (steps) => ({ task: "train", model, steps }),
  figure: (seconds) => modelPlans[model].batch / seconds,
}));
