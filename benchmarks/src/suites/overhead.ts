import type { Task } from "../interleave.ts";
import { chainOps } from "../protocol.ts";

/** Long enough that building and summing up at its ends do not count. */
const chainLength = 1000;

/** What one recorded op costs, forward and backward, in a chain of them on 16 elements. */
export const overheadTasks: readonly Task[] = chainOps.map((op) => ({
  name: op,
  unit: "us/op",
  better: "lower",
  request: (repeats) => ({ task: "overhead", op, length: chainLength, repeats }),
  figure: (seconds) => (seconds / chainLength) * 1e6,
}));
