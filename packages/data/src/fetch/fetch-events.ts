import { DataError } from "@tapegrad/tensor";

/** The global `AbortSignal` of whichever library declares it, Node's types or the browser's; without one there is no signal to be passed. */
type Signal = typeof globalThis extends { AbortSignal: { prototype: infer Declared } } ? Declared : never;

/** How far the fetching of a data set has come. */
export interface FetchProgress {
  /** What is being done, in words: "downloading cifar-10-binary.tar.gz". */
  readonly step: string;
  readonly doneBytes: number;
  /** `undefined` while nobody knows. */
  readonly totalBytes: number | undefined;
}

/** What a caller can listen to, and how it can stop the work, while a data set is fetched. */
export interface FetchEvents {
  readonly onProgress?: ((progress: FetchProgress) => void) | undefined;
  /** Told in a sentence when a source is passed over or data is not what was expected. Default: `console.warn`. */
  readonly onNotice?: ((notice: string) => void) | undefined;
  readonly signal?: Signal | undefined;
}

export function notify(events: FetchEvents, notice: string): void {
  if (events.onNotice === undefined) console.warn(notice);
  else events.onNotice(notice);
}

/** The error of work between two files that its signal stopped. */
export function stopped(op: string, step: string, signal: Signal): DataError {
  return new DataError({ op, fact: `${step} was stopped`, code: "cache/aborted", cause: signal.reason });
}
