import { expect, test } from "vitest";
import { fullEffort, measureTask, quickEffort, type Contender, type Effort, type Task } from "./interleave.ts";
import { WorkerError } from "./json-pipe.ts";

const task: Task = {
  name: "mlp",
  unit: "images/s",
  better: "higher",
  request: (steps) => ({ task: "train", model: "mlp", steps }),
  figure: (seconds) => 100 / seconds,
};
const effort: Effort = { ...fullEffort, rounds: 3, warmUpSeconds: 0, roundSeconds: 1, budgetSeconds: 30 };

/** Takes `each` seconds for a step, and writes down when it was asked for how many. */
function contender(name: string, each: number, log: string[]): Contender {
  return {
    name,
    async ask(request) {
      const steps = request.task === "train" ? request.steps : 0;
      log.push(`${name} ${steps}`);
      return { seconds: each * steps };
    },
  };
}

test("everybody warms up, then rounds of equal length are taken in turn", async () => {
  const log: string[] = [];
  const row = await measureTask(task, contender("ours", 0.25, log), [contender("torch", 0.5, log)], effort);
  expect(log).toEqual(["ours 1", "torch 1", "ours 4", "torch 2", "ours 4", "torch 2", "ours 4", "torch 2"]);
  expect(row).toMatchObject({ ours: 400, peers: { torch: 200 }, ratio: { torch: 2 } });
});

test("the warm-up goes on until its time is over", async () => {
  const log: string[] = [];
  await measureTask(task, contender("ours", 0.25, log), [], { ...effort, rounds: 1, warmUpSeconds: 1.25 });
  expect(log).toEqual(["ours 1", "ours 2", "ours 2", "ours 4"]);
});

test("a slow peer takes part in fewer rounds", async () => {
  const log: string[] = [];
  const row = await measureTask(task, contender("ours", 1, log), [contender("tfjs", 14, log)], effort);
  expect(log.filter((line) => line.startsWith("tfjs"))).toEqual(["tfjs 1", "tfjs 1", "tfjs 1"]);
  expect(row.rounds).toEqual({ ours: [100, 100, 100], tfjs: [7.143, 7.143] });
});

test("a peer that fails leaves a gap, at the start or in the middle", async () => {
  const failing = (name: string, after: number): Contender => ({
    name,
    async ask() {
      if (after-- <= 0) throw new WorkerError(`${name} gave up`);
      return { seconds: 1 };
    },
  });
  const row = await measureTask(task, contender("ours", 1, []), [failing("absent", 0), failing("broken", 2)], effort);
  expect(row.peers).toEqual({ absent: null, broken: null });
  expect(row.reasons).toEqual({ absent: "absent gave up", broken: "broken gave up" });
});

test("there is no row without ours", async () => {
  const broken: Contender = { name: "ours", ask: () => Promise.reject(new WorkerError("it ended (exit code 1)")) };
  await expect(measureTask(task, broken, [], effort)).rejects.toThrow(new WorkerError("it ended (exit code 1)"));
});

test("quick means a step to start with and a step to measure", async () => {
  const log: string[] = [];
  await measureTask(task, contender("ours", 0.001, log), [], quickEffort);
  expect(log).toEqual(["ours 1", "ours 1"]);
});
