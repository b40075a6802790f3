/**
 * JavaScript's garbage collector, made to work inside a synchronous loop.
 *
 * A `WeakRef` that was made or read keeps its target alive until the running job ends, and a loop that never awaits is one
 * single job. But V8 also lets go of these targets whenever a microtask queue is emptied, and a context with a queue of its
 * own (`microtaskMode: "afterEvaluate"`) empties that after every script.
 */
export interface Collector {
  /** Lets go of the targets of weak references that the running job has made or read. Some 30 microseconds. */
  forgetReads(): void;
  /** A full collection: milliseconds, in proportion to what is alive. */
  collect(): void;
}

let collector: Collector | null | undefined;

/** The engine's collector; null where the engine does not hand it out. Made when first needed. */
export function engineCollector(): Collector | null {
  if (collector === undefined) collector = createCollector();
  return collector;
}

/** Bun's is JavaScriptCore's, which keeps nothing alive for having been read. */
interface BunGlobal {
  readonly Bun?: { gc(isSynchronous: boolean): void };
}

function createCollector(): Collector | null {
  const { Bun } = globalThis as BunGlobal;
  if (Bun !== undefined) return { forgetReads: () => undefined, collect: () => Bun.gc(true) };
  const collect = findCollect();
  if (collect === null) return null;
  const { createContext, Script } = process.getBuiltinModule("node:vm");
  const turn = createContext({}, { microtaskMode: "afterEvaluate" });
  const nothing = new Script("0");
  return { forgetReads: () => void nothing.runInContext(turn), collect };
}

/** Flags belong to the process: another thread that looks for its collector may put this one's down before its use. */
const attempts = 20;

function findCollect(): (() => void) | null {
  const { gc } = globalThis;
  if (gc !== undefined) return () => void gc();
  const { setFlagsFromString } = process.getBuiltinModule("node:v8");
  const { runInNewContext } = process.getBuiltinModule("node:vm");
  for (let i = 0; i < attempts; i++) {
    setFlagsFromString("--expose-gc");
    const collect: unknown = runInNewContext("globalThis.gc");
    setFlagsFromString("--no-expose-gc");
    if (typeof collect === "function") return () => void collect();
  }
  return null;
}
