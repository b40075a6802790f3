import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { rounded } from "../statistics.ts";
import { compileLimits } from "./compile.ts";
import type { ProbeRound, ProbeThreadData } from "./probe-thread.ts";
import type { Probe, ProbeKind } from "./probes.ts";

/** Bytes per second of the three loops over memory, in GB/s, with arrays of a certain length. */
export interface Bandwidth {
  /** Length of one array, all threads together. */
  readonly arrayMegabytes: number;
  readonly read: number;
  readonly triad: number;
  readonly copy: number;
}

/** What this machine can do at most, measured by assembly/limits.ts. */
export interface Limits {
  readonly threads: number;
  /** GFLOP/s of 128-bit multiplications and additions in registers, fused where the kernels' are, for one thread, two, ... */
  readonly gigaflopsPerSecond: readonly number[];
  /** With all threads: for arrays that a cache holds, and for large ones. */
  readonly bandwidth: readonly Bandwidth[];
}

/** How long to measure. */
export interface LimitEffort {
  readonly warmUpSeconds: number;
  readonly roundSeconds: number;
  readonly rounds: number;
}

/** Many rounds, each shorter than the time that a system gives a program at a stretch: on a busy machine some of them are left alone. */
export const fullLimitEffort: LimitEffort = { warmUpSeconds: 0.3, roundSeconds: 0.002, rounds: 60 };
export const quickLimitEffort: LimitEffort = { warmUpSeconds: 0.02, roundSeconds: 0.005, rounds: 1 };

/** The lengths that the elementwise cases have: 64 k floats and 4 M floats. */
const arrayLengths = [2 ** 18, 2 ** 24];

/** Measures the limits. What counts is the best round: a limit is what is possible. */
export async function measureLimits(threads: number, effort: LimitEffort): Promise<Limits> {
  const module = await compileLimits();
  const gigaflopsPerSecond: number[] = [];
  for (let count = 1; count <= threads; count++) {
    gigaflopsPerSecond.push(await bestRate(module, { kind: "multiplyAdd", arrayBytes: 0 }, count, effort));
  }
  const bandwidth: Bandwidth[] = [];
  for (const length of arrayLengths) {
    const arrayBytes = Math.max(128, Math.floor(length / threads / 128) * 128);
    const rate = (kind: ProbeKind): Promise<number> => bestRate(module, { kind, arrayBytes }, threads, effort);
    bandwidth.push({ arrayMegabytes: length / 2 ** 20, read: await rate("read"), triad: await rate("triad"), copy: await rate("copy") });
  }
  return { threads, gigaflopsPerSecond, bandwidth };
}

/** The better of two measurements, figure by figure: one before the cases and one after them. */
export function betterLimits(before: Limits, after: Limits): Limits {
  const best = (a: number, b: number | undefined): number => Math.max(a, b ?? 0);
  return {
    threads: before.threads,
    gigaflopsPerSecond: before.gigaflopsPerSecond.map((rate, i) => best(rate, after.gigaflopsPerSecond[i])),
    bandwidth: before.bandwidth.map(({ arrayMegabytes, read, triad, copy }, i) => {
      const other = after.bandwidth[i];
      return { arrayMegabytes, read: best(read, other?.read), triad: best(triad, other?.triad), copy: best(copy, other?.copy) };
    }),
  };
}

/** Billions per second, of operations or bytes, by so many threads at once. */
async function bestRate(module: WebAssembly.Module, probe: Probe, threads: number, effort: LimitEffort): Promise<number> {
  const arrived = new Int32Array(new SharedArrayBuffer(4));
  const workerData: ProbeThreadData = { module, probe, threads, arrived, ...effort };
  const all = await Promise.all(
    Array.from({ length: threads }, async () => {
      const [measured] = await once(new Worker(new URL("./probe-thread.js", import.meta.url), { workerData }), "message");
      return measured as ProbeRound[];
    }),
  );
  return rounded(Math.max(...Array.from({ length: effort.rounds }, (_, round) => rateOfRound(all.flatMap((rounds) => rounds[round] ?? [])))) / 1e9);
}

/** Work of all threads over the time from the first one's start to the last one's end. */
function rateOfRound(rounds: readonly ProbeRound[]): number {
  const amount = rounds.reduce((sum, round) => sum + round.amount, 0);
  const milliseconds = Math.max(...rounds.map(({ end }) => end)) - Math.min(...rounds.map(({ start }) => start));
  return (1000 * amount) / milliseconds;
}
