import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "@tapegrad/tensor";
import { notify, type FetchEvents } from "./fetch-events.ts";
import { factOf } from "./file-error.ts";

/** A place that a data set can be had from. */
export interface Source {
  readonly name: string;
  /** Puts the finished files into `folder`, where it may also work. */
  fetch(folder: string, events: FetchEvents): Promise<void>;
}

interface Unavailable {
  readonly op: string;
  /** First half of the error's code. */
  readonly area: string;
  readonly what: string;
  readonly hint: string;
}

// No other source would help against these.
const finalKinds: readonly string[] = ["aborted", "disk-full", "permission"];

/**
 * Fetches from the first source that can give the data; the others are passed over with a notice.
 *
 * Throws    DataError `AREA/unavailable`, with what each source said; `X/aborted`, `X/disk-full`, `X/permission` at once
 */
export async function fetchFromFirst(
  sources: readonly Source[],
  folder: string,
  events: FetchEvents,
  { op, area, what, hint }: Unavailable,
): Promise<void> {
  const reasons: string[] = [];
  for (const [index, source] of sources.entries()) {
    try {
      return await source.fetch(folder, events);
    } catch (error) {
      if (!(error instanceof DataError) || finalKinds.some((kind) => error.code.endsWith(`/${kind}`))) throw error;
      await empty(folder);
      const reason = factOf(error);
      reasons.push(`${source.name}: ${reason}`);
      const next = sources[index + 1];
      if (next !== undefined) notify(events, `${op}: ${source.name}: ${reason}; trying ${next.name}`);
    }
  }
  throw new DataError({ op, fact: `${what} could not be had from any source`, code: `${area}/unavailable`, details: reasons, hint });
}

async function empty(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true });
}
