import { setTimeout as pause } from "node:timers/promises";
import { arch, cpus, platform, totalmem } from "node:os";

/** Where and with what a report was measured. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGigabytes: number;
  readonly system: string;
  readonly node: string;
  readonly threads: number;
  /** Whether ours was allowed to use a BLAS of the system. */
  readonly blas: boolean;
  /** Which kernels ours computed with, in its own words; null if it did not say. */
  readonly kernels: unknown;
  readonly peers: Readonly<Record<string, string>>;
  /** Cores that other programs kept busy, just before the measurement and just after it. */
  readonly busyCores: { readonly before: number; readonly after: number };
  readonly date: string;
}

/** More than this and the figures say little: threads that wait for each other, as OpenMP's do, suffer most. */
const tolerableBusyCores = 0.2;

/** Describes this machine. */
export function describeMachine(known: Pick<Machine, "threads" | "blas" | "kernels" | "peers" | "busyCores">): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? "unknown",
    cores: processors.length,
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${arch()}`,
    node: process.version,
    ...known,
    date: new Date().toISOString(),
  };
}

/** Cores in use over some time in which this program does nothing. */
export async function measureBusyCores(milliseconds = 1000): Promise<number> {
  const before = processorTimes();
  await pause(milliseconds);
  const after = processorTimes();
  const all = after.all - before.all;
  return all === 0 ? 0 : Number((((after.busy - before.busy) / all) * cpus().length).toFixed(2));
}

/** What to say about a machine that was not free; null if it was. */
export function busyWarning({ before, after }: Machine["busyCores"]): string | null {
  if (Math.max(before, after) <= tolerableBusyCores) return null;
  return `warning: other programs kept ${before} cores busy before and ${after} after the measurement; the figures say little, the ratios least of all`;
}

function processorTimes(): { readonly busy: number; readonly all: number } {
  const times = cpus().map((processor) => processor.times);
  const idle = times.reduce((sum, time) => sum + time.idle, 0);
  const all = times.reduce((sum, { user, nice, sys, idle: waiting, irq }) => sum + user + nice + sys + waiting + irq, 0);
  return { busy: all - idle, all };
}
