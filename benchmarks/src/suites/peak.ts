import type { Contender } from "../interleave.ts";
import { WorkerError } from "../json-pipe.ts";
import { modelNames, type ModelName } from "../models.ts";
import { buildRow, type Measured, type Row } from "../rows.ts";

/** Ours may take so many times what the peer takes. */
const bar = 1.3;
const limitSeconds = 600;

/** The largest resident set of a process that trains one model. */
export interface PeakRow extends Row {
  readonly steps: number;
  readonly bar: number;
  /** Whether the ratio to every peer keeps to the bar; null without peers. */
  readonly ok: boolean | null;
}

/** A contestant that can be ended. */
interface Closable extends Contender {
  close(): Promise<void>;
}

/** Trains each model in a process of its own, by everybody. Throws WorkerError when ours fails. */
export async function runPeak(only: string | null, steps: number, start: () => { ours: Closable; peers: readonly Closable[] }): Promise<PeakRow[]> {
  const rows: PeakRow[] = [];
  for (const model of modelNames.filter((name) => name.includes(only?.toLowerCase() ?? ""))) {
    const { ours, peers } = start();
    const own = await peakOf(ours, model, steps);
    const measured = new Map<string, Measured>();
    for (const peer of peers) measured.set(peer.name, await peakOf(peer, model, steps).then((megabytes) => [megabytes], asReason));
    rows.push(peakRow(model, steps, own, measured));
  }
  return rows;
}

/** A row and whether it keeps to the bar. */
export function peakRow(model: ModelName, steps: number, ours: number, peers: ReadonlyMap<string, Measured>): PeakRow {
  const row = buildRow({ name: model, unit: "MB", better: "lower" }, [ours], peers);
  const ratios = Object.values(row.ratio).filter((ratio) => ratio !== null);
  return { ...row, steps, bar, ok: ratios.length === 0 ? null : ratios.every((ratio) => ratio <= bar) };
}

async function peakOf(contestant: Closable, model: ModelName, steps: number): Promise<number> {
  try {
    const { megabytes } = await contestant.ask({ task: "peak", model, steps }, limitSeconds);
    if (megabytes === undefined) throw new WorkerError("its answer has no megabytes");
    return megabytes;
  } finally {
    await contestant.close();
  }
}

function asReason(error: unknown): { reason: string } {
  if (error instanceof WorkerError) return { reason: error.message };
  throw error;
}
