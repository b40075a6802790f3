/** What a thread measures: a loop of assembly/limits.ts, once. Runs on the main thread of a test as well as in a worker. */

export const probeKinds = ["multiplyAdd", "read", "triad", "copy"] as const;
export type ProbeKind = (typeof probeKinds)[number];

/** A probe for one thread. */
export interface Probe {
  readonly kind: ProbeKind;
  /** Length of each of the thread's arrays, for the loops that have some; a multiple of 128. */
  readonly arrayBytes: number;
}

/** How much of what a probe counts one call does: operations or bytes. */
export interface PreparedProbe {
  readonly amount: number;
  run(): void;
}

const rounds = 20_000;
const operationsPerRound = 104;
/** The first page is left to the module. */
const pageBytes = 65536;
/** Arrays that each loop goes through. */
const arrayCounts: Readonly<Record<ProbeKind, number>> = { multiplyAdd: 0, read: 1, copy: 2, triad: 3 };

/** Makes a probe ready to run, in an instance and a memory of its own. */
export function prepareProbe(module: WebAssembly.Module, { kind, arrayBytes }: Probe): PreparedProbe {
  const count = arrayCounts[kind];
  const pages = 1 + Math.ceil((count * arrayBytes) / pageBytes);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  // Written once, so that every page is there.
  new Uint8Array(memory.buffer).fill(0);
  const loop = exportedFunction(new WebAssembly.Instance(module, { env: { memory } }).exports, kind);
  if (kind === "multiplyAdd") return { amount: rounds * operationsPerRound, run: () => loop(rounds, 0.5) };
  const pointers = Array.from({ length: count }, (_, i) => pageBytes + i * arrayBytes);
  return { amount: count * arrayBytes, run: () => loop(...pointers, arrayBytes) };
}

function exportedFunction(exports: object, name: string): (...args: number[]) => void {
  const found: unknown = Object.entries(exports).find(([key]) => key === name)?.[1];
  if (typeof found !== "function") throw new TypeError(`the module exports no function ${name}`);
  return (...args) => void found(...args);
}
