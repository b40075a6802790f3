// A thread of the limits' measurement: makes its probe ready, waits for the others, runs, and says how long it took.
import { parentPort, workerData } from "node:worker_threads";
import { prepareProbe, type Probe } from "./probes.ts";

/** What a thread is given. */
export interface ProbeThreadData {
  readonly module: WebAssembly.Module;
  readonly probe: Probe;
  readonly threads: number;
  /** How many threads have arrived at the start of a round, counted over all rounds. */
  readonly arrived: Int32Array<SharedArrayBuffer>;
  readonly warmUpSeconds: number;
  readonly roundSeconds: number;
  readonly rounds: number;
}

/** What it answers: the amount of work in each round, and when the round began and ended by the process's clock. */
export interface ProbeRound {
  readonly amount: number;
  readonly start: number;
  readonly end: number;
}

const { module, probe, threads, arrived, warmUpSeconds, roundSeconds, rounds }: ProbeThreadData = workerData;
const { amount, run } = prepareProbe(module, probe);

// Many short calls rather than one long one: V8 moves to its faster code between calls.
let calls = 0;
const warm = performance.now();
do {
  run();
  calls++;
} while (performance.now() - warm < 1000 * warmUpSeconds);
const perRound = Math.max(1, Math.round((calls * roundSeconds) / ((performance.now() - warm) / 1000)));

const measured: ProbeRound[] = [];
for (let round = 1; round <= rounds; round++) {
  Atomics.add(arrived, 0, 1);
  waitForOthers(round * threads);
  const start = performance.timeOrigin + performance.now();
  for (let call = 0; call < perRound; call++) run();
  measured.push({ amount: perRound * amount, start, end: performance.timeOrigin + performance.now() });
}
parentPort?.postMessage(measured);

/** Spins for a moment, so that all start at once; then sleeps, so that a busy machine's other thread gets its turn. */
function waitForOthers(expected: number): void {
  const patience = performance.now() + 0.2;
  for (let seen = Atomics.load(arrived, 0); seen < expected; seen = Atomics.load(arrived, 0)) {
    if (performance.now() > patience) Atomics.wait(arrived, 0, seen, 1);
  }
}
