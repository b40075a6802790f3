import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";

const suiteNames = ["train", "overhead", "memory"] as const;
type SuiteName = (typeof suiteNames)[number];

export const peerNames = ["torch", "jax-js", "tfjs", "tfjs-wasm"] as const;
export type PeerName = (typeof peerNames)[number];

/** What the command line asked for. */
export interface BenchmarkArguments {
  readonly suite: SuiteName;
  /** File for the report; none unless told. */
  readonly json: string | null;
  readonly threads: number;
  readonly peers: readonly PeerName[];
  /** Measurements of each contestant, taken in turn. */
  readonly rounds: number;
  /** Steps of each loop of the memory suite. */
  readonly steps: number;
  /** One round of a few steps, without peers: shows that the suite works, measures nothing. */
  readonly quick: boolean;
}

/** A command line that cannot be followed. */
export class ArgumentError extends Error {
  override readonly name = "ArgumentError";
}

export const usage = `usage: npm run bench -- --suite ${suiteNames.join("|")} [options]
  --json FILE      write the report
  --threads N      threads of ours and of the peers (${availableParallelism()})
  --peers A,B      of ${peerNames.join(", ")}; "none" for none (all)
  --rounds N       measurements of each, interleaved; medians are reported (7)
  --steps N        suite memory: steps of each loop (20000)
  --quick          one tiny round without peers`;

/** Reads the command line. Throws ArgumentError. */
export function parseArguments(argv: readonly string[]): BenchmarkArguments {
  const values = readOptions(argv);
  if (values.suite === undefined) throw new ArgumentError(`--suite is missing; there are ${suiteNames.join(", ")}`);
  const quick = values.quick ?? false;
  return {
    suite: oneOf("--suite", values.suite, suiteNames),
    json: values.json ?? null,
    threads: positiveInteger("--threads", values.threads ?? String(availableParallelism())),
    peers: quick ? [] : peerList(values.peers),
    rounds: quick ? 1 : positiveInteger("--rounds", values.rounds ?? "7"),
    steps: positiveInteger("--steps", values.steps ?? (quick ? "20" : "20000")),
    quick,
  };
}

function readOptions(argv: readonly string[]) {
  const text = { type: "string" } as const;
  try {
    return parseArgs({
      args: [...argv],
      options: { suite: text, json: text, threads: text, peers: text, rounds: text, steps: text, quick: { type: "boolean" } },
    }).values;
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
