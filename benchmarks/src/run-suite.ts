import type { BenchmarkArguments } from "./arguments.ts";
import { ourselves, peerByName, type Contestant } from "./contestant.ts";
import { fullEffort, opEffort, quickEffort, type Effort, type Task } from "./interleave.ts";
import { betterLimits, fullLimitEffort, measureLimits, quickLimitEffort, type Limits } from "./limits/measure-limits.ts";
import { selectOpCases } from "./ops/op-cases.ts";
import type { Row } from "./rows.ts";
import { runTasks } from "./run-tasks.ts";
import { formatMemoryRows, runMemory } from "./suites/memory.ts";
import { formatOpRows, opRow, opTasks } from "./suites/ops.ts";
import { overheadTasks } from "./suites/overhead.ts";
import { runPeak } from "./suites/peak.ts";
import { formatScaleRows, runScale } from "./suites/scale.ts";
import { runStartup } from "./suites/startup.ts";
import { trainTasks } from "./suites/train.ts";
import { formatBars, formatRows } from "./table.ts";

/** What a suite gave. */
export interface Outcome {
  readonly rows: readonly object[];
  /** For the terminal. */
  readonly table: string;
  /** Versions of the peers that took part. */
  readonly peers: Readonly<Record<string, string>>;
  /** Which kernels ours computed with, if it said so. */
  readonly kernels: unknown;
  /** What the machine can do at most, where the suite measured it. */
  readonly limits?: Limits;
}

/** Runs the suite that the command line asked for. Throws WorkerError when ours fails. */
export async function runSuite(options: BenchmarkArguments): Promise<Outcome> {
  // Where only torch is comparable: the others have no tape of their own (they trace or compile), and other ops.
  const besideTorch = { ...options, peers: options.peers.filter((name) => name === "torch") };
  switch (options.suite) {
    case "train": return compareTasks(trainTasks, options);
    case "overhead": return compareTasks(overheadTasks, besideTorch);
    case "ops": return compareOps(besideTorch);
    case "memory": {
      const rows = await runMemory(options.steps, options);
      return { rows, table: formatMemoryRows(rows), peers: {}, kernels: null };
    }
    case "peak": return comparePeaks(besideTorch);
    case "startup": {
      const { rows, peers } = await runStartup(options.rounds, options.blas, besideTorch.peers.length > 0);
      return { rows, table: [formatRows(rows), ...formatBars(rows.map((row) => ({ ...row, figure: row.ours })))].join("\n"), peers, kernels: null };
    }
    case "scale": {
      const started: Contestant[] = [];
      const rows = await runScale(options.only, effortOf(options, fullEffort), () => remember(started, ourselves(options)));
      return { rows, table: formatScaleRows(rows), peers: {}, kernels: started[0]?.kernels ?? null };
    }
  }
}

async function compareTasks(tasks: readonly Task[], options: BenchmarkArguments): Promise<Outcome> {
  const wanted = tasks.filter(({ name }) => name.includes(options.only?.toLowerCase() ?? ""));
  const { rows, ...others } = await compare(wanted, options, effortOf(options, fullEffort));
  return { rows, table: formatRows(rows), ...others };
}

async function compareOps(options: BenchmarkArguments): Promise<Outcome> {
  const cases = selectOpCases(options.only, options.quick);
  const limitEffort = options.quick ? quickLimitEffort : fullLimitEffort;
  const before = await measureLimits(options.threads, limitEffort);
  const { rows: measured, ...others } = await compare(opTasks(cases), options, effortOf(options, opEffort));
  const limits = betterLimits(before, await measureLimits(options.threads, limitEffort));
  const rows = cases.flatMap((opCase, i) => {
    const row = measured[i];
    return row === undefined ? [] : [opRow(row, opCase, limits)];
  });
  return { rows, table: formatOpRows(rows, limits), ...others, limits };
}

async function comparePeaks(options: BenchmarkArguments): Promise<Outcome> {
  const own: Contestant[] = [];
  const others: Contestant[] = [];
  const rows = await runPeak(options.only, options.steps, () => ({
    ours: remember(own, ourselves(options)),
    peers: options.peers.map((name) => remember(others, peerByName(name, options.threads))),
  }));
  const judged = rows.map((row) => ({ ...row, name: `${row.name}, ratio`, figure: row.ratio["torch"] ?? NaN }));
  return { rows, table: [formatRows(rows), ...formatBars(judged)].join("\n"), peers: versions(others), kernels: own[0]?.kernels ?? null };
}

async function compare(
  tasks: readonly Task[],
  options: BenchmarkArguments,
  effort: Effort,
): Promise<{ rows: Row[]; peers: Record<string, string>; kernels: unknown }> {
  const ours = ourselves(options);
  const others = options.peers.map((name) => peerByName(name, options.threads));
  try {
    const rows = await runTasks(tasks, ours, others, effort, (row) => process.stderr.write(`${row.name}: ${row.ours} ${row.unit}\n`));
    return { rows, peers: versions(others), kernels: ours.kernels };
  } finally {
    await Promise.all([ours, ...others].map((contestant) => contestant.close()));
  }
}

function effortOf({ quick, rounds }: BenchmarkArguments, full: Effort): Effort {
  return quick ? quickEffort : { ...full, rounds };
}

function remember(list: Contestant[], contestant: Contestant): Contestant {
  list.push(contestant);
  return contestant;
}

function versions(contestants: readonly Contestant[]): Record<string, string> {
  return Object.fromEntries(contestants.map(({ name, version }) => [name, version ?? "not there"]));
}
