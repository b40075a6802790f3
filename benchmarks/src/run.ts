// `npm run bench -- --suite NAME [--json FILE] [...]`
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { ArgumentError, parseArguments, usage, type BenchmarkArguments } from "./arguments.ts";
import { ourselves, peerByName, type Contestant } from "./contestant.ts";
import { fullEffort, quickEffort, type Task } from "./interleave.ts";
import { WorkerError } from "./json-pipe.ts";
import { busyWarning, describeMachine, measureBusyCores } from "./machine.ts";
import { runTasks } from "./run-tasks.ts";
import { formatMemoryRows, runMemory } from "./suites/memory.ts";
import { overheadTasks } from "./suites/overhead.ts";
import { trainTasks } from "./suites/train.ts";
import { formatRows } from "./table.ts";

interface Outcome {
  readonly rows: readonly object[];
  readonly table: string;
  /** Versions of the peers that took part. */
  readonly peers: Readonly<Record<string, string>>;
}

async function runSuite(options: BenchmarkArguments): Promise<Outcome> {
  switch (options.suite) {
    case "train": return compare(trainTasks, options);
    // Only torch has a tape of its own to compare with; the others trace or compile.
    case "overhead": return compare(overheadTasks, { ...options, peers: options.peers.filter((name) => name === "torch") });
    case "memory": {
      const rows = await runMemory(options.steps, options.threads);
      return { rows, table: formatMemoryRows(rows), peers: {} };
    }
  }
}

async function compare(tasks: readonly Task[], { threads, peers, rounds, quick }: BenchmarkArguments): Promise<Outcome> {
  const ours = ourselves(threads);
  const others = peers.map((name) => peerByName(name, threads));
  const effort = quick ? quickEffort : { ...fullEffort, rounds };
  try {
    const rows = await runTasks(tasks, ours, others, effort, (row) => process.stderr.write(`${row.name}: ${row.ours} ${row.unit}\n`));
    return { rows, table: formatRows(rows), peers: versions(others) };
  } finally {
    await Promise.all([ours, ...others].map((contestant) => contestant.close()));
  }
}

function versions(contestants: readonly Contestant[]): Record<string, string> {
  return Object.fromEntries(contestants.map(({ name, version }) => [name, version ?? "not there"]));
}

function writeReport(file: string, report: object): void {
  try {
    mkdirSync(dirname(resolve(file)), { recursive: true });
    writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  } catch (error) {
    throw new ArgumentError(`--json ${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
  }
}

try {
  const options = parseArguments(process.argv.slice(2));
  // Once before the measurement, so that a wrong path is not found out after it.
  if (options.json !== null) writeReport(options.json, { suite: options.suite, rows: [] });
  const before = await measureBusyCores();
  const { rows, table, peers } = await runSuite(options);
  const busyCores = { before, after: await measureBusyCores() };
  console.log(table);
  const warning = busyWarning(busyCores);
  if (warning !== null) console.error(warning);
  const report = { suite: options.suite, quick: options.quick, machine: describeMachine({ threads: options.threads, peers, busyCores }), rows };
  if (options.json !== null) writeReport(options.json, report);
} catch (error) {
  if (error instanceof ArgumentError) console.error(`${error.message}\n${usage}`);
  else if (error instanceof WorkerError) console.error(`the benchmark cannot run: ${error.message}`);
  else throw error;
  process.exitCode = error instanceof ArgumentError ? 2 : 1;
}
