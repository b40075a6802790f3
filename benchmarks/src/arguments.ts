import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";

export const suiteNames = ["train", "ops", "overhead", "memory", "peak", "startup", "scale"] as const;
type SuiteName = (typeof suiteNames)[number];

export const peerNames = ["torch", "jax-js", "tfjs", "tfjs-wasm"] as const;
export type PeerName = (typeof peerNames)[number];

/** What the command line asked for. */
export interface BenchmarkArguments {
  readonly suite: SuiteName;
  /** File for the report; none unless told. */
  readonly json: string | null;
  readonly threads: number;
  /** Whether ours may use a BLAS of the system, where there is one. */
  readonly blas: boolean;
  readonly peers: readonly PeerName[];
  /** Measurements of each contestant, taken in turn. */
  readonly rounds: number;
  /** Steps of each loop of the memory suite, or of each model of the peak suite. */
  readonly steps: number;
  /** Only tasks whose names contain this, whatever the case; all unless told. */
  readonly only: string | null;
  /** One round of a few steps, without peers: shows that the suite works, measures nothing. */
  readonly quick: boolean;
}

/** What the command line asked for, where it wants a page made of reports. */
export interface ReportArguments {
  readonly files: readonly string[];
  /** Folder of the page; the repository's docs unless told. */
  readonly docs: string | null;
}

/** A command line that cannot be followed. */
export class ArgumentError extends Error {
  override readonly name = "ArgumentError";
}

export const usage = `usage: npm run bench -- --suite ${suiteNames.join("|")} [options]
  --json FILE      write the report
  --threads N      threads of ours and of the peers (${availableParallelism()})
  --blas on|off    off: ours leaves a BLAS of the system alone (on)
  --peers A,B      of ${peerNames.join(", ")}; "none" for none (all)
  --rounds N       measurements of each, interleaved; medians are reported (7)
  --only TEXT      only tasks whose names contain the text
  --steps N        suite memory: steps of each loop (20000); suite peak: steps of each model (100)
  --quick          one tiny round without peers
or: npm run bench -- --report FILE [FILE...]
  makes docs/performance.md and its plots of the reports
  --docs FOLDER    where the page goes`;

/** Reads the command line of a measurement. Throws ArgumentError. */
export function parseArguments(argv: readonly string[]): BenchmarkArguments {
  const { values, positionals } = readOptions(argv);
  const [stray] = positionals;
  if (stray !== undefined) throw new ArgumentError(`${stray} belongs to no option`);
  if (values.docs !== undefined) throw new ArgumentError("--docs belongs to --report");
  if (values.suite === undefined) throw new ArgumentError(`--suite is missing; there are ${suiteNames.join(", ")}`);
  const suite = oneOf("--suite", values.suite, suiteNames);
  const quick = values.quick ?? false;
  const isWhole = suite === "memory" || suite === "startup";
  if (isWhole && values.only !== undefined) throw new ArgumentError(`--only does not go with ${suite}, whose rows belong together`);
  return {
    suite,
    json: values.json ?? null,
    threads: positiveInteger("--threads", values.threads ?? String(availableParallelism())),
    blas: oneOf("--blas", values.blas ?? "on", ["on", "off"]) === "on",
    peers: quick ? [] : peerList(values.peers),
    rounds: quick ? 1 : positiveInteger("--rounds", values.rounds ?? "7"),
    steps: positiveInteger("--steps", values.steps ?? usualSteps(suite, quick)),
    only: values.only ?? null,
    quick,
  };
}

/** Reads the command line of a page made of reports; null if it asks for something else. Throws ArgumentError. */
export function parseReportArguments(argv: readonly string[]): ReportArguments | null {
  const { values: { report = false, docs = null, ...others }, positionals } = readOptions(argv);
  if (!report) return null;
  const [other] = Object.keys(others);
  if (other !== undefined) throw new ArgumentError(`--report and --${other} do not go together`);
  if (positionals.length === 0) throw new ArgumentError("--report needs the files of --json");
  return { files: positionals, docs };
}

function usualSteps(suite: SuiteName, quick: boolean): string {
  if (suite === "peak") return quick ? "2" : "100";
  return quick ? "20" : "20000";
}

function readOptions(argv: readonly string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        suite: text, json: text, threads: text, blas: text, peers: text, rounds: text, only: text, steps: text, docs: text,
        quick: flag, report: flag,
      },
    });
  } catch (error) {
    throw new ArgumentError(error instanceof Error ? error.message : String(error));
  }
}

function peerList(value: string | undefined): PeerName[] {
  if (value === undefined) return [...peerNames];
  if (value === "none") return [];
  return value.split(",").map((name) => oneOf("--peers", name, peerNames));
}

function oneOf<Name extends string>(option: string, value: string, names: readonly Name[]): Name {
  const found = names.find((name) => name === value);
  if (found === undefined) throw new ArgumentError(`${option} ${value} is unknown; there are ${names.join(", ")}`);
  return found;
}

/** A positive integer written in decimal digits. Throws ArgumentError. */
export function positiveInteger(option: string, value: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < 1) throw new ArgumentError(`${option} ${value} must be an integer, 1 or more`);
  return number;
}
