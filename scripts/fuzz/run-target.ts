import { TapegradError } from "tapegrad";
import { inputOf } from "./mutate.ts";
import type { FuzzTarget } from "./target.ts";

export interface FuzzOptions {
  readonly runs: number;
  readonly seed: number;
  /** The first input's number; another one's than 0 makes that one again. */
  readonly from?: number;
  readonly onProgress?: (report: FuzzReport) => void;
}

export interface FuzzReport {
  readonly target: string;
  readonly runs: number;
  readonly loaded: number;
  /** How often each error code. */
  readonly refused: Readonly<Record<string, number>>;
  readonly slowestMs: number;
  readonly longestMessage: number;
  /** The most that the process's memory was above what it was after the first inputs. */
  readonly memoryBytes: number;
  readonly seconds: number;
}

/** Inputs are of some kilobytes: none needs more. */
const mostMs = 5000;
const mostMessage = 8000;
const mostMemoryBytes = 128 << 20;
const memoryEvery = 2000;

/** Not by the clock: on a machine with much to do, it says little. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** What a terminal must not see; messages have new lines, but only before their own indented lines. */
const forbidden = /[\p{C}\p{Zl}\p{Zp}]/u;

/** Why an error is no proper refusal, or null. */
export function faultOf(error: unknown): string | null {
  if (!(error instanceof TapegradError)) return `an error that is none of ours: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  const [first = "", ...rest] = error.message.split("\n");
  if (error.message.length > mostMessage) return `a message of ${error.message.length} characters`;
  if ([first, ...rest].some((line) => forbidden.test(line))) return `a control character in ${JSON.stringify(error.message)}`;
  if (rest.some((line) => !line.startsWith("  ")) || rest.at(-1) !== `  code: ${error.code}`) return `a forged line in ${JSON.stringify(error.message)}`;
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) if (forbidden.test(cause.message)) return `a control character in the cause ${JSON.stringify(cause.message)}`;
  return null;
}

/** Gives a parser generated inputs; throws at the first that is neither loaded rightly nor refused properly. */
export async function runTarget(target: FuzzTarget, { runs, seed, from = 0, onProgress }: FuzzOptions): Promise<FuzzReport> {
  const refused: Record<string, number> = {};
  const start = performance.now();
  const warm = Math.min(20_000, Math.floor(runs / 4));
  let loaded = 0;
  let slowestMs = 0;
  let longestMessage = 0;
  let baseline = Infinity;
  let memoryBytes = 0;
  const report = (done: number): FuzzReport => ({ target: target.name, runs: done, loaded, refused, slowestMs, longestMessage, memoryBytes, seconds: (performance.now() - start) / 1000 });
  for (let i = 0; i < runs; i++) {
    const index = from + i;
    const fail = (what: string): never => {
      throw new Error(`${target.name}, input ${index} of seed ${seed}: ${what}\n  once more: npm run fuzz -- ${target.name} --seed ${seed} --from ${index} --runs 1`);
    };
    const { bytes, isValid } = inputOf(target, seed, index);
    const began = processorMs();
    try {
      const result = target.parse(bytes);
      if (result instanceof Promise) await result;
      loaded++;
    } catch (error) {
      const fault = faultOf(error);
      if (fault !== null) fail(fault);
      if (isValid) fail(`a valid file is refused: ${String(error)}`);
      const { code, message } = error as TapegradError;
      refused[code] = (refused[code] ?? 0) + 1;
      longestMessage = Math.max(longestMessage, message.length);
    }
    const tookMs = processorMs() - began;
    slowestMs = Math.max(slowestMs, tookMs);
    if (tookMs > mostMs) fail(`took ${tookMs.toFixed(0)} ms of processor time`);
    if (i % memoryEvery !== 0 || i < warm) continue;
    const { rss } = process.memoryUsage();
    baseline = Math.min(baseline, rss);
    memoryBytes = Math.max(memoryBytes, rss - baseline);
    if (memoryBytes > mostMemoryBytes) fail(`the process takes ${memoryBytes} bytes more than after the first inputs`);
    onProgress?.(report(i + 1));
  }
  return report(runs);
}
