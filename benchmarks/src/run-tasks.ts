import { measureTask, type Contender, type Effort, type Task } from "./interleave.ts";
import type { Row } from "./rows.ts";

/** Measures all tasks, one row each; `onRow` sees each as it is done. */
export async function runTasks(
  tasks: readonly Task[],
  ours: Contender,
  peers: readonly Contender[],
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
