import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { checkOptions, DataError, optionRules, type ErrorParts, type OptionRule, type OptionRules } from "@tapegrad/tensor";
import { cacheFolder } from "./cache-folder.ts";
import { lockGone, removeLeftLock, tryLock } from "./cache-lock.ts";
import { notify, stopped, type FetchEvents } from "./fetch-events.ts";
import { factOf, fileError } from "./file-error.ts";
import { fetchFromFirst, type Source } from "./first-source.ts";
import { buildFolder, removeLeftWork } from "./work-folder.ts";

/** How a data set is found, or fetched. */
export interface LoadOptions extends FetchEvents {
  /**
   * A folder that holds the data. If they are not there, an error, unless `download` is true: then they are fetched
   * into it.
   */
  readonly root?: string | undefined;
  /** The training half (default) or the test half. */
  readonly train?: boolean | undefined;
  /** Whether data may be fetched. Default: true without a `root`, false with one. */
  readonly download?: boolean | undefined;
  /** Where fetched data are kept. Default: `root`, else the folder `TAPEGRAD_DATA`, else the user's cache folder. */
  readonly cacheDir?: string | undefined;
  /**
   * Whether data in `root` must be the official ones, checksum by checksum; true unless told. With `false` others of the
   * same form are used, with a notice.
   */
  readonly verify?: boolean | undefined;
}

const text: OptionRule = { must: "a text", accepts: (value) => typeof value === "string" };

const optionsOfLoad: OptionRules<LoadOptions & { readonly transform?: unknown }> = {
  root: text,
  train: optionRules.boolean,
  download: optionRules.boolean,
  cacheDir: text,
  verify: optionRules.boolean,
  onProgress: optionRules.callable,
  onNotice: optionRules.callable,
  signal: { must: "an AbortSignal", accepts: (value) => value instanceof AbortSignal },
  transform: optionRules.callable,
};

/** Which data are taken. */
export interface DataRules {
  /** Only the official ones, to the byte. */
  readonly verify: boolean;
  /** Given what an error would say about a file whose content is not the official one: throws it, or lets the file pass. */
  onUnofficial(parts: ErrorParts): void;
}

/** What is particular to one data set. */
interface DataSetPlan<Found, Content> {
  /** What errors say was being done: "CIFAR10.load". */
  readonly op: string;
  /** First half of the errors' codes. */
  readonly area: string;
  readonly name: string;
  /** Its folder in the cache. */
  readonly folder: string;
  /** The places under a root that `find` looks at, for the message that says nothing was there. */
  readonly places: readonly string[];
  find(root: string): Promise<Found | undefined>;
  /** Reads and checks one half. */
  read(found: Found, train: boolean, rules: DataRules): Promise<Content>;
  /** Best first. What they leave in `work` a later run can use. */
  sources(work: string): readonly Source[];
}

/**
 * Reads data from `root`; without one from the cache folder, and fetches them into it if they are not there or damaged.
 *
 * Throws    IndexError `AREA/option`, ArgumentError `AREA/unknown-option`; DataError `AREA/missing`, `AREA/unavailable`, `cache/...`,
 *           and what `read` and the sources throw
 */
export async function loadData<Found, Content>(plan: DataSetPlan<Found, Content>, options: LoadOptions): Promise<Content> {
  checkOptions<LoadOptions & { readonly transform?: unknown }>(plan.op, options, optionsOfLoad, plan.area);
  const { root, train = true, download = root === undefined } = options;
  if (root !== undefined) {
    const found = await plan.find(root);
    if (found !== undefined) return plan.read(found, train, rulesFor(plan.op, options));
    if (!download) throw nothingThere(plan, root, "leave root out to use the cache folder, or set download: true");
  }
  const cacheDir = resolve(options.cacheDir ?? root ?? cacheFolder());
  const target = join(cacheDir, plan.folder);
  const cached = await readCached(plan, target, train);
  if ("content" in cached) {
    await tidy(cacheDir, plan.folder);
    return cached.content;
  }
  if (!download) throw cached.damage ?? nothingThere(plan, cacheDir, "set download: true to have it fetched");
  return fetchInTurn(plan, cacheDir, options);
}

/** The rules for what is fetched. */
export const officialOnly: DataRules = {
  verify: true,
  onUnofficial(parts) {
    throw new DataError(parts);
  },
};

/** The rules for data that the user put there. */
function rulesFor(op: string, options: LoadOptions): DataRules {
  if (options.verify ?? true)
    return {
      verify: true,
      onUnofficial(parts) {
        throw new DataError({ ...parts, hint: "to use it as it is, set verify: false" });
      },
    };
  return { verify: false, onUnofficial: ({ fact }) => notify(options, `${op}: ${fact}; using it as it is`) };
}

/** What is in the cache; or that it is damaged; or that nothing is there. */
async function readCached<Found, Content>(
  plan: DataSetPlan<Found, Content>,
  target: string,
  train: boolean,
): Promise<{ readonly content: Content } | { readonly damage: DataError | undefined }> {
  const found = await plan.find(target);
  if (found === undefined) return { damage: undefined };
  try {
    return { content: await plan.read(found, train, officialOnly) };
  } catch (error) {
    if (error instanceof DataError && isDamage(error)) return { damage: error };
    throw error;
  }
}

/**
 * Whether the content is wrong, so that fetching it again is the remedy. A file that could not be read (no permission, too
 * many files open, a failing disk) may be as sound as ever.
 */
function isDamage({ code }: DataError): boolean {
  return /\/(md5|size|truncated|missing|label|shape|count|magic|damaged)$/.test(code);
}

/** A process that was killed when it had just finished left what no later one takes over. */
async function tidy(cacheDir: string, folder: string): Promise<void> {
  try {
    await removeLeftWork(join(cacheDir, folder));
    await removeLeftLock(lockPath(cacheDir, folder));
  } catch {
    // The cache may be read-only, or another process tidies as well.
  }
}

function lockPath(cacheDir: string, folder: string): string {
  return join(cacheDir, `.${folder}.lock`);
}

/** Fetches, unless another process is at it: then waits, and reads what that one has fetched. */
async function fetchInTurn<Found, Content>(plan: DataSetPlan<Found, Content>, cacheDir: string, options: LoadOptions): Promise<Content> {
  const { op, area, name, folder } = plan;
  const { train = true, signal } = options;
  const target = join(cacheDir, folder);
  const path = lockPath(cacheDir, folder);
  try {
    await mkdir(cacheDir, { recursive: true });
  } catch (error) {
    throw fileError({ op, area: "cache", doing: "making the folder", path: cacheDir }, error);
  }
  for (;;) {
    if (signal?.aborted === true) throw stopped(op, "waiting for another process", signal);
    const lock = await tryLock({ op, path });
    if (lock === undefined) {
      options.onProgress?.({ step: "waiting for another process that fetches the same", doneBytes: 0, totalBytes: undefined });
      await lockGone({ op, path, signal });
    }
    try {
      const cached = await readCached(plan, target, train);
      if ("content" in cached) return cached.content;
      if (lock === undefined) continue;
      if (cached.damage !== undefined) notify(options, `${op}: ${factOf(cached.damage)}; fetching it again`);
      const isSound = async () => "content" in (await readCached(plan, target, train));
      await buildFolder({ op, target, isSound }, ({ work, finished }) =>
        fetchFromFirst(plan.sources(work), finished, options, {
          op,
          area,
          what: name,
          hint: `give a folder that holds it: ${op}({ root })`,
        }),
      );
    } finally {
      await lock?.release();
    }
    const fetched = await readCached(plan, target, train);
    if ("content" in fetched) return fetched.content;
    throw fetched.damage ?? nothingThere(plan, target, "start again");
  }
}

function nothingThere<Found, Content>(plan: DataSetPlan<Found, Content>, root: string, hint: string): DataError {
  return new DataError({
    op: plan.op,
    fact: `no ${plan.name} in ${root}`,
    code: `${plan.area}/missing`,
    details: [`looked for  ${plan.places.join(", ")}`],
    hint,
    data: { root },
  });
}
