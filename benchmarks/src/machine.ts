import { cpus, platform, release, totalmem } from "node:os";

/** Where and with what a report was measured. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGigabytes: number;
  readonly system: string;
  readonly node: string;
  readonly threads: number;
  readonly peers: Readonly<Record<string, string>>;
  readonly date: string;
}

/** Describes this machine. */
export function describeMachine(threads: number, peers: Readonly<Record<string, string>>): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? "unknown",
    cores: processors.length,
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()}`,
    node: process.version,
    threads,
    peers,
    date: new Date().toISOString(),
  };
}
