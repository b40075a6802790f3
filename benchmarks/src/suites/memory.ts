import { fileURLToPath } from "node:url";
import { ownEnvironment, type OwnOptions } from "../contestant.ts";
import { JsonPipe, WorkerError } from "../json-pipe.ts";
import { median, rounded } from "../statistics.ts";
import { formatTable } from "../table.ts";

/** The same loop three times: nothing freed by hand, `scope` around every step, `for await` over a DataLoader. */
const loopModes = ["plain", "scope", "loader"] as const;
export type LoopMode = (typeof loopModes)[number];

const heapMegabytes = 256;
const blocks = 40;
const limitSeconds = 600;

/** A block of steps: where it ended, how long it took, what the process then occupied. */
export interface Sample {
  readonly step: number;
  readonly seconds: number;
  readonly residentMegabytes: number;
}

/** One loop's line in the report. */
export interface MemoryRow {
  readonly name: LoopMode;
  readonly unit: "ms/step";
  readonly better: "lower";
  /** Median over the blocks. */
  readonly ours: number;
  readonly ratioToScope: number;
  readonly heapMegabytes: number;
  readonly residentMegabytes: {
    readonly peak: number;
    /** Median of the third quarter of the loop, and of the fourth: equal if the level holds. */
    readonly thirdQuarter: number;
    readonly fourthQuarter: number;
  };
  readonly samples: readonly Sample[];
}

/** Runs the three loops side by side, block by block in turn, each in a process of its own. Throws WorkerError when one fails. */
export async function runMemory(steps: number, { threads, blas }: OwnOptions): Promise<MemoryRow[]> {
  const block = Math.ceil(steps / blocks);
  const program = fileURLToPath(new URL("../workers/memory-loop.js", import.meta.url));
  const loops = loopModes.map((mode) => {
    const options = { steps, block, mode, threads, budget: heapMegabytes };
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
    return { mode, pipe: new JsonPipe({ file: process.execPath, args: [program, "--paced", ...args], env: ownEnvironment(blas) }), samples: new Array<Sample>() };
  });
  try {
    for (let done = 0; done < steps; done += block) {
      for (const { pipe, samples } of loops) {
        pipe.send({ task: "block" });
        samples.push(readSample(await pipe.receive(limitSeconds)));
      }
    }
  } finally {
    await Promise.all(loops.map(({ pipe }) => pipe.close()));
  }
  return memoryRows(new Map(loops.map(({ mode, samples }) => [mode, samples])));
}

/** Sums up the samples of the loops. */
export function memoryRows(samplesByMode: ReadonlyMap<LoopMode, readonly Sample[]>): MemoryRow[] {
  const rows = [...samplesByMode].map(([name, samples]) => ({ name, samples, each: millisecondsPerStep(samples) }));
  const scoped = rows.find(({ name }) => name === "scope")?.each ?? NaN;
  return rows.map(({ name, samples, each }) => {
    const resident = samples.map(({ residentMegabytes }) => residentMegabytes);
    const quarter = Math.max(1, Math.floor(resident.length / 4));
    return {
      name,
      unit: "ms/step",
      better: "lower",
      ours: rounded(each),
      ratioToScope: rounded(each / scoped),
      heapMegabytes,
      residentMegabytes: {
        peak: rounded(Math.max(...resident)),
        thirdQuarter: rounded(median(resident.slice(-2 * quarter, resident.length > 1 ? -quarter : undefined))),
        fourthQuarter: rounded(median(resident.slice(-quarter))),
      },
      samples,
    };
  });
}

/** The rows as a table for the terminal. */
export function formatMemoryRows(rows: readonly MemoryRow[]): string {
  const header = ["LeNet loop", "ms/step", "to scope", "MB at most", "MB in 3rd quarter", "MB in 4th"];
  const lines = rows.map(({ name, ours, ratioToScope, residentMegabytes: { peak, thirdQuarter, fourthQuarter } }) =>
    [name, ...[ours, ratioToScope, peak, thirdQuarter, fourthQuarter].map(String)]);
  return formatTable([header, ...lines]);
}

function millisecondsPerStep(samples: readonly Sample[]): number {
  return median(samples.map(({ step, seconds }, i) => (1000 * seconds) / (step - (samples[i - 1]?.step ?? 0))));
}

function readSample({ step, seconds, residentMegabytes }: Readonly<Record<string, unknown>>): Sample {
  if (typeof step === "number" && typeof seconds === "number" && typeof residentMegabytes === "number") {
    return { step, seconds: Number(seconds.toFixed(4)), residentMegabytes: rounded(residentMegabytes) };
  }
  throw new WorkerError("a sample lacks step, seconds or residentMegabytes");
}
