import { fileURLToPath } from "node:url";
import { ownEnvironment, pythonCommands } from "../contestant.ts";
import { JsonPipe, WorkerError, type WorkerCommand } from "../json-pipe.ts";
import { buildRow, type Measured, type Row } from "../rows.ts";

/** Import and first op may take so many milliseconds. */
const bar = 80;
const limitSeconds = 60;

/** The stages of a fresh process. "start" is Node's or Python's own; the first op adds two small tensors and reads the sum. */
export const stages = ["start", "import", "first op", "import and first op", "all"] as const;
type Stage = (typeof stages)[number];
/** Milliseconds of each stage of one process. */
export type StartupTimes = Readonly<Record<Stage, number>>;

/** One stage, ours beside PyTorch's. */
export interface StartupRow extends Row {
  readonly name: Stage;
  /** In milliseconds; null for stages that have none. */
  readonly bar: number | null;
  readonly ok: boolean | null;
}

/** What the rounds gave, and the peer's version. */
export interface StartupOutcome {
  readonly rows: readonly StartupRow[];
  readonly peers: Readonly<Record<string, string>>;
}

/** Starts processes in turn, one of ours and one of PyTorch's. Throws WorkerError when ours fails. */
export async function runStartup(rounds: number, blas: boolean, withTorch: boolean): Promise<StartupOutcome> {
  const program = fileURLToPath(new URL("../workers/our-startup.js", import.meta.url));
  const own = [{ file: process.execPath, args: [program], env: ownEnvironment(blas) }];
  const torch = pythonCommands([fileURLToPath(new URL("../../peers/torch_startup.py", import.meta.url))]);
  const ours: StartupTimes[] = [];
  const theirs: StartupTimes[] = [];
  let version = "not there";
  let reason: string | null = null;
  // One round more, which is thrown away: it brings the files into the system's cache.
  for (let round = 0; round <= rounds; round++) {
    const mine = await startOnce(own);
    if (round > 0) ours.push(mine.times);
    if (!withTorch || reason !== null) continue;
    try {
      const other = await startOnce(torch);
      version = other.version;
      if (round > 0) theirs.push(other.times);
    } catch (error) {
      if (!(error instanceof WorkerError)) throw error;
      reason = error.message;
    }
  }
  return { rows: startupRows(ours, withTorch ? (reason === null ? theirs : { reason }) : null), peers: withTorch ? { torch: version } : {} };
}

/** One row for each stage; `theirs` is null where nobody was asked. */
export function startupRows(ours: readonly StartupTimes[], theirs: readonly StartupTimes[] | { readonly reason: string } | null): StartupRow[] {
  return stages.map((stage) => {
    const peers = new Map<string, Measured>();
    if (theirs !== null) peers.set("torch", "reason" in theirs ? theirs : theirs.map((times) => times[stage]));
    const row = buildRow({ name: stage, unit: "ms", better: "lower" }, ours.map((times) => times[stage]), peers);
    const hasBar = stage === "import and first op";
    return { ...row, name: stage, bar: hasBar ? bar : null, ok: hasBar ? row.ours <= bar : null };
  });
}

/** Runs the first of the commands that works, and takes the times that it prints apart. */
async function startOnce(commands: readonly WorkerCommand[]): Promise<{ times: StartupTimes; version: string }> {
  let failure = new WorkerError("there is no command to start it");
  for (const command of commands) {
    const begun = performance.timeOrigin + performance.now();
    const pipe = new JsonPipe(command);
    try {
      const { main, imported, done, version } = await pipe.receive(limitSeconds);
      if (typeof main !== "number" || typeof imported !== "number" || typeof done !== "number") throw new WorkerError("its answer lacks a time");
      const times = { start: main - begun, import: imported - main, "first op": done - imported, "import and first op": done - main, all: done - begun };
      return { times, version: String(version) };
    } catch (error) {
      if (!(error instanceof WorkerError)) throw error;
      failure = error;
    } finally {
      await pipe.close();
    }
  }
  throw failure;
}
