import type { Contestant } from "../contestant.ts";
import { measureTask, type Effort, type Task } from "../interleave.ts";
import { modelNames, modelPlans } from "../models.ts";
import type { Row } from "../rows.ts";

/** Training steps: forward, cross-entropy, backward, SGD with momentum, gradients forgotten. */
export const trainTasks: readonly Task[] = modelNames.map((model) => ({
  name: model,
  unit: "images/s",
  better: "higher",
  request: (steps) => ({ task: "train", model, steps }),
  figure: (seconds) => modelPlans[model].batch / seconds,
}));

/** Measures all tasks, one row each; `onRow` sees each as it is done. */
export async function runTasks(
  tasks: readonly Task[],
  ours: Contestant,
  peers: readonly Contestant[],
  effort: Effort,
  onRow: (row: Row) => void,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const task of tasks) {
    const row = await measureTask(task, ours, peers, effort);
    rows.push(row);
    onRow(row);
  }
  return rows;
}
